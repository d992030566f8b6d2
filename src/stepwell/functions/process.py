"""One child process in a group of its own: its output, its end, its memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from stepwell.functions.keeper import Keeper
from stepwell.functions.output import FrameReader
from stepwell.functions.ports import PIPE_SECONDS


@dataclass(frozen=True, slots=True)
class Launch:
    """What is started for a function."""

    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """Lines for the log, before the first event."""
    title: str = ""
    """The runtime as the log names it."""
    framed: bool = False
    """It writes its log in frames, each an entry, into a pipe of its own."""


class Child(asyncio.SubprocessProtocol):
    """A running process. `ended` is done with the way it ended once it has."""

    def __init__(self, output: Callable[[bytes], None]) -> None:
        self._output = output
        self._transport: asyncio.SubprocessTransport | None = None
        self._keeper: Keeper | None = None
        self.pid = 0
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit status; negative for a signal."""
        self._exited = False
        self._piped = True
        self._give_up: asyncio.TimerHandle | None = None
        self._memory_mb = 0

    @classmethod
    async def start(cls, launch: Launch, keeper: Keeper, output: Callable[[bytes], None]) -> Child:
        """Start it. Raises OSError."""
        await keeper.start()
        child = cls(output)
        environment = dict(launch.environment)
        frames = await _open_frames(output) if launch.framed else None
        if frames is not None:
            environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(frames)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: child,
                *launch.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=launch.folder,
                env=environment,
                start_new_session=True,
                pass_fds=() if frames is None else (frames,),
            )
        finally:
            if frames is not None:
                os.close(frames)
        child._keeper = keeper
        if not child.ended.done():
            keeper.add(child.pid)
        return child

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid() or 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It wrote something."""
        self._output(data)

    def pipe_connection_lost(self, fd: int, error: Exception | None) -> None:
        """It writes no more."""
        self._piped = False
        self._end_when_whole()

    def process_exited(self) -> None:
        """It has ended; what it has started ends with it, and so the pipe closes.

        What has left the group may hold the pipe for as long as it likes: nobody waits for that.
        """
        self._exited = True
        self.kill()
        self._end_when_whole()
        if not self.ended.done():
            loop = asyncio.get_running_loop()
            self._give_up = loop.call_later(PIPE_SECONDS, self._stop_listening)

    def _stop_listening(self) -> None:
        self._piped = False
        self._end_when_whole()

    def _end_when_whole(self) -> None:
        if not self._exited or self._piped or self.ended.done():
            return
        transport = self._transport
        status = None if transport is None else transport.get_returncode()
        if self._keeper is not None:
            self._keeper.remove(self.pid)
        if self._give_up is not None:
            self._give_up.cancel()
        self.ended.set_result(status or 0)
        if transport is not None:
            transport.close()

    def kill(self) -> None:
        """End the whole group, now."""
        if self.pid and not self.ended.done():
            self.memory_mb_max()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def is_alive(self) -> bool:
        """Whether it lives, asked of the system: the loop hears of an end a moment later."""
        if self._exited:
            return False
        if not hasattr(os, "waitid"):
            return True
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def memory_mb_max(self) -> int:
        """The most memory it has had, or 0 where the system does not say."""
        if self._exited:
            return self._memory_mb
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return self._memory_mb
        _, _, rest = text.partition("VmHWM:")
        words = rest.split(maxsplit=1)
        if words:
            self._memory_mb = max(self._memory_mb, -(-int(words[0]) // 1024))
        return self._memory_mb


async def _open_frames(output: Callable[[bytes], None]) -> int:
    """A pipe for frames; the answer is its writing end."""
    reading, writing = os.pipe()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: _FramePipe(FrameReader(output)), os.fdopen(reading, "rb", 0)
    )
    return writing


class _FramePipe(asyncio.Protocol):
    """Feeds a reader of frames."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)


def manner_of_death(status: int) -> str | None:
    """How it ended, in Lambda's words; None when it ended of its own will without an error."""
    if status == 0:
        return None
    if status > 0:
        return f"exit status {status}"
    return "signal: " + _SIGNALS.get(-status, str(-status))


_SIGNALS = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    11: "segmentation fault",
    13: "broken pipe",
    15: "terminated",
}
