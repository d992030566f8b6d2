"""Zip files of code: checked when they come, unpacked when a function is to run.

Nothing leaves the folder it is unpacked to, whatever the names and links in the file say, and
nothing grows beyond the bound, whatever sizes it claims.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from stepwell.errors import ServiceError
from stepwell.services.lambda_.errors import invalid
from stepwell.services.lambda_.limits import ARCHIVE_FILES_MAX, UNPACKED_BYTES_MAX

_PIECE_BYTES = 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
)
"""What comes of a file that cannot be unpacked, whatever its directory claims."""
_ODD_NAMES = frozenset(
    (
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
    )
)
"""What the system says of names that no folder can hold, or not together."""


def code_sha256(data: bytes) -> str:
    """CodeSha256: base 64 of the SHA-256 of the zip file."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def examine(data: bytes) -> str:
    """The CodeSha256 of a zip file that can be unpacked. Raises ServiceError."""
    check(data)
    return code_sha256(data)


def check(data: bytes) -> None:
    """Raises ServiceError unless it is a zip file that can be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable() from error
    if not entries:
        raise invalid("Uploaded file must be a non-empty zip")
    if len(entries) > ARCHIVE_FILES_MAX:
        raise invalid(f"Uploaded file must have at most {ARCHIVE_FILES_MAX} entries")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise _too_large()
    for entry in entries:
        _inside(entry.filename)


def unpack(data: bytes, folder: Path) -> None:
    """Unpack into a folder that becomes visible only when it is complete.

    Raises ServiceError.
    """
    if folder.is_dir():
        return
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    left = UNPACKED_BYTES_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                left -= _unpack_entry(archive, entry, draft, left)
    except _BROKEN as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise _unreadable() from error
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if error.errno not in _ODD_NAMES:
            raise
        raise _unreadable() from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(folder)


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: Path, left: int) -> int:
    """Write one entry; how many bytes it has."""
    path = root.joinpath(*_inside(entry.filename).parts)
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise _unreadable()
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        _link(archive.read(entry)[:4_096].decode(), path, root)
        return 0
    if path.is_symlink():
        # What the link leads to may be outside by now: links after it change its way.
        path.unlink()
    written = 0
    with archive.open(entry) as source, path.open("wb") as target:
        while piece := source.read(_PIECE_BYTES):
            written += len(piece)
            if written > left:
                raise _too_large()
            target.write(piece)
    path.chmod(0o755 if mode & 0o111 else 0o644)
    return written


def _link(target: str, path: Path, root: Path) -> None:
    """A link to something else in the file; one that leads out is refused."""
    if not (path.parent / target).resolve().is_relative_to(root.resolve()):
        raise _unreadable()
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _inside(name: str) -> PurePosixPath:
    """The name of an entry as a path that stays inside."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise _unreadable()
    return path


def _unreadable() -> ServiceError:
    return invalid(
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def _too_large() -> ServiceError:
    return invalid(f"Unzipped size must be smaller than {UNPACKED_BYTES_MAX} bytes")
