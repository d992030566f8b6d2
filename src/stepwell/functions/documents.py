"""What Lambda itself says when a function does not answer, and the lines it writes into the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from stepwell.functions.ports import RESPONSE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an invocation has no answer of its function's own."""

    kind: str
    message: str
    """Without the request; `RequestId: ... Error: ` comes before it."""
    status: str = "error"

    def document(self, request_id: str) -> bytes:
        """The payload."""
        message = f"RequestId: {request_id} Error: {self.message}"
        return _json({"errorType": self.kind, "errorMessage": message})


def timed_out(seconds: float) -> Failure:
    """The function took too long."""
    return Failure("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds", "timeout")


def exited(manner: str | None) -> Failure:
    """The process is gone."""
    if manner is None:
        return Failure("Runtime.ExitError", "Runtime exited without providing a reason")
    return Failure("Runtime.ExitError", f"Runtime exited with error: {manner}")


TOO_LARGE = json.dumps(
    {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({RESPONSE_BYTES_MAX} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    },
    separators=(",", ":"),
).encode()


def _json(value: dict[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def error_type(document: bytes, otherwise: str) -> str:
    """The type that an error document names."""
    try:
        named = json.loads(document)["errorType"]
    except (ValueError, TypeError, KeyError):
        return otherwise
    return named if isinstance(named, str) and named else otherwise


def init_report(init_ms: float, status: str, kind: str) -> str:
    """The line about a process that did not get ready."""
    ending = "" if status == "timeout" else f"\tError Type: {kind}"
    return f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: init\tStatus: {status}{ending}\t"


def timestamp(now_ms: int) -> str:
    """As in the log: `2026-01-31T09:00:00.000Z`."""
    text = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one invocation."""

    request_id: str
    duration_ms: float
    memory_mb: int
    memory_used_mb: int
    init_ms: float | None = None
    status: str | None = None
    error_type: str | None = None

    def lines(self) -> list[str]:
        """END and REPORT."""
        billed = max(1, -(-int(self.duration_ms * 1000) // 1000))
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.memory_used_mb} MB",
        ]
        if self.init_ms is not None:
            parts.append(f"Init Duration: {self.init_ms:.2f} ms")
        if self.status is not None:
            parts.append(f"Status: {self.status}")
        if self.error_type is not None:
            parts.append(f"Error Type: {self.error_type}")
        return [f"END RequestId: {self.request_id}", "\t".join(parts) + "\t"]
