"""AWS's runtime interface client for Java: a few jars from Maven Central, fetched once and checked.

Jars that are there and have the right digest are used without asking anybody. Another repository
is named by the environment variable STEPWELL_MAVEN_REPOSITORY.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import httpx

from stepwell.errors import ServiceError

CENTRAL = "https://repo.maven.apache.org/maven2"
_FETCH_SECONDS = 120
_JAR_BYTES_MAX = 20_000_000


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact."""

    name: str
    version: str
    sha256: str
    group: str = "com/amazonaws"

    @property
    def file(self) -> str:
        """Its file's name."""
        return f"{self.name}-{self.version}.jar"


JARS = (
    Jar(
        "aws-lambda-java-core",
        "1.4.0",
        "575c24393cc1ad645e83e618956eabd89ffe8cc09efae2cb62bc6589154d68ed",
    ),
    Jar(
        "aws-lambda-java-serialization",
        "1.2.0",
        "1513c1f945a3213f916a4b2de1760c97b51d84d110f82bbbcf9cfac53d5651e7",
    ),
    Jar(
        "aws-lambda-java-runtime-interface-client",
        "2.9.0",
        "26568a5f63bf9e921567e77661be425650abc8972bae2aa0b7e99bab4e4239d9",
    ),
    Jar(
        "utils-lite",
        "2.34.0",
        "efaf784f07ae526f0b5c89d71ef21cf16636131c47d44616e3df9bedc3f4f89a",
        "software/amazon/awssdk",
    ),
)


class JavaPackages:
    """Where the jars are."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "java"
        self._fetching = asyncio.Lock()
        self._whole = False

    async def jars(self) -> list[Path]:
        """The jars, fetched if need be. Raises ServiceError when they can't be."""
        async with self._fetching:
            if not self._whole:
                for jar in JARS:
                    await self._fetch(jar)
                self._whole = True
        return [self._folder / jar.file for jar in JARS]

    async def _fetch(self, jar: Jar) -> None:
        path = self._folder / jar.file
        if await asyncio.to_thread(_digest, path) == jar.sha256:
            return
        base = os.environ.get("STEPWELL_MAVEN_REPOSITORY", CENTRAL).rstrip("/")
        url = f"{base}/{jar.group}/{jar.name}/{jar.version}/{jar.file}"
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                content = await _download(url)
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise _trouble(url, str(error) or type(error).__name__) from error
        if hashlib.sha256(content).hexdigest() != jar.sha256:
            raise _trouble(url, "it is not the file that was expected")
        await asyncio.to_thread(_keep, path, content)


async def _download(url: str) -> bytes:
    content = bytearray()
    async with (
        httpx.AsyncClient(follow_redirects=True, timeout=30) as client,
        client.stream("GET", url) as answer,
    ):
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _JAR_BYTES_MAX:
                raise OSError("the file is too large")
    return bytes(content)


def _trouble(url: str, why: str) -> ServiceError:
    message = (
        f"Java functions need AWS's runtime interface client, and {url} could not be fetched: "
        f"{why}. STEPWELL_MAVEN_REPOSITORY names another repository."
    )
    return ServiceError("InvalidRuntimeException", message, status=502)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.new")
    aside.write_bytes(content)
    aside.replace(path)
