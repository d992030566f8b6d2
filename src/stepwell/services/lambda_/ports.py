"""What Lambda needs from outside: something that runs functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from stepwell.services.feeds.ports import QueueSource, StreamSource


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function, as far as its processes need it.

    `key` changes whenever code or configuration do: processes of another key are not used.
    """

    key: str
    account: str
    region: str
    name: str
    version: str
    """`$LATEST` or a number."""
    runtime: str
    """`python3.12`, `nodejs20.x`, `java21`, `provided.al2023`, ..."""
    handler: str
    code: Path
    """The folder that holds the unpacked code."""
    layers: tuple[Path, ...] = ()
    """The unpacked layers, in their order: what a Lambda has in /opt."""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 3
    memory_mb: int = 128
    log_group: str = ""
    watched: bool = False
    """The code is a folder of the user's: processes start anew when a file in it changes."""

    @property
    def arn(self) -> str:
        """Without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function."""

    request_id: str
    payload: bytes
    invoked_arn: str
    """As the caller named it, with its qualifier if it had one."""
    client_context: str | None = None
    """JSON."""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it.

    `error` is None, or `Unhandled` (`Handled` is not used by today's runtimes): then the payload is
    the error document exactly as the runtime gives it (`errorMessage`, `errorType`, `requestId`,
    `stackTrace`), or the service's own for a timeout, a dead process, an error in the beginning.
    """

    payload: bytes
    error: str | None
    log_tail: bytes
    """The last 4 KB of the log of this invocation, with START, END and REPORT."""


class Runner(Protocol):
    """Runs functions in processes that stay warm."""

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Run it in a free process, or in a new one.

        How many run at once is the caller's affair. Raises ServiceError where the function cannot
        be run on this machine (InvalidRuntimeException...). When the awaiting task is cancelled
        the process is ended.
        """

    def refuse(self, runtime: str) -> str | None:
        """Why functions of that runtime cannot run on this machine, or None when they can."""

    async def forget(self, key: str) -> None:
        """Let the processes of that key go, once they have answered."""

    async def close(self) -> None:
        """End every process."""


Log = Callable[[FunctionSpec, str, int, list[str]], None]
"""Where functions' lines go: the function, the log stream (one per process), epoch
milliseconds, the lines."""


class CodeSource(Protocol):
    """Where code comes from when it is not in the request: S3."""

    async def read(
        self, account: str, region: str, bucket: str, key: str, version: str | None
    ) -> bytes:
        """The object. Raises ServiceError with AWS's sentence of Lambda."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What Lambda reads from, as far as it is there."""

    code: CodeSource | None = None
    queues: QueueSource | None = None
    streams: StreamSource | None = None
