"""Operations on replays."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.buses import existing
from stepwell.services.events.errors import already_exists, invalid, not_found
from stepwell.services.events.events import Events
from stepwell.services.events.names import BusName, bus_at, bus_of
from stepwell.services.events.paging import page
from stepwell.services.events.records import ArchiveRow, ReplayRow
from stepwell.values import decode, encode_text

_LAST = 2**63 - 1
_LATEST_SECONDS = 1e12


def start_replay(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """StartReplay: the events of a time go to the archive's bus again."""
    name = params["ReplayName"]
    if events.replaying.replays.get(call.scope, name) is not None:
        raise already_exists(f"Replay {name} already exists.")
    archive = _archive(events, call, params["EventSourceArn"])
    bus = _destination(events, call, params["Destination"], archive)
    from_at, until_at = _time(params["EventStartTime"]), _time(params["EventEndTime"])
    if from_at >= until_at:
        raise invalid(
            "Parameter EventEndTime is not valid."
            " Reason: EventStartTime must be before EventEndTime."
        )
    now = events.parts.clock.now()
    row = ReplayRow(
        scope=call.scope,
        name=name,
        archive_name=archive.name,
        archive=archive.id,
        bus=bus.path,
        rules=encode_text(params["Destination"].get("FilterArns") or []),
        description=params.get("Description"),
        state="RUNNING",
        from_at=from_at,
        until_at=until_at,
        at=from_at - 1,
        sequence=_LAST,
        replayed=0,
        started_at=now,
        ended_at=None,
    )
    events.replaying.replays.put(turn, row)
    turn.after_commit(lambda: events.replaying.begin(row.scope, row.name))
    return {"ReplayArn": _arn(row), "State": "STARTING", "ReplayStartTime": now / 1000}


def cancel_replay(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CancelReplay: what was replayed stays so."""
    row = _find(events, call, params)
    if row.state != "RUNNING":
        raise ServiceError(
            "IllegalStatusException",
            f"Replay {row.name} is not in a valid state for this operation.",
        )
    now = events.parts.clock.now()
    events.replaying.replays.put(turn, row._replace(state="CANCELLED", ended_at=now))
    return {"ReplayArn": _arn(row), "State": "CANCELLING"}


def describe_replay(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeReplay."""
    row = _find(events, call, params)
    rules: Any = decode(row.rules)
    destination = {"Arn": bus_at(row.bus).arn, **({"FilterArns": rules} if rules else {})}
    shown = {**_listed(row), "ReplayArn": _arn(row), "Destination": destination}
    return shown if row.description is None else {**shown, "Description": row.description}


def list_replays(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListReplays."""
    given = [k for k in ("NamePrefix", "EventSourceArn", "State") if params.get(k)]
    if len(given) > 1:
        raise invalid(
            "At most one filter is allowed for ListReplays."
            " Use either : State, EventSourceArn, or NamePrefix."
        )
    prefix, source = params.get("NamePrefix") or "", params.get("EventSourceArn")
    rows = [
        row
        for row in events.replaying.replays.of(call.scope)
        if row.name.startswith(prefix)
        and source in (None, _source(row))
        and params.get("State") in (None, row.state)
    ]
    shown, more = page(rows, params, lambda row: row.name)
    return {"Replays": [_listed(row) for row in shown], **more}


def _time(seconds: float) -> int:
    """Epoch milliseconds, within what a row can hold."""
    return int(min(max(float(seconds), 0.0), _LATEST_SECONDS) * 1000)


def _archive(events: Events, call: Call, arn: str) -> ArchiveRow:
    name = arn.rpartition("archive/")[2]
    row = events.archiving.archives.get(call.scope, name)
    if row is None:
        raise invalid(
            f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist."
        )
    return row


def _destination(events: Events, call: Call, given: Params, archive: ArchiveRow) -> BusName:
    if ":event-bus/" not in given["Arn"]:
        raise invalid(
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."
        )
    bus = existing(events, bus_of(call, given["Arn"]))
    if bus.path != archive.bus:
        raise invalid(
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not"
            " permitted."
        )
    return bus


def _find(events: Events, call: Call, params: Params) -> ReplayRow:
    row = events.replaying.replays.get(call.scope, params["ReplayName"])
    if row is None:
        raise not_found(f"Replay {params['ReplayName']} does not exist.")
    return row


def _arn(row: ReplayRow) -> str:
    account, region = row.scope.split(":")
    return f"arn:aws:events:{region}:{account}:replay/{row.name}"


def _source(row: ReplayRow) -> str:
    account, region = row.scope.split(":")
    return f"arn:aws:events:{region}:{account}:archive/{row.archive_name}"


def _listed(row: ReplayRow) -> dict[str, Any]:
    shown = {
        "ReplayName": row.name,
        "EventSourceArn": _source(row),
        "State": row.state,
        "EventStartTime": row.from_at / 1000,
        "EventEndTime": row.until_at / 1000,
        "EventLastReplayedTime": row.at / 1000 if row.replayed else None,
        "ReplayStartTime": row.started_at / 1000,
        "ReplayEndTime": None if row.ended_at is None else row.ended_at / 1000,
    }
    return {name: value for name, value in shown.items() if value is not None}
