"""What the commands that ask a server have in common: options, the client, one-line errors."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stepwell.cli.client import Client

json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for other programs.")


def asks_server(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--endpoint` and `--region`, and pass the client they make as the first argument.

    What the server refuses, and a server that is not there, is one line on the terminal.
    """

    @click.option(
        "--endpoint",
        metavar="URL",
        help="Which server to ask; else STEPWELL_ENDPOINT, AWS_ENDPOINT_URL, http://127.0.0.1:4566.",
    )
    @click.option("--region", help="Which region to ask for; else AWS_REGION, us-east-1.")
    @functools.wraps(command)
    def with_client(*, endpoint: str | None, region: str | None, **given: object) -> None:
        from stepwell.errors import StepwellError

        try:
            command(_client(endpoint, region), **given)
        except StepwellError as error:
            raise click.ClickException(" ".join(str(error).split())) from error

    return with_client


def _client(endpoint: str | None, region: str | None) -> Client:
    from stepwell.cli import client

    environment = os.environ
    return client.Client(
        client.endpoint_from(environment, endpoint),
        client.region_from(environment, region),
        client.credentials_from(environment),
    )
