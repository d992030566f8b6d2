"""`stepwell`: the command line's entry point.

`stepwell --help` must be quick: a command's module imports click and little else, and the rest when
the command runs.
"""

from __future__ import annotations

import click

from stepwell import __version__
from stepwell.cli.check.command import check
from stepwell.cli.demo.command import demo
from stepwell.cli.deploy.command import deploy, destroy, doctor
from stepwell.cli.executions import executions, history
from stepwell.cli.explain import explain
from stepwell.cli.redrive import redrive
from stepwell.cli.start import start
from stepwell.cli.tokens import answer, tokens


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stepwell")
def main() -> None:
    """Durable AWS Step Functions on your own machines."""


COMMANDS = (
    *(start, demo, check, executions, history, tokens, explain, answer, redrive),
    *(deploy, destroy, doctor),
)

for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
