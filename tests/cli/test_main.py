"""The entry point: quick, and complete."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from stepwell import __version__
from stepwell.cli.main import main

HEAVY = ("asyncio", "rich", "msgspec", "http.client", "uvloop", "apsw", "boto3", "stepwell.server")


def test_help_needs_next_to_nothing() -> None:
    """What makes a start slow is only imported by the commands that use it."""
    listed = f"[m for m in {HEAVY!r} if m in sys.modules]"
    code = f"import sys, stepwell.cli.main; print({listed})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout == b"[]\n"


def test_the_version_is_told() -> None:
    """`--version` names program and version."""
    assert CliRunner().invoke(main, ["--version"]).output == f"stepwell, version {__version__}\n"


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_helps(command: str) -> None:
    """`--help` and `-h` say what each command does."""
    long, short = (CliRunner().invoke(main, [command, flag]) for flag in ("--help", "-h"))
    assert long.exit_code == short.exit_code == 0
    assert long.output == short.output
    assert main.commands[command].get_short_help_str(limit=200) in " ".join(long.output.split())
