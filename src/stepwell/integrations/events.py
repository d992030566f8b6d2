"""`events:putEvents`: the events set off what they set off in the turn that keeps the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.integrations.aws_sdk import Place, unusable
from stepwell.integrations.aws_sdk_shapes import Read, compile_read
from stepwell.integrations.envelope import ErrorNames
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import load
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.api import Params
from stepwell.services.events.events import Events
from stepwell.services.events.putting import put_entries
from stepwell.values import encode_text

ERRORS = ErrorNames("EventBridge", "AmazonEventBridge", frozenset({"InternalException"}))


class EventsIntegration:
    """Puts events on the embedded buses."""

    def __init__(self, events: Events, place: Place) -> None:
        self._events = events
        self._place = place
        model = load("events")
        shape = model.operations["PutEvents"].input
        self._read: Read = compile_read(model, shape)
        self._check = compile_check(model, shape)

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Put the events; if one of them is refused the task fails, and the others were put."""
        if not self._events.is_ready:
            return Later(self._events.ready)
        problems: list[str] = []
        params = self._read(call.parameters, "Parameters", problems)
        if problems:
            return unusable(self._place, call, problems)
        try:
            self._validate(params)
            entries = [_with_origin(entry, call) for entry in params["Entries"]]
            answer = put_entries(self._events, turn, call.account, call.region, entries)
        except ServiceError as error:
            return ERRORS.refused(error, call)
        if answer["FailedEntryCount"]:
            return Refused("EventBridge.FailedEntry", encode_text(_shown(answer)))
        return Answered(_shown(answer))

    def _validate(self, params: Params) -> None:
        violations: list[str] = []
        if self._check is not None:
            self._check(params, "", violations)
        if violations:
            raise ServiceError("ValidationException", message(violations))


def _shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Entries first, and without what AWS's SDK puts around other answers, as it was recorded."""
    return {"Entries": answer["Entries"], "FailedEntryCount": answer["FailedEntryCount"]}


def _with_origin(entry: Params, call: ServiceCall) -> Params:
    """The machine and the execution are resources of every event."""
    machine = call.execution_arn.replace(":execution:", ":stateMachine:", 1).rpartition(":")[0]
    return {**entry, "Resources": [*(entry.get("Resources") or ()), machine, call.execution_arn]}
