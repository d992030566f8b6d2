"""Operations on archives."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.buses import existing
from stepwell.services.events.errors import already_exists, invalid, not_found
from stepwell.services.events.events import Events
from stepwell.services.events.names import bus_at, bus_of
from stepwell.services.events.paging import page
from stepwell.services.events.putting import checked_pattern
from stepwell.services.events.records import ArchiveRow


def create_archive(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CreateArchive: it takes events from now on."""
    bus = existing(events, bus_of(call, params["EventSourceArn"]))
    if bus.scope != call.scope:
        raise invalid("An archive belongs to a bus of the same account and region.")
    if events.archiving.archives.get(call.scope, params["ArchiveName"]) is not None:
        raise already_exists(f"Archive {params['ArchiveName']} already exists.")
    row = ArchiveRow(
        scope=call.scope,
        name=params["ArchiveName"],
        id=events.parts.ids.next_id(),
        bus=bus.path,
        pattern=_pattern(params),
        description=params.get("Description"),
        key=params.get("KmsKeyIdentifier"),
        retention_days=params.get("RetentionDays") or 0,
        created_at=events.parts.clock.now(),
        events=0,
        bytes=0,
    )
    events.archiving.archives.put(turn, row)
    events.changed()
    turn.after_commit(events.archiving.watch)
    return _changed(row)


def update_archive(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UpdateArchive: what is not given stays; an empty pattern takes all events again."""
    row = _find(events, call, params)
    row = row._replace(
        pattern=row.pattern if params.get("EventPattern") is None else _pattern(params),
        description=params.get("Description", row.description),
        key=params.get("KmsKeyIdentifier", row.key),
        retention_days=params.get("RetentionDays", row.retention_days),
    )
    events.archiving.archives.put(turn, row)
    events.changed()
    return _changed(row)


def delete_archive(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """DeleteArchive: its events are cleared later."""
    events.archiving.abandon(turn, _find(events, call, params))
    events.changed()


def describe_archive(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeArchive."""
    row = _find(events, call, params)
    shown = {
        **_listed(row),
        "ArchiveArn": archive_arn(row),
        "Description": row.description,
        "EventPattern": row.pattern,
        "KmsKeyIdentifier": row.key,
    }
    return {name: value for name, value in shown.items() if value is not None}


def list_archives(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListArchives."""
    given = [k for k in ("NamePrefix", "EventSourceArn", "State") if params.get(k)]
    if len(given) > 1:
        raise invalid(
            "At most one filter is allowed for ListArchives."
            " Use either : State, EventSourceArn, or NamePrefix."
        )
    prefix, source = params.get("NamePrefix") or "", params.get("EventSourceArn")
    rows = [
        row
        for row in events.archiving.archives.of(call.scope)
        if row.name.startswith(prefix)
        and source in (None, bus_at(row.bus).arn)
        and params.get("State") in (None, "ENABLED")
    ]
    shown, more = page(rows, params, lambda row: row.name)
    return {"Archives": [_listed(row) for row in shown], **more}


def archive_arn(row: ArchiveRow) -> str:
    """The ARN of an archive."""
    account, region = row.scope.split(":")
    return f"arn:aws:events:{region}:{account}:archive/{row.name}"


def _pattern(params: Params) -> str | None:
    pattern: str | None = params.get("EventPattern") or None
    if pattern is not None:
        checked_pattern(pattern)
    return pattern


def _find(events: Events, call: Call, params: Params) -> ArchiveRow:
    row = events.archiving.archives.get(call.scope, params["ArchiveName"])
    if row is None:
        raise not_found(f"Archive {params['ArchiveName']} does not exist.")
    return row


def _changed(row: ArchiveRow) -> dict[str, Any]:
    return {
        "ArchiveArn": archive_arn(row),
        "State": "ENABLED",
        "CreationTime": row.created_at / 1000,
    }


def _listed(row: ArchiveRow) -> dict[str, Any]:
    return {
        "ArchiveName": row.name,
        "EventSourceArn": bus_at(row.bus).arn,
        "State": "ENABLED",
        "RetentionDays": row.retention_days,
        "SizeBytes": row.bytes,
        "EventCount": row.events,
        "CreationTime": row.created_at / 1000,
    }
