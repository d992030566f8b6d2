"""The commands `stepwell deploy`, `stepwell destroy` and `stepwell doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.cli.options import asks_server

if TYPE_CHECKING:
    from stepwell.cli.client import Client
    from stepwell.cli.deploy.clients import Clients

FAILED = 1

_path = click.argument("path", metavar="[PATH]", default=".", type=click.Path())
_stack = click.option("--stack", metavar="NAME", help="Name of the stack, or which one of several.")
_parameters = click.option(
    "--parameter",
    "-p",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of the template.",
)


@click.command()
@_path
@_stack
@_parameters
@click.option("--yes", "-y", is_flag=True, help="Do not ask, even where data is removed.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would change, and stop.")
@click.option("--watch", is_flag=True, help="Deploy again whenever a file changes.")
@asks_server
def deploy(
    client: Client,
    path: str,
    stack: str | None,
    given: tuple[str, ...],
    yes: bool,
    plan_only: bool,
    watch: bool,
) -> None:
    """Deploy what CDK, SAM, the Serverless Framework or you made of a project.

    PATH is a folder (with cdk.out, .serverless, template.yaml or stepwell.toml) or a file (a
    template, a definition). Exits with 1 when a stack could not be deployed.
    """
    from stepwell.cli.deploy.deploying import Options
    from stepwell.cli.deploy.running import deploy_project, watch_project

    options = Options(yes=yes, plan_only=plan_only, may_ask=_person_is_there())
    run = watch_project if watch else deploy_project
    if not run(_clients(client), path, stack, _pairs(given), options):
        raise SystemExit(FAILED)


@click.command()
@_path
@_stack
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@asks_server
def destroy(client: Client, path: str, stack: str | None, yes: bool) -> None:
    """Delete a project's stacks and everything that they made.

    With --stack alone no project is needed: the stack of that name is deleted.
    """
    from stepwell.cli.deploy.running import destroy_project

    if not destroy_project(_clients(client), path, stack, yes or not _person_is_there()):
        raise SystemExit(FAILED)


@click.command()
@_path
@_stack
@_parameters
@click.option("--region", default="us-east-1", show_default=True, help="Where it would run.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"], case_sensitive=False),
    default="text",
    show_default=True,
    help="How to show it.",
)
def doctor(path: str, stack: str | None, given: tuple[str, ...], region: str, shape: str) -> None:
    """Say beforehand what of a project runs here, has no effect, or is refused.

    No server is needed. Exits with 1 when something is refused.
    """
    from stepwell.cli.deploy.doctor import examine, print_examined
    from stepwell.errors import StepwellError

    try:
        examined = examine(path, stack, _pairs(given), region)
    except StepwellError as error:
        raise click.ClickException(str(error)) from error
    print_examined(examined, as_json=shape == "json")
    if any(one.is_refused for one in examined):
        raise SystemExit(FAILED)


def _clients(client: Client) -> Clients:
    from stepwell.cli.deploy.clients import Clients

    return Clients(client.endpoint, client.region, client.credentials)


def _person_is_there() -> bool:
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty()


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--parameter")
        pairs[name] = value
    return pairs
