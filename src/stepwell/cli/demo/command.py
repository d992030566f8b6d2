"""The command `stepwell demo`."""

from __future__ import annotations

import io
import os
import secrets
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stepwell.cli.demo.story import Stage, Story

INTERRUPTED = 130


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder for the data; a new temporary one when not given.",
)
def demo(data: Path | None) -> None:
    """Run the callback workflow, kill the server in the middle, and see it survive.

    Starts a server of its own on a free port, drives it with boto3, and ends it again. Exits with 1
    when anything is not as promised.
    """
    from importlib.util import find_spec

    from rich.console import Console

    from stepwell.cli.demo.show import PLAIN_WIDTH, ConsoleStage, show_next, show_story

    if find_spec("boto3") is None:
        raise click.ClickException("The demo needs boto3: pip install 'stepwell[demo]'")
    _prepare_process()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    folder = data or Path(tempfile.mkdtemp(prefix="stepwell-demo-")) / "data"
    folder.parent.mkdir(parents=True, exist_ok=True)
    story = _play(folder, ConsoleStage(console))
    show_story(console, story)
    show_next(console, story, _program(), shlex.quote(str(folder)))


def _play(folder: Path, stage: Stage) -> Story:
    """The story; when something did not come true it is told, and the process ends."""
    from stepwell.cli.demo.process import DemoServer
    from stepwell.cli.demo.story import play

    with DemoServer(folder) as server:
        try:
            return play(server, stage, f"order-{secrets.token_hex(3)}")
        except KeyboardInterrupt:
            click.echo("Stopped; the demo's server is gone too.", err=True)
            raise SystemExit(INTERRUPTED) from None
        except Exception as error:
            # Whatever an SDK raises, too: here it only means that the promise was not kept.
            click.echo(f"The demo failed: {error}", err=True)
            click.echo(f"What the server said: {server.log_path}", err=True)
            raise SystemExit(1) from error


def _prepare_process() -> None:
    """Make this process independent of what is configured around it."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupted)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _program() -> str:
    """How this command line was called, for commands that can be pasted."""
    called = sys.argv[0]
    if os.sep not in called or called.endswith(".py"):
        return "stepwell"
    near = os.path.relpath(called)
    return shlex.quote(min(near, called, key=len))
