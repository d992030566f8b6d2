"""Ends the functions' processes when the server dies without having done it.

A small shell holds the reading end of a pipe and a list of process groups. When the server is gone,
killed or not, the pipe is at its end, and the shell kills every group still on the list. It works
wherever there is a POSIX shell, and for what functions have started themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess

_SCRIPT = """
trap '' HUP INT TERM
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*)
         groups="${groups%% $group *} ${groups#* $group }" ;;
       esac ;;
  esac
done
for group in $groups; do kill -9 "-$group" 2>/dev/null; done
"""


class Keeper:
    """The shell, started with the first process."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._groups: set[int] = set()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Be there."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            self._process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                _SCRIPT,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for group in self._groups:  # Of the shell before this one, if somebody killed it.
                self._tell(f"+ {group}\n")

    def add(self, group: int) -> None:
        """This process group must not outlive the server."""
        self._groups.add(group)
        self._tell(f"+ {group}\n")

    def remove(self, group: int) -> None:
        """It has ended."""
        self._groups.discard(group)
        self._tell(f"- {group}\n")

    def _tell(self, line: str) -> None:
        pipe = None if self._process is None else self._process.stdin
        if pipe is not None and not pipe.is_closing():
            pipe.write(line.encode())

    async def close(self) -> None:
        """Let it go; what is still on its list ends."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()
