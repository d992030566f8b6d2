"""The three commands, from a path to an exit status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from stepwell.cli.client import Unreachable
from stepwell.cli.deploy.clients import Clients
from stepwell.cli.deploy.deploying import (
    Options,
    deploy_stacks,
    packaged_stacks,
    show_outcome,
    tell,
)
from stepwell.cli.deploy.packaging import Packaged
from stepwell.cli.deploy.projects import open_project
from stepwell.cli.deploy.sources import BadProject, Project
from stepwell.cli.deploy.stacks import Stacks
from stepwell.cli.deploy.watching import kept, near, snapshot, wait_for_change
from stepwell.errors import StepwellError


def deploy_project(
    clients: Clients,
    path: str,
    stack: str | None,
    parameters: Mapping[str, str],
    options: Options,
) -> bool:
    """Deploy once; whether every stack is as it should be. Raises StepwellError."""
    with plainly_told(clients):
        return _deploy(clients, _opened(clients, path, stack, parameters, tells=True), options)


def watch_project(
    clients: Clients,
    path: str,
    stack: str | None,
    parameters: Mapping[str, str],
    options: Options,
) -> bool:
    """Deploy, and again after each change, until the user has enough."""
    is_first = True
    read: tuple[Path, ...] = ()
    watched = near(Path(path), read)
    while True:
        before = snapshot(watched())
        try:
            with plainly_told(clients):
                packaged = _opened(clients, path, stack, parameters, tells=is_first)
                read = tuple(file for one in packaged for file in one.read)
                # What was saved while it was being read is a change already.
                watched = partial(list, read)
                before = {**snapshot(read), **kept(before, read)}
                _deploy(clients, packaged, options)
        except StepwellError as error:
            if is_first and isinstance(error, Unreachable):
                raise
            click.secho(str(error), fg="red", err=True)
            # Perhaps a file is missing that nobody has named yet.
            watched = near(Path(path), read)
            before = {**snapshot(watched()), **before}
        is_first = False
        click.secho(f"watching {len(before)} files; Ctrl-C ends it", dim=True)
        changed = wait_for_change(watched, before)
        click.echo(f"changed: {', '.join(Path(file).name for file in changed[:5])}")


def _opened(
    clients: Clients,
    path: str,
    stack: str | None,
    parameters: Mapping[str, str],
    *,
    tells: bool,
) -> list[Packaged]:
    """The project's stacks, ready to be sent; with `tells` it is introduced."""
    project = open_project(Path(path), parameters, stack)
    if tells:
        _introduce(project, clients)
    return packaged_stacks(project, clients)


def destroy_project(clients: Clients, path: str, stack: str | None, yes: bool) -> bool:
    """Delete the project's stacks, the last one first; whether all are gone."""
    with plainly_told(clients):
        names = _names(path, stack)
        stacks = Stacks(clients)
        there = [name for name in names if stacks.describe(name) is not None]
        if not there:
            click.echo(f"there is no stack {', '.join(names)}")
            return True
        for name in there:
            held = [one for one in stacks.resources(name) if one.get("PhysicalResourceId")]
            click.secho(f"stack {name}: {len(held)} resources", bold=True)
        if not yes:
            click.confirm("Delete them, with everything in them?", abort=True)
        for name in there:
            outcome = stacks.delete(name, tell)
            if not outcome.succeeded:
                show_outcome(outcome, clients.endpoint)
                return False
            clients.forget(name)
            click.secho(f"stack {name}: deleted", fg="green", bold=True)
        return True


def _names(path: str, stack: str | None) -> list[str]:
    """The stacks of the project, those that need others first."""
    try:
        project = open_project(Path(path), {}, stack)
    except BadProject:
        if stack is None:
            raise
        return [stack]
    return [source.name for source in reversed(project.stacks)]


def _introduce(project: Project, clients: Clients) -> None:
    place = f"{clients.endpoint}, account {clients.account}, {clients.region}"
    click.echo(f"{project.kind}: {project.path} -> {place}")
    for note in project.notes:
        click.secho(note, fg="yellow")


def _deploy(clients: Clients, packaged: list[Packaged], options: Options) -> bool:
    outcomes = deploy_stacks(Stacks(clients), clients, packaged, options)
    return all(outcome.succeeded for _, outcome in outcomes)


@contextmanager
def plainly_told(clients: Clients) -> Iterator[None]:
    """What boto3 raises, as one sentence."""
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except EndpointConnectionError as error:
        raise Unreachable(
            f"Nothing listens at {clients.endpoint}. Start a server with `stepwell start`, or "
            "name yours with --endpoint or STEPWELL_ENDPOINT."
        ) from error
    except ClientError as error:
        said = error.response.get("Error", {})
        raise BadProject(f"{said.get('Code')}: {said.get('Message')}") from error
    except ResponseParserError as error:
        raise BadProject(f"What answers at {clients.endpoint} is no Stepwell server.") from error
    except BotoCoreError as error:
        raise BadProject(str(error)) from error
