"""A runner and functions made of source text, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stepwell.functions.runner import ProcessRunner
from stepwell.runtime.alarms import LoopAlarm
from stepwell.runtime.clock import SystemClock, SystemIds
from stepwell.services.lambda_.ports import FunctionSpec, Invocation, Outcome
from stepwell.values import JsonValue


@dataclass
class Running:
    """A runner with its log and the functions that were made for it."""

    folder: Path
    runner: ProcessRunner
    lines: list[str]
    calls: int = 0
    specs: dict[str, FunctionSpec] = field(default_factory=dict)

    def function(
        self,
        runtime: str,
        handler: str,
        files: Mapping[str, str | bytes],
        *,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: int = 20,
        name: str = "f",
    ) -> FunctionSpec:
        """A function with that code."""
        code = self.folder / f"code{len(self.specs)}"
        write_files(code, files)
        spec = FunctionSpec(
            key=f"{name}-{len(self.specs)}",
            account="123456789012",
            region="eu-west-1",
            name=name,
            version="$LATEST",
            runtime=runtime,
            handler=handler,
            code=code,
            environment=environment or {},
            timeout_seconds=timeout_seconds,
            memory_mb=256,
            log_group=f"/aws/lambda/{name}",
        )
        self.specs[spec.key] = spec
        return spec

    async def call(
        self, spec: FunctionSpec, event: JsonValue = None, *, client_context: str | None = None
    ) -> Outcome:
        """Invoke it once."""
        self.calls += 1
        invocation = Invocation(
            request_id=f"request-{self.calls}",
            payload=json.dumps(event).encode(),
            invoked_arn=f"{spec.arn}:live",
            client_context=client_context,
            trace="Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        )
        return await self.runner.invoke(spec, invocation)

    async def result(self, spec: FunctionSpec, event: JsonValue = None) -> JsonValue:
        """What it returns; it must not fail."""
        outcome = await self.call(spec, event)
        assert outcome.error is None, outcome.payload
        return document(outcome)

    async def error(self, spec: FunctionSpec, event: JsonValue = None) -> dict[str, JsonValue]:
        """The error document; it must fail."""
        outcome = await self.call(spec, event)
        assert outcome.error == "Unhandled"
        found = document(outcome)
        assert isinstance(found, dict)
        return found


class HastyTime:
    """A clock that runs faster than the machine's, and an alarm on it: for minutes in tests."""

    def __init__(self, speed: int) -> None:
        self._clock = SystemClock()
        self._alarm = LoopAlarm(self._clock)
        self._begin = self._clock.now()
        self._speed = speed

    def now(self) -> int:
        """Epoch milliseconds, ahead of the machine's."""
        return self._begin + (self._clock.now() - self._begin) * self._speed

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once it is `at` on this clock."""
        left = max(0, at - self.now())
        return self._alarm.call_at(self._clock.now() + -(-left // self._speed), action)


def make_running(
    folder: Path,
    endpoint: Callable[[], str] = lambda: "http://localhost:4566",
    *,
    processes_max: int = 64,
    hasty: int = 1,
    cache: Path | None = None,
) -> Running:
    """A runner whose time runs `hasty` times as fast as the machine's."""
    time = HastyTime(hasty)
    lines: list[str] = []

    def log(spec: FunctionSpec, stream: str, at: int, said: list[str]) -> None:
        lines.extend(said)

    runner = ProcessRunner(
        time,
        time,
        SystemIds(),
        endpoint=endpoint,
        scratch=folder / "scratch",
        log=log,
        cache=cache,
        processes_max=processes_max,
    )
    return Running(folder, runner, lines)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write texts and bytes below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def document(outcome: Outcome) -> JsonValue:
    """The payload as a value."""
    found: JsonValue = json.loads(outcome.payload)
    return found


def with_layers(spec: FunctionSpec, *layers: Path) -> FunctionSpec:
    """The same with layers."""
    return replace(spec, layers=layers)
