"""What a target is sent: the request of its own operation, made of one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.pipes.inputs import Item, as_json, resolved
from stepwell.services.pipes.partners import Partner
from stepwell.services.pipes.ports import HttpParts
from stepwell.services.templates.paths import Nothing
from stepwell.values import JsonObject


def request_of(
    partner: Partner, text: str, item: Item, settings: Mapping[str, Any], pipe: str, source: str
) -> JsonObject:
    """The request for a target that takes one event in a turn. Raises ServiceError."""
    if partner is Partner.QUEUE:
        return {"MessageBody": text, **_members(settings, item)}
    if partner is Partner.TOPIC:
        return {"Message": text}
    if partner is Partner.LOGS:
        return _line(text, item, settings, pipe)
    return {"Entries": [_entry(text, item, settings, pipe, source)]}


def http_parts(given: Mapping[str, Any], item: Item) -> HttpParts:
    """The settings of an HTTP request, filled in from an event."""
    return HttpParts(
        [resolved(value, item) for value in given.get("PathParameterValues") or ()],
        _filled(given.get("HeaderParameters"), item),
        _filled(given.get("QueryStringParameters"), item),
    )


def _filled(given: Mapping[str, str] | None, item: Item) -> dict[str, str]:
    return {name: resolved(value, item) for name, value in (given or {}).items()}


def _members(settings: Mapping[str, Any], item: Item) -> JsonObject:
    names = ("MessageGroupId", "MessageDeduplicationId")
    return {name: resolved(settings[name], item) for name in names if settings.get(name)}


def _line(text: str, item: Item, settings: Mapping[str, Any], pipe: str) -> JsonObject:
    line: JsonObject = {
        "Message": text,
        "LogStreamName": resolved(settings.get("LogStreamName") or pipe, item),
    }
    if settings.get("Timestamp"):
        line["Timestamp"] = _milliseconds(settings["Timestamp"], item)
    return line


def _milliseconds(path: str, item: Item) -> int:
    """A time in an event that a log takes."""
    seconds = _seconds(path, item)
    if not 0 <= seconds <= _SECONDS_MAX:
        raise ServiceError("InvalidTime", f"There is no time at {path}.")
    return int(seconds * 1000)


def _entry(
    text: str, item: Item, settings: Mapping[str, Any], pipe: str, source: str
) -> JsonObject:
    service = source.split(":")[2]
    entry: JsonObject = {
        "Source": resolved(settings.get("Source") or f"Pipe {pipe}", item),
        "DetailType": resolved(settings.get("DetailType") or f"Event from aws:{service}", item),
        "Detail": as_json(text),
        "Resources": [resolved(arn, item) for arn in settings.get("Resources") or ()],
    }
    if settings.get("Time"):
        entry["Time"] = _seconds(settings["Time"], item)
    return entry


def _seconds(path: str, item: Item) -> float:
    """A time in an event, in epoch seconds: a number of seconds or milliseconds, or a timestamp."""
    found = item.at(path)
    try:
        if isinstance(found, str) and not found.replace(".", "", 1).isdigit():
            return datetime.fromisoformat(found).timestamp()
        if isinstance(found, (str, int, float)) and not isinstance(found, (bool, Nothing)):
            number = float(found)
            return number / 1000 if number >= _MILLISECONDS_FROM else number
    except (ValueError, OverflowError):
        pass
    raise ServiceError("InvalidTime", f"There is no time at {path}.")


_SECONDS_MAX = 253_402_300_799
"""The end of the year 9999."""
_MILLISECONDS_FROM = 1e11
"""In seconds a number as large would be in the year 5138."""
