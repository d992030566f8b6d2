"""Operations on buses. The default bus is always there, also without a row."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.errors import already_exists, bus_does_not_exist, invalid
from stepwell.services.events.events import Events
from stepwell.services.events.names import DEFAULT, BusName, bus_of
from stepwell.services.events.paging import page
from stepwell.services.events.records import BusRow
from stepwell.services.events.tagging import read_tags
from stepwell.values import decode, encode_text

_KEPT = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


def create_event_bus(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CreateEventBus."""
    name = params["Name"]
    if params.get("EventSourceName"):
        raise invalid("Partner event sources are not supported by this server.")
    if "/" in name:
        raise invalid("Event bus name must not contain '/'.")
    bus = BusName(call.account, call.region, name)
    if events.exists(bus):
        raise already_exists(f"Event bus {name} already exists.")
    row = _fresh(events, bus)._replace(
        attributes=encode_text(_kept(params)), tags=encode_text(read_tags(params))
    )
    events.buses.put(turn, row)
    return {"EventBusArn": bus.arn, **_kept(params)}


def describe_event_bus(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeEventBus."""
    bus = existing(events, bus_of(call, params.get("Name")))
    row = events.buses.get(bus.scope, bus.name)
    attributes: Any = decode(row.attributes) if row else {}
    return {**_listed(bus, row), **attributes}


def list_event_buses(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListEventBuses."""
    rows = {row.name: row for row in events.buses.of(call.scope)}
    prefix = params.get("NamePrefix") or ""
    names = sorted(name for name in {DEFAULT, *rows} if name.startswith(prefix))
    shown, more = page(names, params, str)
    buses = [_listed(BusName(call.account, call.region, name), rows.get(name)) for name in shown]
    return {"EventBuses": buses, **more}


def update_event_bus(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UpdateEventBus: what is given replaces what was, what is given empty takes it away."""
    bus = existing(events, bus_of(call, params.get("Name")))
    row = row_of(events, bus)
    attributes: Any = decode(row.attributes)
    attributes = {k: v for k, v in {**attributes, **_kept(params)}.items() if v}
    now = events.parts.clock.now()
    events.buses.put(turn, row._replace(attributes=encode_text(attributes), modified_at=now))
    return {"Arn": bus.arn, "Name": bus.name, **attributes}


def delete_event_bus(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """DeleteEventBus: one that is not there is no trouble, one with rules is."""
    bus = bus_of(call, params["Name"])
    if bus.name == DEFAULT:
        raise invalid("Cannot delete event bus default.")
    if events.rules.of(bus.path):
        raise invalid(f"Event bus {bus.name} can't be deleted since it has rules.")
    events.buses.delete(turn, bus.scope, bus.name)


def existing(events: Events, bus: BusName) -> BusName:
    """The bus, if there is one."""
    if not events.exists(bus):
        raise bus_does_not_exist(bus.name)
    return bus


def row_of(events: Events, bus: BusName) -> BusRow:
    """The row of a bus that exists; the default one's is made when it is needed first."""
    return events.buses.get(bus.scope, bus.name) or _fresh(events, bus)


def _fresh(events: Events, bus: BusName) -> BusRow:
    now = events.parts.clock.now()
    return BusRow(bus.scope, bus.name, now, now, "{}", None, "{}")


def _kept(params: Params) -> dict[str, Any]:
    return {name: params[name] for name in _KEPT if params.get(name) is not None}


def _listed(bus: BusName, row: BusRow | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if row is None:
        return shown
    attributes: Any = decode(row.attributes)
    if "Description" in attributes:
        shown["Description"] = attributes["Description"]
    if row.policy is not None:
        shown["Policy"] = row.policy
    return shown | {
        "CreationTime": row.created_at / 1000,
        "LastModifiedTime": row.modified_at / 1000,
    }
