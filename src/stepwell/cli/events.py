"""History events as lines of a table: when, which state, and what happened in a few words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stepwell.cli.words import shortened
from stepwell.values import BadJson, JsonObject, JsonValue, decode

DATA_CHARACTERS = 72


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event of a history. `at` is epoch seconds, `since` seconds since the first event."""

    id: int
    at: float
    since: float
    type: str
    state: str
    what: str


def event_lines(events: Iterable[JsonObject]) -> list[EventLine]:
    """The lines of a history in the order of its ids. An event without a name gets the state of the
    event that led to it."""
    lines: list[EventLine] = []
    states: dict[int, str] = {}
    for event in events:
        number, previous = _number(event, "id"), _number(event, "previousEventId")
        kind, details = str(event.get("type")), _details(event)
        ends = kind.startswith("Execution")
        state = str(details.get("name") or ("" if ends else states.get(previous, "")))
        states[number] = state
        at = float(str(event.get("timestamp", 0)))
        since = at - lines[0].at if lines else 0.0
        lines.append(EventLine(number, at, since, kind, state, _what(kind, details)))
    return lines


def _number(event: JsonObject, name: str) -> int:
    value = event.get(name)
    return value if isinstance(value, int) else 0


def _details(event: JsonObject) -> JsonObject:
    """The one member whose name ends in EventDetails."""
    for name, value in event.items():
        if name.endswith("EventDetails") and isinstance(value, dict):
            return value
    return {}


_TOLD = {
    "workerName": "worker {}",
    "index": "item {}",
    "length": "{} items",
    "mapRunArn": "{}",
}
"""Details that say all there is to say of their event."""


def _what(kind: str, details: JsonObject) -> str:
    if "error" in details or "cause" in details:
        told = [str(details[name]) for name in ("error", "cause") if details.get(name)]
        return shortened(": ".join(told), DATA_CHARACTERS)
    if kind.endswith("Scheduled"):
        return _scheduled(details)
    if kind == "TaskSubmitted":
        return _submitted(details)
    for name, words in _TOLD.items():
        if name in details:
            return words.format(details[name])
    data = details.get("output", details.get("input"))
    return shortened(str(data), DATA_CHARACTERS) if data is not None else ""


def _scheduled(details: JsonObject) -> str:
    kind, resource = details.get("resourceType"), details.get("resource")
    parts = [f"{kind}:{resource}" if kind else str(resource)]
    if details.get("timeoutInSeconds"):
        parts.append(f"timeout {details['timeoutInSeconds']} s")
    if details.get("heartbeatInSeconds"):
        parts.append(f"heartbeat {details['heartbeatInSeconds']} s")
    return ", ".join(parts)


def _submitted(details: JsonObject) -> str:
    """What the service answered, without the envelope."""
    try:
        output: JsonValue = decode(str(details.get("output", "")))
    except BadJson:
        output = None
    if isinstance(output, dict):
        for name in ("MessageId", "ExecutionArn"):
            if name in output:
                return f"{name} {output[name]}"
    return shortened(str(details.get("output", "")), DATA_CHARACTERS)
