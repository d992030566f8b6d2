"""The command `stepwell explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.cli.options import asks_server, json_option

if TYPE_CHECKING:
    from stepwell.cli.client import Client
    from stepwell.values import JsonObject, JsonValue

TOKEN_CHARACTERS = 50
"""Tokens are this long, and names of executions hardly ever."""
_TOKEN_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@click.command()
@click.argument("execution_or_token", metavar="EXECUTION|TOKEN")
@json_option
@asks_server
def explain(client: Client, execution_or_token: str, as_json: bool) -> None:
    """Say what an execution waits for, or what became of a token.

    EXECUTION is an ARN, a name, or MACHINE:NAME. For each open branch: what it waits for, since
    when, until when, and the command that would free it.
    """
    from stepwell.cli.tables import print_json

    token = _looks_like_token(execution_or_token)
    if token:
        answer = client.page("/_stepwell/tokens/explain", {"token": execution_or_token})
    else:
        answer = _execution(client, execution_or_token)
    if as_json:
        print_json(answer)
    elif token:
        _say_token(answer)
    else:
        _say(answer)


def _say_token(answer: JsonObject) -> None:
    from stepwell.cli.words import age

    click.echo(answer["explanation"])
    token = answer["token"]
    if not isinstance(token, dict):
        return
    times = (
        ("opened", "openedAt"),
        ("beaten", "lastBeatAt"),
        ("beat by", "heartbeatDeadlineAt"),
        ("until", "deadlineAt"),
    )
    for word, member in times:
        if member in token:
            click.echo(f"  {word:8} {age(token[member])}")
    holder = token.get("holder")
    if isinstance(holder, dict):
        click.echo(f"  holder   {holder['explanation']}")
    click.echo(f"  look at  stepwell explain {token['executionArn']}")


def _looks_like_token(text: str) -> bool:
    return len(text) >= TOKEN_CHARACTERS and _TOKEN_LETTERS.issuperset(text)


def _execution(client: Client, asked: str) -> JsonObject:
    from stepwell.cli.lookup import execution_arn

    query = {"executionArn": execution_arn(client, asked), "reveal": "true"}
    return client.page("/_stepwell/executions/explain", query)


def _say(answer: JsonObject) -> None:
    from stepwell.cli.words import age

    click.secho(f"{answer['name']}  {answer['status']}", bold=True)
    click.echo(f"  {answer['executionArn']}, started {age(answer['startedAt'])}")
    if "waitsFor" not in answer:
        click.echo(f"{answer['explanation']} It ended {age(answer.get('stoppedAt'))}.")
        return
    notes = answer.get("notes")
    for note in notes if isinstance(notes, list) else []:
        click.secho(f"  note    {note}", fg="yellow")
    entries = _objects(answer["waitsFor"])
    for entry in entries:
        click.echo("")
        _say_entry(entry)
    if not entries:
        click.echo("It is just going on: nothing waits.")


def _objects(value: JsonValue) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _say_entry(entry: JsonObject) -> None:
    from stepwell.cli.words import age, clock_time, instant

    inside = entry.get("inside")
    place = " > ".join(map(str, inside)) if isinstance(inside, list) and inside else ""
    click.echo(str(entry["explanation"]) + (f" (in {place})" if place else ""))
    if entry.get("since"):
        click.echo(f"  since   {age(entry['since'])}")
    for limit in _objects(entry["limits"]):
        at = instant(limit["at"])
        when = "" if at is None else f"{age(limit['at'])} ({clock_time(at)})"
        click.echo(f"  until   {when}: {limit['then']}")
    holder = entry.get("holder")
    if isinstance(holder, dict):
        click.echo(f"  holder  {holder['explanation']}")
    hints = entry.get("hints")
    for hint in hints if isinstance(hints, list) else []:
        click.secho(f"  note    {hint}", fg="yellow")
    freeing = entry["kind"] in ("token", "worker", "activity")
    word = "free it" if freeing else "look at" if entry["kind"] == "child" else "stop it"
    click.echo(f"  {word:7} {entry['command']}")
