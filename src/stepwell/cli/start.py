"""The command `stepwell start`: run the server in the foreground.

Ready when the health page answers. The first SIGTERM or SIGINT lets it finish what it has accepted,
then it exits with 0; the second one ends it at once. What an operator can put right is one line on
the terminal and exit code 1, never a traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stepwell.server import MailSettings, OutsideSettings, Server

ACCOUNT_DIGITS = 12
CREDENTIALS_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What was asked for on the command line."""

    host: str
    port: int
    data: Path
    store: str | None
    access_key: str | None
    secret_key: str | None
    credentials_file: Path | None
    account: str
    region: str
    quotas: str
    keep_days: int | None
    smtp: str | None
    mail_from: str | None
    integrations: Path | None
    log_level: str
    json_logs: bool


def _check_account(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if len(value) != ACCOUNT_DIGITS or not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is no account: give {ACCOUNT_DIGITS} digits")
    return value


@click.command(context_settings={"show_default": True})
@click.option("--host", envvar="STEPWELL_HOST", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port",
    envvar="STEPWELL_PORT",
    default=4566,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--data",
    envvar="STEPWELL_DATA",
    type=click.Path(path_type=Path),
    default=Path("stepwell-data"),
    help="Folder that holds everything.",
)
@click.option(
    "--store", envvar="STEPWELL_STORE", help="postgresql://... instead of the data folder."
)
@click.option(
    "--access-key",
    envvar="STEPWELL_ACCESS_KEY_ID",
    help="Access key that requests must be signed with.",
)
@click.option(
    "--secret-key",
    envvar="STEPWELL_SECRET_ACCESS_KEY",
    help="Its secret; better set as STEPWELL_SECRET_ACCESS_KEY, where no process list shows it.",
)
@click.option(
    "--credentials-file",
    envvar="STEPWELL_CREDENTIALS_FILE",
    type=click.Path(path_type=Path),
    help="Several access keys: a file with one `KEY SECRET` per line.",
)
@click.option(
    "--account",
    envvar="STEPWELL_ACCOUNT",
    default="000000000000",
    callback=_check_account,
    help="Account of access keys that are not 12 digits.",
)
@click.option(
    "--region",
    envvar="STEPWELL_REGION",
    default="us-east-1",
    help="Region of requests that name none.",
)
@click.option(
    "--quotas",
    envvar="STEPWELL_QUOTAS",
    type=click.Choice(["open", "aws"]),
    default="open",
    help="Only the limits that protect you, or all that AWS has.",
)
@click.option(
    "--keep-days",
    envvar="STEPWELL_KEEP_DAYS",
    type=click.IntRange(0, 36_500),
    help="Days that an execution is kept after its end; 0 for ever.",
)
@click.option(
    "--smtp",
    envvar="STEPWELL_SMTP",
    help="Mail server for email subscriptions: smtp://host:port or smtps://user:password@host.",
)
@click.option("--mail-from", envvar="STEPWELL_MAIL_FROM", help="Whom its letters are from.")
@click.option(
    "--integrations",
    envvar="STEPWELL_INTEGRATIONS",
    type=click.Path(path_type=Path),
    help="File with upstreams, mocks and commands for services that are not embedded.",
)
@click.option(
    "--log-level",
    envvar="STEPWELL_LOG_LEVEL",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="info",
    help="What is worth a line.",
)
@click.option(
    "--json-logs", envvar="STEPWELL_JSON_LOGS", is_flag=True, help="Log lines as JSON objects."
)
def start(**given: object) -> None:
    """Run the server in the foreground.

    SIGTERM or Ctrl-C lets it finish what it has accepted; a second one ends it at once.
    """
    from stepwell.cli.logs import set_up_logging
    from stepwell.errors import StepwellError

    options = StartOptions(**given)  # type: ignore[arg-type]
    set_up_logging(options.log_level, json=options.json_logs)
    try:
        _run(_server(options), options)
    except StepwellError as error:
        raise click.ClickException(_one_line(str(error))) from error
    except OSError as error:
        raise click.ClickException(_one_line(_cannot_listen(error, options))) from error


def _server(options: StartOptions) -> Server:
    from stepwell.server import GatewaySettings, Server, ServerSettings

    gateway = GatewaySettings(
        credentials=_credentials(options), account=options.account, region=options.region
    )
    return Server(
        ServerSettings(
            store=options.store or options.data,
            host=options.host,
            port=options.port,
            gateway=gateway,
            quotas=options.quotas,
            keep_days=options.keep_days,
            mail=_mail(options),
            outside=_outside(options),
        )
    )


def _outside(options: StartOptions) -> OutsideSettings | None:
    from stepwell.server import read_outside_settings

    return None if options.integrations is None else read_outside_settings(options.integrations)


def _mail(options: StartOptions) -> MailSettings | None:
    from stepwell.server import read_mail_settings

    if options.smtp is None:
        return None
    try:
        return read_mail_settings(options.smtp, options.mail_from)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _run(server: Server, options: StartOptions) -> None:
    import asyncio

    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(server, options))
    else:
        uvloop.run(_serve(server, options))


