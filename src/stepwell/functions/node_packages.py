"""The AWS SDK for Node functions, which AWS's image brings: version 2 up to nodejs16, 3 after it.

What a function's own code names and does not bring is fetched once with npm, at fixed versions,
into a folder that is never changed again.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from stepwell.functions.fetching import Fetcher
from stepwell.services.lambda_.ports import FunctionSpec

SDK_2 = "2.1693.0"
SDK_3 = "3.1162.0"
_NAMED = re.compile(
    rb"""['"](aws-sdk|@aws-sdk/(?:(?:client|lib)-[a-z0-9-]+|credential-providers))(?=['"/])"""
)
_COMPOSED = re.compile(rb"@aws-sdk/client-(?:\$\{|['\"] ?\+)")
"""A client's name that is put together while the function runs."""
SERVED = (
    "api-gateway",
    "apigatewayv2",
    "cloudformation",
    "cloudwatch-logs",
    "dynamodb",
    "dynamodb-streams",
    "eventbridge",
    "iam",
    "lambda",
    "pipes",
    "s3",
    "scheduler",
    "secrets-manager",
    "sfn",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
"""The clients that a composed name may mean here: those of the services there are."""
_SUFFIXES = (".js", ".mjs", ".cjs")
_SCANNED_FILES_MAX = 2_000
_SCANNED_BYTES_MAX = 20_000_000
"""Of all files together."""


class NodePackages:
    """Where the SDK is for functions."""

    def __init__(self, cache: Path) -> None:
        self._fetcher = Fetcher(cache)

    async def folder(self, spec: FunctionSpec, version: str) -> tuple[Path | None, tuple[str, ...]]:
        """The `node_modules` to put on NODE_PATH, and what to say about it."""
        missing = await asyncio.to_thread(_missing, spec)
        if not missing:
            return None, ()
        return await self._fetcher.npm(tuple(f"{name}@{_version(name)}" for name in missing))


def _version(name: str) -> str:
    """A client without news in a release of version 3 is not published with it: then the last."""
    return SDK_2 if name == "aws-sdk" else f"<={SDK_3}"


def _missing(spec: FunctionSpec) -> list[str]:
    """The SDK packages that the code names and neither it nor a layer brings."""
    homes = [spec.code / "node_modules"]
    homes += [path for layer in spec.layers for path in (layer / "nodejs").glob("**/node_modules")]
    named = _named(spec.code)
    return sorted(name for name in named if not any((home / name).is_dir() for home in homes))


def _named(code: Path) -> set[str]:
    named: set[str] = set()
    seen, left_bytes = 0, _SCANNED_BYTES_MAX
    for folder, folders, names in os.walk(code):
        folders[:] = [name for name in folders if name not in ("node_modules", ".git")]
        for name in names:
            if not name.endswith(_SUFFIXES):
                continue
            seen += 1
            if seen > _SCANNED_FILES_MAX or left_bytes <= 0:
                return named
            with open(Path(folder, name), "rb") as file:
                text = file.read(left_bytes)
            left_bytes -= len(text)
            named.update(found.decode() for found in _NAMED.findall(text))
            if _COMPOSED.search(text):
                named.update(f"@aws-sdk/client-{name}" for name in SERVED)
    return named
