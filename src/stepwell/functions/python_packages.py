"""boto3 for Python functions, which AWS's image brings.

Where Stepwell's own interpreter has it, a folder of links shows boto3 and what it needs and nothing
else: all of it is plain Python. Else pip fetches it once into a cache, when a function asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from importlib import metadata
from pathlib import Path

from stepwell.functions.fetching import Fetcher
from stepwell.services.lambda_.ports import FunctionSpec

_PACKAGES = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_FETCHED = ("boto3==1.43.11", "botocore==1.43.11")


class PythonPackages:
    """Where boto3 is for functions."""

    def __init__(self, scratch: Path, cache: Path) -> None:
        self._links = scratch / "python-packages"
        self._fetcher = Fetcher(cache)
        self._linked: asyncio.Task[bool] | None = None

    async def folder(
        self, spec: FunctionSpec, *, version: str
    ) -> tuple[Path | None, tuple[str, ...]]:
        """The folder to put on PYTHONPATH, and what to say about it."""
        if self._linked is None:
            self._linked = asyncio.ensure_future(asyncio.to_thread(_link, self._links))
        if await asyncio.shield(self._linked):
            return self._links, ()
        if not await asyncio.to_thread(_mentions_boto, spec.code):
            return None, ()
        return await self._fetcher.pip(_FETCHED)


def _link(folder: Path) -> bool:
    """Show boto3's packages in the folder; False when this interpreter has no boto3."""
    try:
        files = [entry for name in _PACKAGES for entry in _entries(name)]
    except metadata.PackageNotFoundError:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink(missing_ok=True)
    for entry in files:
        with contextlib.suppress(FileExistsError):
            (folder / entry.name).symlink_to(entry)
    return True


def _entries(name: str) -> set[Path]:
    """The top-level files and folders of an installed package."""
    distribution = metadata.distribution(name)
    tops = {path.parts[0] for path in distribution.files or () if path.parts[0] != ".."}
    return {
        Path(str(distribution.locate_file(top))) for top in tops if top not in ("__pycache__", ".")
    }


_SCANNED_FILES_MAX = 2_000
_SCANNED_BYTES_MAX = 200_000


def _mentions_boto(code: Path) -> bool:
    """Whether a module of the function imports boto3, as far as one can see from its text."""
    seen = 0
    for folder, _, names in os.walk(code):
        for name in names:
            if not name.endswith(".py"):
                continue
            seen += 1
            if seen > _SCANNED_FILES_MAX:
                return True
            with open(Path(folder, name), "rb") as file:
                if b"boto" in file.read(_SCANNED_BYTES_MAX):
                    return True
    return False
