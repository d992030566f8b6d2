"""The command `stepwell redrive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.cli.options import asks_server, json_option

if TYPE_CHECKING:
    from stepwell.cli.client import Client


@click.command()
@click.argument("execution")
@json_option
@asks_server
def redrive(client: Client, execution: str, as_json: bool) -> None:
    """Let EXECUTION, which ended badly, go on: an ARN, a name, or MACHINE:NAME."""
    from stepwell.cli.lookup import execution_arn
    from stepwell.cli.tables import print_json

    arn = execution_arn(client, execution)
    answer = client.call("RedriveExecution", {"executionArn": arn})
    if as_json:
        print_json(answer)
        return
    click.echo(f"{arn} goes on.")
