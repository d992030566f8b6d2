"""Tags of rules and buses."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.errors import bus_does_not_exist, invalid, rule_does_not_exist
from stepwell.services.events.events import Events
from stepwell.services.events.names import BusName, bus_named, rule_at
from stepwell.services.events.records import BusRow, RuleRow
from stepwell.values import decode, encode_text

TAGS_MAX = 50


def read_tags(params: Params) -> dict[str, str]:
    """The tags of a request."""
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}


def list_tags_for_resource(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    tags: Any = decode(_find(events, params["ResourceARN"]).tags)
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tag_resource(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """TagResource."""
    row = _find(events, params["ResourceARN"])
    tags: Any = decode(row.tags)
    tags |= read_tags(params)
    if len(tags) > TAGS_MAX:
        raise invalid(f"Tag limit of {TAGS_MAX} exceeded.")
    _put(events, turn, row, tags)


def untag_resource(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """UntagResource."""
    row = _find(events, params["ResourceARN"])
    tags: Any = decode(row.tags)
    _put(events, turn, row, {k: v for k, v in tags.items() if k not in params["TagKeys"]})


def _find(events: Events, arn: str) -> RuleRow | BusRow:
    rule = rule_at(arn)
    if rule is not None:
        bus, name = rule
        found = events.rules.get(bus.path, name)
        if found is None:
            raise rule_does_not_exist(name, bus.name)
        return found
    if ":event-bus/" not in arn:
        raise invalid(f"Invalid resource ARN: {arn}")
    bus = bus_named("", "", arn)
    if not events.exists(bus):
        raise bus_does_not_exist(bus.name)
    return events.buses.get(bus.scope, bus.name) or _default_row(events, bus)


def _default_row(events: Events, bus: BusName) -> BusRow:
    now = events.parts.clock.now()
    return BusRow(bus.scope, bus.name, now, now, "{}", None, "{}")


def _put(events: Events, turn: Turn, row: RuleRow | BusRow, tags: dict[str, str]) -> None:
    if isinstance(row, RuleRow):
        events.rules.put(turn, row._replace(tags=encode_text(tags)))
    else:
        events.buses.put(turn, row._replace(tags=encode_text(tags)))