async def _serve(server: Server, options: StartOptions) -> None:
    _obey_signals(server)
    async with server:
        _collect_garbage_rarely()
        await server.serve(lambda port: _announce(server, options, port))
    _log("stopped")


def _collect_garbage_rarely() -> None:
    """Nearly everything here dies with its last reference. Looking for circles after every 700 new
    objects, through all executions in memory, costs a tenth of the time under load."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _obey_signals(server: Server) -> None:
    import asyncio
    import os
    import signal

    def obey(number: int) -> None:
        if server.closing.is_set():
            _log("stopping at once: nothing that was acknowledged is lost")
            os._exit(128 + number)
        _log("stopping: what was accepted is finished first")
        server.closing.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, obey, number)
        except NotImplementedError:  # Windows: handlers run in the main thread, beside the loop.
            signal.signal(number, lambda got, _: loop.call_soon_threadsafe(obey, got))


def _log(message: str) -> None:
    import logging

    logging.getLogger("stepwell").info(message)


def _announce(server: Server, options: StartOptions, port: int) -> None:
    """Say where it listens: to a person, or as a log line where lines are JSON."""
    from stepwell import __version__

    host = f"[{options.host}]" if ":" in options.host else options.host
    endpoint = f"http://{host}:{port}"
    if options.json_logs:
        _log(f"Stepwell {__version__} listens on {endpoint}")
        return
    keys = len(server.settings.gateway.credentials)
    access = f"requests signed with one of {keys} access keys" if keys else "any credentials"
    click.echo(f"Stepwell {__version__} listens on {endpoint}")
    click.echo(f"  data     {_place(options)}")
    click.echo(f"  account  {options.account}, region {options.region}, {access}")
    click.echo(f"  try      aws --endpoint-url {endpoint} stepfunctions list-state-machines")
    click.echo("  stop     Ctrl-C")


def _place(options: StartOptions) -> str:
    """Where the data is; never with a password."""
    if options.store is None:
        return str(options.data.resolve())
    if "://" not in options.store:
        return str(Path(options.store).resolve())
    scheme, _, rest = options.store.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _credentials(options: StartOptions) -> dict[str, str]:
    """Access keys and their secrets. Raises ClickException when they are only half given."""
    found = {} if options.credentials_file is None else _read_file(options.credentials_file)
    if (options.access_key is None) != (options.secret_key is None):
        raise click.ClickException(
            "An access key and its secret go together: set both --access-key and --secret-key "
            "(STEPWELL_ACCESS_KEY_ID and STEPWELL_SECRET_ACCESS_KEY)."
        )
    if options.access_key and options.secret_key:
        found[options.access_key] = options.secret_key
    return found


def _read_file(path: Path) -> dict[str, str]:
    """`KEY SECRET` lines; empty lines and lines that begin with # do not count."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read(CREDENTIALS_BYTES_MAX).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(
            f"The credentials file {path} cannot be read: {error}"
        ) from error
    found = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            raise click.ClickException(f"{path}, line {number}: give an access key and its secret")
        found[words[0]] = words[1]
    if not found:
        raise click.ClickException(f"The credentials file {path} holds no access key.")
    return found


def _cannot_listen(error: OSError, options: StartOptions) -> str:
    import errno

    place = f"{options.host}:{options.port}"
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {options.port} is in use: stop what listens there, or choose another port "
                "with --port."
            )
        case errno.EACCES:
            return f"Listening on {place} is not allowed: ports below 1024 belong to the system."
        case errno.EADDRNOTAVAIL:
            return f"{options.host} is no address of this machine."
    return f"Cannot listen on {place}: {error.strerror or error}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
