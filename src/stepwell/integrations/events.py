"""`events:putEvents`: the events set off what they set off in the turn that keeps the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.integrations.envelope import ErrorNames, with_metadata
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.events.events import Events
from stepwell.services.events.putting import put_entries
from stepwell.values import JsonValue, encode_text

ERRORS = ErrorNames("EventBridge", "AmazonEventBridge", frozenset({"InternalException"}))

ENTRIES_MAX = 10


class EventsIntegration:
    """Puts events on the embedded buses."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Put the events; if one of them is refused the task fails, and the others were put."""
        if not self._events.is_ready:
            return Later(self._events.ready)
        try:
            answer = put_entries(
                self._events, turn, call.account, call.region, _entries(call), trusted=False
            )
        except ServiceError as error:
            return ERRORS.refused(error, call)
        if answer["FailedEntryCount"]:
            return Refused("EventBridge.FailedEntry", encode_text(_shown(answer)))
        return Answered(with_metadata(answer, call))


def _shown(answer: dict[str, Any]) -> dict[str, Any]:
    """The cause of the failure names the entries first."""
    return {"Entries": answer["Entries"], "FailedEntryCount": answer["FailedEntryCount"]}


def _entries(call: ServiceCall) -> Sequence[dict[str, Any]]:
    given = call.parameters.get("Entries") if isinstance(call.parameters, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= ENTRIES_MAX:
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value at 'entries' failed to satisfy constraint:"
            f" Member must have length between 1 and {ENTRIES_MAX}, inclusive",
        )
    return [_entry(entry, call) for entry in given]


def _entry(entry: JsonValue, call: ServiceCall) -> dict[str, Any]:
    """Detail may be JSON; the machine and the execution are resources of every event."""
    fields: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {}
    detail = fields.get("Detail")
    if detail is not None and not isinstance(detail, str):
        fields["Detail"] = encode_text(detail)
    machine = call.execution_arn.replace(":execution:", ":stateMachine:", 1).rpartition(":")[0]
    given = fields.get("Resources")
    resources = [str(each) for each in given] if isinstance(given, list) else []
    return fields | {"Resources": [*resources, machine, call.execution_arn]}
