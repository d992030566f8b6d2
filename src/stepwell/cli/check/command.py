"""The command `stepwell check`.

Exit status: 0 when there are no errors (warnings do not count), 1 when there are, 2 when a file
cannot be read. It needs no server: what only the server knows, its queues say, is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stepwell.cli.check.review import Reviewed

ERRORS_FOUND = 1
UNREADABLE = 2


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--type",
    "machine_type",
    type=click.Choice(["STANDARD", "EXPRESS"], case_sensitive=False),
    default="STANDARD",
    show_default=True,
    help="Type of the state machines.",
)
@click.option(
    "--for-this-server",
    is_flag=True,
    help="Count what is valid on AWS and not run here as an error, as creating it would.",
)
@click.option(
    "--severity",
    type=click.Choice(["error", "warning"], case_sensitive=False),
    default="warning",
    show_default=True,
    help="The least severe findings to show.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"], case_sensitive=False),
    default="text",
    show_default=True,
    help="How to show them.",
)
def check(
    files: tuple[str, ...], machine_type: str, for_this_server: bool, severity: str, shape: str
) -> None:
    """Say what is wrong with definitions, in JSON or YAML. No server is needed.

    FILE is a file, or - for the standard input. Exits with 1 when there are errors, with 2 when a
    file cannot be read.
    """
    from stepwell.cli.check.review import review_file

    kind, least = machine_type.upper(), severity.upper()
    reviewed = [review_file(name, kind, least, strictly_here=for_this_server) for name in files]
    if shape == "json":
        _print_json(reviewed)
    else:
        for one in reviewed:
            _print_text(one)
    if any(one.trouble for one in reviewed):
        raise SystemExit(UNREADABLE)
    if any(one.has_errors for one in reviewed):
        raise SystemExit(ERRORS_FOUND)


def _print_json(reviewed: list[Reviewed]) -> None:
    from stepwell.cli.check.shown import as_json
    from stepwell.cli.tables import print_json

    print_json({"files": [as_json(one) for one in reviewed]})


def _print_text(one: Reviewed) -> None:
    from stepwell.cli.check.shown import as_text, summary

    if one.trouble:
        click.secho(summary(one), fg="red", err=True)
        return
    color = "red" if one.has_errors else "yellow" if one.shown else "green"
    click.secho(summary(one), fg=color, bold=True)
    for text in as_text(one):
        click.echo(f"\n{text}")
    if one.shown:
        click.echo("")
