"""A server in a process of its own whose clock can be put forward, and which can be killed.

    with SkippingProcess(tmp_path / "data") as server:
        server.skip(days=30)
        server.kill()         # SIGKILL, as a power cut would
        server.start()        # same port, same data, and the clock goes on where it was

The process reads how many seconds to skip from its standard input, a line each, and answers a line
when what was due has been rung.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from stepwell.server import ServerSettings
from stepwell.testing.server import free_port
from stepwell.testing.skipping import SkippingServer

READY = "ready"


class SkippingProcess:
    """See the module."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self._ahead_seconds = 0.0
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint(self) -> str:
        """The URL that clients use."""
        return f"http://127.0.0.1:{self.port}"

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

    def start(self) -> None:
        """Start it; return when it answers. Raises RuntimeError when it does not."""
        module = "stepwell.testing.skipping_process"
        arguments = [str(self.data), str(self.port), str(self._ahead_seconds)]
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._expect(READY)

    def skip(self, *, seconds: float) -> None:
        """Put the clock forward; returns when what was due has been rung."""
        self._ahead_seconds += seconds
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        self._expect(READY)

    def kill(self) -> None:
        """End it and all that it started at once. Does nothing when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("this server is not running")
        return self._process

    def _expect(self, word: str) -> None:
        process = self._running()
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if line != word:
            self.kill()
            raise RuntimeError(f"the server answered {line!r}; its log is beside its data")


def main(data: str, port: str, ahead_seconds: str) -> None:
    """The process."""
    settings = ServerSettings(store=Path(data), port=int(port))
    ahead = float(ahead_seconds)
    with SkippingServer(Path(data), settings=settings, ahead_seconds=ahead) as server:
        _tell()
        for line in sys.stdin:
            server.skip(seconds=float(line))
            _tell()


def _tell() -> None:
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
