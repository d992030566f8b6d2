"""The demo's own server: a child process that can be killed and started again on the same data."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from stepwell.errors import StepwellError

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.02
_LOG_CHARACTERS = 2_000


class Broken(StepwellError):
    """Something did not come true; the demo ends here."""


def until(condition: Callable[[], bool], what: str, seconds: float) -> float:
    """Wait until something is so; how long it took in seconds. Raises Broken after `seconds`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Broken(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(_LOOK_AGAIN_SECONDS)
    return time.monotonic() - began


class DemoServer:
    """`stepwell start` in a process of its own, on loopback. Leaves nothing behind."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = _free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log_path = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> float:
        """Start it; seconds until it answered. Raises Broken."""
        command = [sys.executable, "-m", "stepwell.cli.main", "start", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--data", str(self.data)]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("STEPWELL_", "AWS_"))}
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=inherited,
                start_new_session=True,
            )
        return until(self._answers, "An answer of the server", READY_SECONDS)

    def _answers(self) -> bool:
        """Whether the health page answers 200. Raises Broken when the process has ended."""
        if self._process is None or self._process.poll() is not None:
            said = self.log_path.read_text(errors="replace")[-_LOG_CHARACTERS:]
            raise Broken(f"the server did not start:\n{said}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/_stepwell/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def stop(self) -> int:
        """Let it finish what it has accepted; its exit status. Raises Broken when it stays."""
        process = self._process
        if process is None:
            raise Broken("the server is not running")
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Broken(
                f"the server was still there {STOP_SECONDS:.0f} s after SIGTERM"
            ) from error
        self._process = None
        return status


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
