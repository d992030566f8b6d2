"""Running a version of a function, within its reserved concurrency and the account's."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from stepwell.runtime.turn import Turn
from stepwell.services.lambda_.errors import invalid, not_found, throttled
from stepwell.services.lambda_.limits import RESPONSE_BYTES_MAX
from stepwell.services.lambda_.names import read_layer
from stepwell.services.lambda_.ports import FunctionSpec, Invocation, Outcome, Runner
from stepwell.services.lambda_.records import FunctionRow, VersionRow
from stepwell.services.lambda_.registry import Registry
from stepwell.values import decode, encode


class NoRunner:
    """Runs nothing: where there is no machine to run functions on."""

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Raises ServiceError."""
        raise invalid("This server does not run functions.")

    def refuse(self, runtime: str) -> str | None:
        """Nothing is refused at creation."""
        return None

    async def forget(self, key: str) -> None:
        """There is nothing."""

    async def close(self) -> None:
        """There is nothing."""


class Running:
    """How many run of each function, and the way to the runner."""

    def __init__(self, registry: Registry, runner: Runner) -> None:
        self.registry = registry
        self._runner = runner
        self._running: Counter[str] = Counter()
        """By place."""
        self._unreserved: Counter[str] = Counter()
        """Of functions that reserve nothing, by scope."""
        self._tasks: set[asyncio.Future[Any]] = set()
        self._listeners: list[Callable[[], None]] = []

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever an invocation ended. The answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def refuse(self, runtime: str) -> str | None:
        """Why functions of that runtime cannot run here, or None."""
        return self._runner.refuse(runtime)

    def forget(self, turn: Turn, row: VersionRow) -> None:
        """A version goes with the turn: let its processes go after it."""
        key = spec_key(row)
        turn.after_commit(lambda: self._forget(key))

    def _forget(self, key: str) -> None:
        task = asyncio.ensure_future(self._runner.forget(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every process."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*list(self._tasks), return_exceptions=True)
        await self._runner.close()

    def room(self, function: FunctionRow) -> int:
        """How many more invocations of a function may begin now."""
        place = f"{function.scope}:{function.name}"
        unreserved = function.reserved is None
        running = self._unreserved[function.scope] if unreserved else self._running[place]
        return max(0, self._capacity(function) - running)

    def has_room(self, function: FunctionRow, under_way: int) -> bool:
        """Whether one more may begin beside those of a caller, which may not have begun yet."""
        return under_way < self._capacity(function) and self.room(function) > 0

    def _capacity(self, function: FunctionRow) -> int:
        if function.reserved is not None:
            return function.reserved
        reserved = sum(r.reserved or 0 for r in self.registry.functions.of(function.scope))
        return self.registry.settings.concurrent_executions - reserved

    async def run(
        self, function: FunctionRow, version: VersionRow, invocation: Invocation
    ) -> Outcome:
        """Run it. Raises ServiceError: throttled, or not to be run on this machine.

        When the caller goes away the function still runs to its end, as on AWS.
        """
        if not self.room(function):
            reserved = "ReservedFunction" if function.reserved is not None else ""
            raise throttled(f"{reserved}ConcurrentInvocationLimitExceeded")
        place, scope = version.function, function.scope
        unreserved = function.reserved is None
        self._running[place] += 1
        self._unreserved[scope] += unreserved
        task = asyncio.ensure_future(self._run(version, invocation))
        self._tasks.add(task)

        def ended(task: asyncio.Future[Outcome]) -> None:
            self._running[place] -= 1
            self._unreserved[scope] -= unreserved
            self._ended(task)

        task.add_done_callback(ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Future[Outcome]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Whoever waited may have gone away: then nobody else asks for the exception.
            task.exception()
        for listener in tuple(self._listeners):
            listener()

    async def _run(self, version: VersionRow, invocation: Invocation) -> Outcome:
        spec = await self._spec(version)
        return _bounded(await self._runner.invoke(spec, invocation))

    async def _spec(self, row: VersionRow) -> FunctionSpec:
        members = cast("dict[str, Any]", decode(row.configuration))
        account, region, name = row.function.split(":")
        given = members.get("_folder")
        code = Path(given) if given else await self.registry.codes.folder(row.code)
        return FunctionSpec(
            key=spec_key(row),
            account=account,
            region=region,
            name=name,
            version=row.version,
            runtime=members["Runtime"],
            handler=members["Handler"],
            code=code,
            layers=tuple([await self._layer(one["Arn"]) for one in members.get("Layers", ())]),
            environment=members.get("Environment", {}).get("Variables", {}),
            timeout_seconds=members["Timeout"],
            memory_mb=members["MemorySize"],
            log_group=members["LoggingConfig"].get("LogGroup", f"/aws/lambda/{name}"),
            watched=given is not None,
        )

    async def _layer(self, arn: str) -> Path:
        parsed = read_layer(arn)
        row = None
        if parsed is not None:
            place = ":".join(parsed[:3])
            row = self.registry.layer_versions.get(place, parsed[3])
        if row is None:
            raise not_found(f"Layer version {arn} does not exist.")
        return await self.registry.codes.folder(row.code)


def spec_key(row: VersionRow) -> str:
    """Names what processes of a version were started from: its code and its configuration."""
    text = f"{row.function} {row.version} {row.code} {row.configuration}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _bounded(outcome: Outcome) -> Outcome:
    """An answer that is too large is an error of the function."""
    size = len(outcome.payload)
    if size <= RESPONSE_BYTES_MAX:
        return outcome
    error = {
        "errorMessage": f"Response payload size exceeded maximum allowed payload size"
        f" ({RESPONSE_BYTES_MAX} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return Outcome(encode(error), "Unhandled", outcome.log_tail)
