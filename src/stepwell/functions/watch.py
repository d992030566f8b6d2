"""Whether a watched folder has changed: a number made of names, sizes and times of its files."""

from __future__ import annotations

import os
import zlib

from stepwell.functions.ports import WATCHED_FILES_MAX

_LEFT_OUT = frozenset({"__pycache__", ".git", ".venv", ".pytest_cache", ".mypy_cache"})


def stamp_of(folder: str) -> int:
    """Changes when a file does; at most `WATCHED_FILES_MAX` files are looked at."""
    stamp, left, folders = 0, WATCHED_FILES_MAX, [folder]
    while folders and left > 0:
        try:
            entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries[:left]:
            left -= 1
            if entry.name in _LEFT_OUT:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                continue
            try:
                seen = entry.stat()
            except OSError:
                continue
            text = f"{entry.path}\0{seen.st_size}\0{seen.st_mtime_ns}"
            stamp = zlib.crc32(text.encode("utf-8", "surrogateescape"), stamp)
    return stamp
