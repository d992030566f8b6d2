"""Zip files as rows, and the folders they are unpacked to.

Rows are written in pieces with the turn that makes the function or the layer. Folders are scratch:
made when they are needed, and all gone at the next start.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from stepwell.runtime.turn import Turn
from stepwell.services.lambda_.archive import unpack
from stepwell.services.lambda_.errors import not_found
from stepwell.services.lambda_.limits import CODE_PART_BYTES
from stepwell.services.lambda_.records import CODE, CodeRow
from stepwell.services.parts import ServiceParts

_PAGE = 16
_UNPACKED_HERE_BYTES_MAX = 256 * 1024
"""Smaller files are unpacked without a thread."""
_IN_USE_MS = 16 * 60_000
"""Longer than any invocation takes."""


class Codes:
    """The zip files of functions and layers by their ids."""

    def __init__(self, parts: ServiceParts, scratch: Path | None) -> None:
        self._parts = parts
        self._given = scratch
        self._scratch: Path | None = None
        self._unpacking: dict[int, asyncio.Task[Path]] = {}
        self._removing: set[asyncio.Task[None]] = set()

    def load(self) -> None:
        """Remove what an earlier process left."""
        if self._given is not None:
            shutil.rmtree(self._given, ignore_errors=True)

    def close(self) -> None:
        """Remove the folders."""
        for task in self._unpacking.values():
            task.cancel()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def put(self, turn: Turn, data: bytes) -> int:
        """Keep a zip file; its id."""
        code = self._parts.ids.next_id()
        for part, start in enumerate(range(0, len(data), CODE_PART_BYTES)):
            turn.put(CODE, CodeRow(code, part, data[start : start + CODE_PART_BYTES]))
        return code

    def delete(self, turn: Turn, code: int, size: int) -> None:
        """Nobody needs it any more."""
        for part in range(-(-size // CODE_PART_BYTES)):
            turn.delete(CODE, (code, part))
        turn.after_commit(lambda: self._remove_later(code))

    def _remove_later(self, code: int) -> None:
        """Remove the folder once nothing that began before can still run in it."""
        if self._scratch is None:
            return
        folder = self._scratch / str(code)

        def remove() -> None:
            task = asyncio.ensure_future(asyncio.to_thread(_remove, folder))
            self._removing.add(task)
            task.add_done_callback(self._removing.discard)

        self._parts.alarm.call_at(self._parts.clock.now() + _IN_USE_MS, remove)

    async def read(self, code: int) -> bytes:
        """The zip file. Raises ServiceError when it is gone, StorageTrouble."""
        # What was staged a moment ago is on disk then.
        await self._parts.ledger.committed()
        pieces: list[bytes] = []
        while True:
            after = (len(pieces) - 1,) if pieces else None
            rows = await self._parts.store.scan(CODE, (code,), after=after, limit=_PAGE)
            pieces += [row.data for row in rows]
            if len(rows) < _PAGE:
                break
        if not pieces:
            raise not_found("The code of the function was deleted.")
        return b"".join(pieces)

    async def folder(self, code: int) -> Path:
        """The folder that holds it, unpacked. Raises ServiceError, StorageTrouble."""
        folder = self._root() / str(code)
        if folder.is_dir():
            return folder
        task = self._unpacking.get(code)
        if task is None:
            task = asyncio.ensure_future(self._unpack(code, folder))
            self._unpacking[code] = task
            task.add_done_callback(lambda _: self._unpacking.pop(code, None))
        return await asyncio.shield(task)

    async def _unpack(self, code: int, folder: Path) -> Path:
        data = await self.read(code)
        if len(data) <= _UNPACKED_HERE_BYTES_MAX:
            unpack(data, folder)
        else:
            await asyncio.to_thread(unpack, data, folder)
        return folder

    def _root(self) -> Path:
        if self._scratch is None:
            if self._given is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="stepwell-functions-"))
            else:
                self._scratch = self._given / "code"
                self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
