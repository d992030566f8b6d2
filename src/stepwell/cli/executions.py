"""The commands `stepwell executions` and `stepwell history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.cli.options import asks_server, json_option

if TYPE_CHECKING:
    from stepwell.cli.client import Client
    from stepwell.values import JsonObject

LIMIT_MAX = 10_000
STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@click.command()
@click.option("--machine", metavar="NAME|ARN", help="Only those of one state machine.")
@click.option(
    "--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only those with a status."
)
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=20,
    show_default=True,
    help="How many at most.",
)
@json_option
@asks_server
def executions(
    client: Client, machine: str | None, status: str | None, limit: int, as_json: bool
) -> None:
    """List executions, newest first."""
    from stepwell.cli.tables import Column, print_json, print_table

    found = _newest(client, machine, status, limit)
    if as_json:
        print_json({"executions": found})
        return
    columns = (
        Column("NAME", flexible=True),
        Column("STATUS"),
        Column("STARTED"),
        Column("TOOK", right=True),
        Column("MACHINE"),
    )
    print_table(columns, [_row(one) for one in found], empty="There are no such executions.")


def _newest(
    client: Client, machine: str | None, status: str | None, limit: int
) -> list[JsonObject]:
    """The newest executions over all machines that are asked for."""
    from itertools import islice

    from stepwell.cli.lookup import machines

    found: list[JsonObject] = []
    for known in machines(client, machine):
        if machine is None and known.get("type") == "EXPRESS":
            continue  # AWS does not list their executions.
        asked: JsonObject = {
            "stateMachineArn": known["stateMachineArn"],
            "maxResults": min(limit, 1000),
        }
        if status is not None:
            asked["statusFilter"] = status.upper()
        found += islice(client.every("ListExecutions", "executions", asked), limit)
    found.sort(key=lambda one: float(str(one["startDate"])), reverse=True)
    return found[:limit]


def _row(one: JsonObject) -> tuple[str, ...]:
    from stepwell.cli.words import age, span

    machine = str(one["stateMachineArn"]).rpartition(":")[2]
    started, stopped = one.get("startDate"), one.get("stopDate")
    return str(one["name"]), str(one["status"]), age(started), span(started, stopped), machine


@click.command()
@click.argument("execution")
@json_option
@asks_server
def history(client: Client, execution: str, as_json: bool) -> None:
    """Show the events of EXECUTION: an ARN, a name, or MACHINE:NAME."""
    from stepwell.cli.events import event_lines
    from stepwell.cli.lookup import execution_arn
    from stepwell.cli.tables import Column, print_json, print_table
    from stepwell.cli.words import elapsed

    arn = execution_arn(client, execution)
    asked: JsonObject = {"executionArn": arn, "maxResults": 1000}
    events = list(client.every("GetExecutionHistory", "events", asked))
    if as_json:
        print_json({"events": events})
        return
    columns = (
        Column("ID", right=True),
        Column("SINCE START", right=True),
        Column("TYPE"),
        Column("STATE"),
        Column("WHAT", flexible=True),
    )
    rows = [
        (str(line.id), elapsed(line.since), line.type, line.state, line.what)
        for line in event_lines(events)
    ]
    print_table(columns, rows, empty="No event is on disk yet.")
