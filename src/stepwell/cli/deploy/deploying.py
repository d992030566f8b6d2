"""A project deployed, stack by stack: files sent, the plan shown, the events told as they come."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import click

from stepwell.cli.deploy.addresses import local_address
from stepwell.cli.deploy.clients import Clients
from stepwell.cli.deploy.packaging import Packaged, package
from stepwell.cli.deploy.sources import BadProject, Project, StackSource
from stepwell.cli.deploy.stacks import BROKEN, Event, Outcome, Plan, Stacks

HOLDS_DATA = frozenset(
    {
        "AWS::CloudFormation::Stack",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::Events::Archive",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)
"""Types whose removal or replacement costs more than a deployment can bring back."""

_SIGNS = {"Add": ("+", "green"), "Modify": ("~", "yellow"), "Remove": ("-", "red")}
_COLORS = (("FAILED", "red"), ("ROLLBACK", "red"), ("COMPLETE", "green"))


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose."""

    yes: bool = False
    """Do not ask, even where data goes."""
    plan_only: bool = False
    may_ask: bool = True
    """A person sits at the terminal."""


def packaged_stacks(project: Project, clients: Clients) -> list[Packaged]:
    """Every stack with its files under keys of the server's bucket. Raises BadProject."""
    for source in project.stacks:
        _check_place(source, clients)
    return [package(source, clients.bucket) for source in project.stacks]


def _check_place(source: StackSource, clients: Clients) -> None:
    if source.account is not None and source.account != clients.account:
        raise BadProject(
            f"{source.name} is made for the account {source.account}, and your key belongs to "
            f"{clients.account}: set AWS_ACCESS_KEY_ID to the account's number or to a key of it"
        )
    if source.region is not None and source.region != clients.region:
        raise BadProject(f"{source.name} is made for {source.region}: say --region {source.region}")


def deploy_stacks(
    stacks: Stacks, clients: Clients, packaged: Sequence[Packaged], options: Options
) -> list[tuple[str, Outcome]]:
    """Deploy one after the other; the first that fails is the last. Raises BadProject, Abort."""
    outcomes: list[tuple[str, Outcome]] = []
    for one in packaged:
        outcome = _deploy_one(stacks, clients, one, options)
        outcomes.append((one.source.name, outcome))
        if not outcome.succeeded:
            break
    return outcomes


def _deploy_one(stacks: Stacks, clients: Clients, one: Packaged, options: Options) -> Outcome:
    began = time.monotonic()
    name = one.source.name
    found = stacks.settle(name, tell)
    if found is not None and found["StackStatus"] in BROKEN and not options.plan_only:
        click.echo(f"stack {name} is {found['StackStatus']}: it is deleted and made again")
        gone = stacks.delete(name, tell)
        if not gone.succeeded:
            return gone
    clients.send(one.uploads)
    plan = stacks.plan(one, _label(one))
    if plan is None:
        click.echo(f"stack {name}: no changes")
        settled = stacks.describe(name) or {}
        outputs = {out["OutputKey"]: out["OutputValue"] for out in settled.get("Outputs", [])}
        outcome = Outcome("UPDATE_COMPLETE", "", outputs)
    else:
        show_plan(plan)
        if options.plan_only:
            stacks.discard(name, plan.change_set, plan.is_new)
            return Outcome("UPDATE_COMPLETE")
        _ask(stacks, plan, options)
        outcome = _execute(stacks, plan)
        took = time.monotonic() - began
        color = "green" if outcome.succeeded else "red"
        click.secho(f"stack {name}: {outcome.status} in {took:.1f} s", fg=color, bold=True)
    show_outcome(outcome, clients.endpoint)
    return outcome


def _execute(stacks: Stacks, plan: Plan) -> Outcome:
    try:
        return stacks.execute(plan, tell)
    except KeyboardInterrupt:
        click.echo(f"stack {plan.stack}: the server goes on; `stepwell deploy` looks at it again")
        raise


def _label(one: Packaged) -> str:
    """A change set's name: it begins with a letter, and is another one each time."""
    seed = f"{one.text}{time.time_ns()}".encode()
    return f"stepwell-{hashlib.sha256(seed).hexdigest()[:16]}"


def _ask(stacks: Stacks, plan: Plan, options: Options) -> None:
    """Go on only if nothing of worth is lost, or the user says so."""
    types = {str(one["LogicalResourceId"]): str(one["ResourceType"]) for one in plan.changes}
    lost = [name for name in plan.loses if types[name] in HOLDS_DATA]
    if not lost or options.yes:
        return
    told = f"{', '.join(lost)} will be removed or replaced, with what is in it"
    if options.may_ask and click.confirm(f"{told}. Go on?"):
        return
    stacks.discard(plan.stack, plan.change_set, plan.is_new)
    raise BadProject(f"{told}: nothing was changed. Say --yes if it may.")


def show_plan(plan: Plan) -> None:
    """A line for each resource that changes."""
    click.secho(f"stack {plan.stack}: {'new' if plan.is_new else 'changes'}", bold=True)
    width = max((len(str(one["LogicalResourceId"])) for one in plan.changes), default=0)
    for one in plan.changes:
        sign, color = _SIGNS.get(one["Action"], ("?", "white"))
        replaced = {"True": " (replaced)", "Conditional": " (may be replaced)"}
        note = replaced.get(str(one.get("Replacement")), "")
        click.secho(
            f"  {sign} {one['LogicalResourceId']!s:{width}}  {one['ResourceType']}{note}",
            fg=color,
        )


def tell(event: Event) -> None:
    """One event, as one line; what only says that something begins is left out."""
    if event.status.endswith("_IN_PROGRESS") and not event.is_stack:
        return
    color = next((color for word, color in _COLORS if word in event.status), None)
    reason = f"  {' '.join(event.reason.split())}" if event.reason else ""
    click.secho(f"  {event.status:24} {event.logical_id}{reason}", fg=color)


def show_outcome(outcome: Outcome, endpoint: str) -> None:
    """What failed first, or what the stack puts out, with the addresses that answer here."""
    if not outcome.succeeded:
        reasons = [one for one in outcome.failures if "cancelled" not in one.reason.lower()]
        for one in reasons[:1]:
            click.secho(f"{one.logical_id} ({one.type}): {one.reason}", fg="red", err=True)
        return
    width = max((len(name) for name in outcome.outputs), default=0)
    for name, value in outcome.outputs.items():
        click.echo(f"  {name:{width}}  {value}")
        here = local_address(value, endpoint)
        if here is not None:
            click.secho(f"  {'':{width}}  here: {here}", fg="cyan")
