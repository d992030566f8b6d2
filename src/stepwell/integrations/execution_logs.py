"""Executions write their events to a log group, as their machine's loggingConfiguration says.

The lines are staged in the turn that keeps the history: a log never tells what did not happen. All
executions that a machine starts on one day share a stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stepwell.engine.events import Details, HistoryEvent
from stepwell.runtime.live import Live
from stepwell.runtime.turn import Turn
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.names import parse_arn
from stepwell.values import JsonObject, decode, encode_text

DATA_BYTES_MAX = 248 * 1024
"""Longer inputs and outputs are cut in the log."""
SETTINGS_REMEMBERED = 1_000

_DATA = ("input", "output")
_FAILURES = (
    "Failed",
    "Aborted",
    "TimedOut",
)
_FATAL = frozenset(("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"))


@dataclass(frozen=True, slots=True)
class _Logging:
    """Where to, and what."""

    scope: str
    group: str
    level: str
    with_data: bool

    def wants(self, event_type: str) -> bool:
        if self.level == "ALL":
            return True
        if self.level == "FATAL":
            return event_type in _FATAL
        return event_type.endswith(_FAILURES) or event_type == "FailStateEntered"


class ExecutionLogs:
    """A watcher of executions."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._known: dict[str, _Logging | None] = {}

    def happened(self, turn: Turn, live: Live, events: Sequence[HistoryEvent]) -> None:
        """Write what the machine wants to be logged."""
        try:
            logging = self._known[live.settings]
        except KeyError:
            logging = self._read(live.settings)
        if logging is None:
            return
        lines = [
            (event.at, _line(event, live, with_data=logging.with_data))
            for event in events
            if logging.wants(event.type)
        ]
        if lines:
            self._logs.write(turn, logging.scope, logging.group, _stream(live), lines)

    def _read(self, settings: str) -> _Logging | None:
        if len(self._known) >= SETTINGS_REMEMBERED:
            self._known.clear()
        found = self._known[settings] = read_logging(settings)
        return found


def read_logging(settings: str) -> _Logging | None:
    """What a revision's settings say; None for nothing to do."""
    kept = decode(settings)
    logging = kept.get("loggingConfiguration") if isinstance(kept, dict) else None
    if not isinstance(logging, dict) or logging.get("level", "OFF") == "OFF":
        return None
    arn = ""
    match logging.get("destinations"):
        case [{"cloudWatchLogsLogGroup": {"logGroupArn": str() as arn}}]:
            pass
    place = parse_arn(arn)
    if place is None:
        return None
    return _Logging(*place, str(logging["level"]), bool(logging.get("includeExecutionData")))


def _line(event: HistoryEvent, live: Live, *, with_data: bool) -> str:
    line: JsonObject = {
        "id": str(event.id),
        "type": event.type,
        "details": _details(event.details or {}, with_data=with_data),
        "redrive_count": str(live.execution.redrive_count),
        "previous_event_id": str(event.previous),
        "event_timestamp": str(event.at),
        "execution_arn": live.row.arn,
    }
    return encode_text(line)


def _details(details: Details, *, with_data: bool) -> JsonObject:
    shown: JsonObject = dict(details)
    for name in _DATA:
        text = shown.get(name)
        if not with_data:
            shown.pop(name, None)
            shown.pop(f"{name}Details", None)
        elif isinstance(text, str) and len(text) > DATA_BYTES_MAX // 4:
            cut = text.encode()[:DATA_BYTES_MAX].decode(errors="ignore")
            if len(cut) < len(text):
                shown[name], shown[f"{name}Details"] = cut, {"truncated": True}
    return shown


def _stream(live: Live) -> str:
    """The stream of a machine's executions that began on that day."""
    machine = live.execution.identity.machine_arn
    day = datetime.fromtimestamp(live.row.started_at / 1000, UTC)
    mark = hashlib.sha256(machine.encode()).hexdigest()[:8]
    return f"states/{live.execution.identity.machine_name}/{day:%Y-%m-%d-00-00}/{mark}"
