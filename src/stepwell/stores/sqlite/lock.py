"""One process per data directory: an exclusive lock on a file that the operating system frees at
death, however it comes."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from stepwell.errors import StorageTrouble, StoreInUse

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DirectoryLock:
    """Held from construction until `release`. Raises StoreInUse naming the holder."""

    def __init__(self, directory: Path) -> None:
        path = directory / "stepwell.lock"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageTrouble(f"cannot write to {path}: {error.strerror}") from error
        try:
            _take(self._descriptor)
        except OSError as error:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreInUse(
                f"{directory} is in use by another Stepwell (process {holder or 'unknown'}): "
                "stop that process, or give this one a data directory of its own"
            ) from error
        # Who holds it is only for messages, so a full disk does not matter here.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another process have the directory."""
        os.close(self._descriptor)
