"""Packages that AWS's images bring and this machine lacks: fetched once, with exact versions.

Each set of packages is a folder of its own in the cache, made aside and moved into place, so that
what is there is whole. What cannot be fetched is said in the function's log; the function then
fails in its own words (`Cannot find module`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

FETCH_SECONDS = 300
AGAIN_SECONDS = 300
"""How long it is taken for granted that what could not be fetched can't be."""
_SHOWN_CHARACTERS = 300

Fetched = tuple[Path | None, tuple[str, ...]]
"""The folder, and lines for the log."""


class Fetcher:
    """Fills the cache with the registries' own clients."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._under_way: dict[Path, asyncio.Task[str | None]] = {}
        self._troubles: dict[Path, tuple[float, str]] = {}

    async def pip(self, packages: tuple[str, ...]) -> Fetched:
        """Python packages."""
        command = (
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"),
            *("--disable-pip-version-check", "--retries", "1", "--target", "."),
        )
        folder = self._cache / "python" / _digest(packages)
        return await self._fetched(folder, (*command, *packages), packages)

    async def npm(self, packages: tuple[str, ...]) -> Fetched:
        """Node packages."""
        command = (
            *("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"),
            *("--save-exact", "--fetch-retries", "1", "--prefix", "."),
        )
        folder = self._cache / "node" / _digest(packages)
        path, notes = await self._fetched(folder, (*command, *packages), packages)
        return (None if path is None else path / "node_modules"), notes

    async def _fetched(
        self, folder: Path, command: tuple[str, ...], packages: tuple[str, ...]
    ) -> Fetched:
        if await asyncio.to_thread(folder.is_dir):
            return folder, ()
        now = asyncio.get_running_loop().time()
        again_at, hint = self._troubles.get(folder, (now, ""))
        if now < again_at:
            return None, (hint,)
        task = self._under_way.get(folder)
        if task is None:
            task = self._under_way[folder] = asyncio.ensure_future(_fetch(folder, command))
            task.add_done_callback(lambda _: self._under_way.pop(folder, None))
        trouble = await asyncio.shield(task)
        names = " ".join(packages)
        if trouble is None:
            return folder, (f"stepwell: fetched {names}",)
        hint = f"stepwell: {names} could not be fetched; put it into the function's code. {trouble}"
        self._troubles[folder] = (now + AGAIN_SECONDS, hint)
        return None, (hint,)


async def _fetch(folder: Path, command: tuple[str, ...]) -> str | None:
    """Run the command in a folder that takes its place at the end; else say what went wrong."""
    program = shutil.which(command[0])
    if program is None:
        return f"There is no program `{command[0]}`."
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="new-", dir=folder.parent))
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *command[1:],
            cwd=aside,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), FETCH_SECONDS)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            words = " ".join(output.decode("utf-8", "replace").split())
            return words[-_SHOWN_CHARACTERS:] or f"{command[0]} failed."
        with contextlib.suppress(OSError):  # Another process was faster.
            await asyncio.to_thread(aside.rename, folder)
        return None
    except TimeoutError:
        return f"{command[0]} took more than {FETCH_SECONDS} seconds."
    finally:
        await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)


def _digest(packages: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:24]
