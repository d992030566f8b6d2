"""The two servers that are compared: Stepwell, and the probe that does the least there is to do."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stepwell.testing.server import ServerProcess, free_port

PROBE_READY_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `command` runs it in the foreground on the same port and data."""

    name: str
    endpoint: str
    pid: int
    command: tuple[str, ...]


@contextmanager
def stepwell(arguments: tuple[str, ...] = ()) -> Iterator[Running]:
    """Stepwell on a fresh data directory."""
    with (
        tempfile.TemporaryDirectory(prefix="stepwell-bench-") as folder,
        ServerProcess(Path(folder) / "data", arguments=arguments) as server,
    ):
        yield Running("stepwell", server.endpoint, server.pid, tuple(server.command))


@contextmanager
def probe(python: Path, script: Path) -> Iterator[Running]:
    """The ceiling probe, durable as Stepwell is: flushed before each answer."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="probe-bench-") as folder:
        command = (
            *(str(python), str(script), str(port), str(Path(folder) / "probe.db")),
            *("--sync", "FULL"),
        )
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=script.parent)
        try:
            _await_port(process, port)
            yield Running("probe", f"http://127.0.0.1:{port}", process.pid, command)
        finally:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(round(PROBE_READY_SECONDS / _LOOK_AGAIN_SECONDS)):
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            status = process.wait(_LOOK_AGAIN_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"the probe ended with status {status}")
    raise RuntimeError("the probe does not answer")
