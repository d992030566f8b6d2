"""Zip archives that are the same again for the same files, so that their hash tells a change."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

from stepwell.cli.deploy.sources import BadProject
from stepwell.values import BadJson, JsonObject, decode

FILES_MAX = 50_000
BYTES_MAX = 512 * 1024 * 1024
"""What AWS lets the unpacked code of a function be is half of this."""

SKIPPED_FOLDERS = frozenset({"__pycache__", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
SKIPPED_ENDINGS = (".pyc", ".DS_Store")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder in the order of their names, without what tools leave behind.

    Links are followed, but never round in a circle. Raises BadProject for too many files.
    """
    count = 0
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if not name.endswith(SKIPPED_ENDINGS):
                count += 1
                if count > FILES_MAX:
                    raise BadProject(f"{folder} has more than {FILES_MAX:,} files: is it the code?")
                yield Path(place, name)


def zipped(folder: Path) -> bytes:
    """The folder as an archive. Raises BadProject when it is too large or can't be read."""
    buffer = io.BytesIO()
    size = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in files_below(folder):
            data = read_file(path)
            size += len(data)
            if size > BYTES_MAX:
                raise BadProject(f"{folder} is larger than {BYTES_MAX:,} bytes: is it the code?")
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            executable = os.access(path, os.X_OK)
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises BadProject, also for what would never end or never begin."""
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise BadProject(f"{path} is no file")
        if status.st_size > BYTES_MAX:
            raise BadProject(f"{path} is larger than {BYTES_MAX:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BadProject(f"{path}: {error.strerror or error}") from error


def read_json(path: Path) -> JsonObject:
    """A file that holds a JSON object. Raises BadProject."""
    try:
        value = decode(read_file(path))
    except BadJson as error:
        raise BadProject(f"{path}: {error}") from error
    if not isinstance(value, dict):
        raise BadProject(f"{path} is no JSON object")
    return value
