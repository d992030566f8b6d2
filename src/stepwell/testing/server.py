"""A real Stepwell server in a process of its own, for tests that need the real thing.

    with ServerProcess(tmp_path / "data") as server:
        client = boto3.client("stepfunctions", endpoint_url=server.endpoint, ...)
        server.kill()     # SIGKILL, as a power cut would
        server.start()    # same port, same data

Rules: a server is ready when its health page answers 200, never after a guessed time; the port
stays the same over restarts, so that clients need not notice; no process is ever left behind.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

HEALTH_PATH = "/_stepwell/health"
READY_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.02
_LOG_BYTES_SHOWN = 8_000


class ServerFailed(RuntimeError):
    """The server ended or did not get ready. The message holds the end of its log."""


def free_port() -> int:
    """A TCP port on loopback that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class ServerProcess:
    """One server on one data directory. Start it, kill it, start it again."""

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`arguments` are added to `stepwell start`; `environment` to the process's own.

        STEPWELL_ and AWS_ variables of the caller are not passed on.
        """
        self.data = data
        self.port = port or free_port()
        self.log_path = data.parent / f"{data.name}.log"
        self._arguments = tuple(arguments)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """The URL that clients use."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    @property
    def command(self) -> list[str]:
        """The command that runs this server in the foreground."""
        start = [sys.executable, "-m", "stepwell.cli.main", "start"]
        return [*start, "--port", str(self.port), "--data", str(self.data), *self._arguments]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self, timeout_seconds: float = READY_TIMEOUT_SECONDS) -> None:
        """Start the server and return when it answers. Raises ServerFailed."""
        self.launch()
        self.wait_until_ready(timeout_seconds)

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self._process is not None:
            raise RuntimeError("this server is running already")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_inherited() | self._environment,
                start_new_session=True,
            )

    def wait_until_ready(self, timeout_seconds: float = READY_TIMEOUT_SECONDS) -> None:
        """Return when the health page answers 200. Raises ServerFailed; then the server is gone."""
        process = self._running()
        for _ in range(max(1, round(timeout_seconds / _LOOK_AGAIN_SECONDS))):
            if self.healthy():
                return
            try:
                code = process.wait(_LOOK_AGAIN_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            self._process = None
            raise ServerFailed(f"the server ended with status {code}:\n{self.log()}")
        self.kill()
        raise ServerFailed(f"no answer within {timeout_seconds} s:\n{self.log()}")

    def healthy(self) -> bool:
        """Whether the health page answers 200 right now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", HEALTH_PATH)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> int:
        """Ask the server to finish (SIGTERM); its exit status. Raises ServerFailed if it stays."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerFailed(f"still there {timeout_seconds} s after SIGTERM") from error
        self._process = None
        return status

    def kill(self) -> None:
        """End the server and all it started at once (SIGKILL). Does nothing if it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait(self, timeout_seconds: float) -> int:
        """The exit status of a server that ends by itself. Raises subprocess.TimeoutExpired."""
        status = self._running().wait(timeout_seconds)
        self._process = None
        return status

    def log(self) -> str:
        """The end of what the server printed, over all its starts."""
        try:
            return self.log_path.read_bytes()[-_LOG_BYTES_SHOWN:].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this server is not running")
        return self._process


def _inherited() -> dict[str, str]:
    """The caller's environment without what would change the server or its clients."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("STEPWELL_", "AWS_"))}
