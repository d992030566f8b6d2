"""The commands `stepwell tokens` and `stepwell answer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.cli.options import asks_server, json_option

if TYPE_CHECKING:
    from stepwell.cli.client import Client
    from stepwell.values import JsonObject

LIMIT_MAX = 1_000


@click.command()
@click.option("--execution", metavar="EXECUTION", help="Only those of one execution.")
@click.option("--machine", metavar="NAME|ARN", help="Only those of one state machine.")
@click.option(
    "--status",
    type=click.Choice(["open", "closed", "all"], case_sensitive=False),
    default="open",
    show_default=True,
    help="Which tokens.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=100,
    show_default=True,
    help="How many at most.",
)
@click.option("--reveal", is_flag=True, help="Show the tokens themselves, to answer with.")
@json_option
@asks_server
def tokens(
    client: Client,
    execution: str | None,
    machine: str | None,
    status: str,
    limit: int,
    reveal: bool,
    as_json: bool,
) -> None:
    """List task tokens: the open ones, or what became of the closed ones."""
    from stepwell.cli.lookup import execution_arn, machines
    from stepwell.cli.tables import Column, print_json, print_table

    query = {"status": status.lower(), "limit": str(limit)}
    if execution is not None:
        query["executionArn"] = execution_arn(client, execution)
    if machine is not None:
        query["stateMachineArn"] = str(machines(client, machine)[0]["stateMachineArn"])
    if reveal:
        query["reveal"] = "true"
    answer = client.page("/_stepwell/tokens", query)
    if as_json:
        print_json(answer)
        return
    found = answer["tokens"]
    rows = (
        [_row(t, reveal) for t in found if isinstance(t, dict)] if isinstance(found, list) else []
    )
    columns = [
        Column("STATE"),
        Column("EXECUTION"),
        Column("ATTEMPT", right=True),
        Column("OPENED"),
    ]
    columns += [Column("UNTIL"), Column("HEARTBEATS"), Column("WHAT", flexible=True)]
    columns += [Column("TOKEN", flexible=True)] if reveal else []
    print_table(columns, rows, empty="No task waits on a token." if status == "open" else "None.")
    if answer.get("truncated"):
        click.echo("There are more: see --limit, --machine and --execution.", err=True)


def _row(token: JsonObject, reveal: bool) -> tuple[str, ...]:
    from stepwell.cli.words import age

    cells = (
        str(token["state"]),
        ":".join(str(token["executionArn"]).split(":")[-2:]),
        str(token["attempt"]),
        age(token["openedAt"]),
        age(token.get("deadlineAt")) if token["status"] == "OPEN" else "",
        _beats(token),
        _what(token),
    )
    return (*cells, str(token.get("token", ""))) if reveal else cells


def _beats(token: JsonObject) -> str:
    from stepwell.cli.words import age

    if not token.get("heartbeatSeconds") and not token.get("beats"):
        return ""
    text = f"{token['beats']}, last {age(token['lastBeatAt'])}" if token.get("beats") else "none"
    if token.get("heartbeatDeadlineAt"):
        text += f", next {age(token['heartbeatDeadlineAt'])}"
    return text


def _what(token: JsonObject) -> str:
    from stepwell.cli.words import age

    holder = token.get("holder")
    if token["status"] == "OPEN":
        return str(holder["explanation"]) if isinstance(holder, dict) else "open"
    by = f" by request {token['closedByRequest']}" if token.get("closedByRequest") else ""
    return f"{token.get('reason')} {age(token.get('closedAt'))}{by}"


@click.command()
@click.argument("token")
@click.option("--output", help="The task succeeded: its output, as JSON text.")
@click.option("--error", help="The task failed: the error's name.")
@click.option("--cause", help="Why it failed.")
@asks_server
def answer(
    client: Client, token: str, output: str | None, error: str | None, cause: str | None
) -> None:
    """Answer TOKEN: with an output, or with an error and its cause."""
    from stepwell.cli.client import ApiError

    if (output is None) == (error is None and cause is None):
        raise click.UsageError("Give --output JSON, or --error NAME with --cause TEXT.")
    try:
        if output is not None:
            client.call("SendTaskSuccess", {"taskToken": token, "output": output})
        else:
            told = {"error": error, "cause": cause}
            given: JsonObject = {name: text for name, text in told.items() if text is not None}
            client.call("SendTaskFailure", {"taskToken": token, **given})
    except ApiError as refused:
        reason = refused.headers.get("x-stepwell-token-reason")
        why = f" ({reason})" if reason else ""
        raise click.ClickException(f"{refused}{why}") from refused
    click.echo("The task has its answer.")
