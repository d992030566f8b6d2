"""`stepwell`: the command line's entry point."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from stepwell import __version__
from stepwell.cli.demo.command import demo


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stepwell")
def main() -> None:
    """Durable AWS Step Functions on your own machines."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=4566, show_default=True, help="Port to listen on; 0 takes a free one."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("stepwell-data"),
    show_default=True,
    help="Folder that holds everything.",
)
@click.option("--store", default=None, help="postgresql://... instead of the data folder.")
def start(host: str, port: int, data: Path, store: str | None) -> None:
    """Run the server in the foreground; SIGTERM drains and ends it."""
    from stepwell.server import Server, ServerSettings

    async def run() -> None:
        server = Server(ServerSettings(store=store or data, host=host, port=port))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.closing.set)
        async with server:
            await server.serve(
                lambda bound: click.echo(f"Stepwell listens on http://{host}:{bound}")
            )

    try:
        import uvloop
    except ImportError:
        asyncio.run(run())
    else:
        uvloop.run(run())


main.add_command(demo)

if __name__ == "__main__":
    main()
