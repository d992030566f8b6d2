"""Files that are looked at again and again, until one of them changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from stepwell.cli.deploy.archives import files_below

LOOK_AGAIN_SECONDS = 0.2

Snapshot = dict[str, tuple[int, int]]


def near(path: Path, read: Iterable[Path]) -> Callable[[], list[Path]]:
    """What to watch while it is not known what a project is made of: the files of its folder as
    they come and go, and what was read before."""
    given, known = path.resolve(), list(read)

    def look() -> list[Path]:
        try:
            beside = [one for one in given.iterdir() if one.is_file()] if given.is_dir() else []
        except OSError:
            beside = []
        return [*known, *beside, given] if not given.is_dir() else [*known, *beside]

    return look


def snapshot(paths: Iterable[Path]) -> Snapshot:
    """When each file changed last, and how long it is; what is gone is left out."""
    found: Snapshot = {}
    for path in paths:
        for file in files_below(path) if path.is_dir() else [path]:
            try:
                status = os.stat(file)
            except OSError:
                continue
            found[str(file)] = (status.st_mtime_ns, status.st_size)
    return found


def kept(before: Snapshot, paths: Iterable[Path]) -> Snapshot:
    """What of a snapshot is at or below those paths."""
    places = [str(path) for path in paths]
    return {
        file: seen
        for file, seen in before.items()
        if any(file == place or file.startswith(f"{place}{os.sep}") for place in places)
    }


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """The files that differ."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def wait_for_change(paths: Callable[[], Iterable[Path]], before: Snapshot) -> list[str]:
    """The files that changed since, once any has and all have been left alone for one look."""
    seen = before
    while True:
        time.sleep(LOOK_AGAIN_SECONDS)
        now = snapshot(paths())
        if now == seen and (files := changed(before, now)):
            return files
        seen = now
