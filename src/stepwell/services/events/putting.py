"""PutEvents and TestEventPattern.

`put_entries` is synchronous, so that a task can put events in the turn that keeps its history.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.errors import invalid
from stepwell.services.events.events import Events
from stepwell.services.events.names import BusName, bus_named
from stepwell.services.events.times import timestamp
from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.pattern import compile_pattern
from stepwell.values import BadJson, JsonObject, JsonValue, decode, nests_too_deep

ENTRIES_BYTES_MAX = 1_048_576
"""How large the entries of a request may be together."""
_TIME_BYTES = 14
LATEST_SECONDS = 253_402_300_800
"""The year 10000: times of events have four digits for the year."""
_log = logging.getLogger("stepwell.events")


def put_events(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """PutEvents: each entry succeeds or fails by itself."""
    if params.get("EndpointId"):
        raise invalid("Global endpoints are not supported by this server.")
    return put_entries(events, turn, call.account, call.region, params["Entries"])


def put_entries(
    events: Events,
    turn: Turn,
    account: str,
    region: str,
    entries: Sequence[Params],
    *,
    trusted: bool = False,
) -> dict[str, Any]:
    """The answer of PutEvents. Services of this server are `trusted`: sources may be `aws.`."""
    if sum(map(_size_bytes, entries)) > ENTRIES_BYTES_MAX:
        raise invalid("Total size of the entries in the request is over the limit.")
    results: list[JsonObject] = []
    for entry in entries:
        try:
            detail = _checked(entry, trusted=trusted)
            bus = bus_named(account, region, entry.get("EventBusName"))
        except ServiceError as error:
            results.append({"ErrorCode": error.code, "ErrorMessage": error.message})
            continue
        event = _event(events, account, region, entry, detail)
        put_event(events, turn, bus, event)
        results.append({"EventId": event["id"]})
    return {"FailedEntryCount": sum("ErrorCode" in r for r in results), "Entries": results}


def put_event(events: Events, turn: Turn, bus: BusName, event: JsonObject) -> None:
    """A complete event. AWS takes events for buses that do not exist, and drops them."""
    if not events.exists(bus):
        _log.warning("an event of %s is lost: there is no bus %s", event["source"], bus.arn)
        return
    events.publish(turn, bus, event)


def _event(
    events: Events, account: str, region: str, entry: Params, detail: JsonValue
) -> JsonObject:
    at = entry.get("Time")
    return {
        "version": "0",
        "id": events.parts.ids.uuid(),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": account,
        "time": timestamp(events.parts.clock.now() if at is None else int(float(at) * 1000)),
        "region": region,
        "resources": list(entry.get("Resources") or []),
        "detail": detail,
    }


def _checked(entry: Params, *, trusted: bool) -> JsonValue:
    """The detail of an entry that may be put. Raises ServiceError."""
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            raise ServiceError(
                "InvalidArgument",
                f"Parameter {member} is not valid. Reason: {member} is a required argument.",
            )
    if entry["Source"].startswith("aws.") and not trusted:
        raise ServiceError("NotAuthorizedForSourceException", "Not authorized for the source.")
    at = entry.get("Time")
    if at is not None and not 0 <= float(at) < LATEST_SECONDS:
        raise ServiceError("InvalidArgument", "Parameter Time is not valid.")
    text = entry["Detail"]
    try:
        detail = decode(text)
    except BadJson:
        detail = None
    if not isinstance(detail, dict) or nests_too_deep(text):
        raise ServiceError("MalformedDetail", "Detail is malformed.")
    return detail


def _size_bytes(entry: Params) -> int:
    """As AWS's documentation counts."""
    texts = [entry.get(member) or "" for member in ("Source", "DetailType", "Detail")]
    size = sum(len(str(text).encode()) for text in (*texts, *(entry.get("Resources") or ())))
    return size + (_TIME_BYTES if entry.get("Time") is not None else 0)


def checked_pattern(text: str) -> None:
    """Raises InvalidEventPatternException when a text is no pattern."""
    _compile(text)


def run_test_event_pattern(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """TestEventPattern."""
    wants = _compile(params["EventPattern"])
    try:
        event = decode(params["Event"])
    except BadJson:
        event = None
    if not isinstance(event, dict) or nests_too_deep(params["Event"]):
        raise invalid("Parameter Event is not valid. Reason: Event must be a valid JSON object.")
    needed = ("id", "account", "source", "time", "region", "resources", "detail-type")
    missing = [name for name in needed if name not in event]
    if missing:
        raise invalid(f"Parameter Event is not valid. Reason: {missing[0]} is a required argument.")
    return {"Result": wants(event)}


def _compile(text: str) -> Any:
    try:
        return compile_pattern(decode(text))
    except BadJson as error:
        raise ServiceError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}"
        ) from error
    except InvalidPattern as error:
        raise ServiceError("InvalidEventPatternException", str(error)) from error
