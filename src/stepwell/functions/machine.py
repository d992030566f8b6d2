"""The interpreters of this machine: where they are, and what they say of themselves, asked once."""

from __future__ import annotations

import asyncio
import shutil
import sys

_ASK_SECONDS = 20


class Machine:
    """Remembers what it has found."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], asyncio.Task[str | None]] = {}

    @staticmethod
    def find(program: str) -> str | None:
        """The path of a program."""
        return shutil.which(program)

    async def ask(self, *command: str) -> str | None:
        """What a command prints, without the line break; None when it fails."""
        task = self._answers.get(command)
        if task is None:
            task = self._answers[command] = asyncio.ensure_future(_output(command))
        return await asyncio.shield(task)

    async def python(self, version: str) -> tuple[str, str]:
        """An interpreter for `3.12`, that one if there is one; and its own version."""
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        program = self.find(f"python{version}") if version != own else None
        if program is not None:
            said = await self.ask(
                program, "-c", "import platform; print(platform.python_version())"
            )
            if said and said.startswith(f"{version}."):
                return program, said
        return sys.executable, ".".join(map(str, sys.version_info[:3]))


async def _output(command: tuple[str, ...]) -> str | None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError:
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _ASK_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return output.decode("utf-8", "replace").strip() if process.returncode == 0 else None
