"""Functions without processes: handlers of a test stand for the code of Lambda functions.

    runner = FakeRunner({"greet": lambda event: {"hello": event["name"]}})

A handler gets the event and returns what the function returns; what it raises is the function's
error. It may be a coroutine function, for functions that take their time.
"""

from __future__ import annotations

import inspect
import io
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from stepwell.services.lambda_.ports import FunctionSpec, Invocation, Outcome
from stepwell.values import decode, encode

Handler = Callable[[Any], Any | Awaitable[Any]]


class FakeRunner:
    """A runner (services.lambda_.ports.Runner) whose functions are handlers by name."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None) -> None:
        self.handlers = dict(handlers or {})
        self.calls: list[tuple[FunctionSpec, Invocation]] = []
        """Every invocation, in the order in which they began."""
        self.forgotten: list[str] = []

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Call the handler; a function without one answers with its event."""
        self.calls.append((spec, invocation))
        handler = self.handlers.get(spec.name, _echo)
        log = f"START RequestId: {invocation.request_id}\n".encode()
        try:
            result = handler(decode(invocation.payload))
            if inspect.isawaitable(result):
                result = await result
        except Exception as error:
            document = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "requestId": invocation.request_id,
                "stackTrace": [],
            }
            return Outcome(encode(document), "Unhandled", log)
        return Outcome(encode(result), None, log)

    def refuse(self, runtime: str) -> str | None:
        """Every runtime is there."""
        return None

    async def forget(self, key: str) -> None:
        """Remember that it was forgotten."""
        self.forgotten.append(key)

    async def close(self) -> None:
        """There is nothing to end."""

    def events_of(self, name: str) -> list[Any]:
        """What a function was called with, in order."""
        return [decode(call.payload) for spec, call in self.calls if spec.name == name]


def _echo(event: Any) -> Any:
    return event


def zip_of(files: Mapping[str, str]) -> bytes:
    """A zip file of those texts; the same bytes for the same texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return buffer.getvalue()
