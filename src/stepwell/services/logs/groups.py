"""Operations on log groups and streams."""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.logs.errors import exists, invalid
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.names import group_arn, parse_arn, scope_and_name
from stepwell.services.logs.paging import cut
from stepwell.services.logs.records import GroupRow, StreamRow
from stepwell.values import decode, encode_text

_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_STREAM_NAME = re.compile(r"[^:*]{1,512}")
_SHORT = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_LONG = (1096, 1827, 2192, 2557, 2922, 3288, 3653)
RETENTION_DAYS = frozenset((*_SHORT, *_LONG))


async def create_log_group(logs: Logs, call: Call, params: Params) -> None:
    """CreateLogGroup."""
    name = params["logGroupName"]
    if not _GROUP_NAME.fullmatch(name):
        raise invalid(f"1 validation error detected: Value '{name}' at 'logGroupName' is invalid")
    if params.get("kmsKeyId"):
        raise invalid("Stepwell has no KMS keys to encrypt log groups with.")
    if logs.groups.get(call.scope, name) is not None:
        raise exists("group")
    row = GroupRow(
        call.scope,
        name,
        logs.parts.ids.next_id(),
        logs.parts.clock.now(),
        None,
        params.get("logGroupClass") or "STANDARD",
        encode_text(params.get("tags") or {}),
        int(bool(params.get("deletionProtectionEnabled"))),
    )
    with logs.parts.ledger.stage() as turn:
        logs.groups.put(turn, row)


async def delete_log_group(logs: Logs, call: Call, params: Params) -> None:
    """DeleteLogGroup; its events are cleared afterwards."""
    row = logs.group(call.scope, params["logGroupName"])
    if row.protected:
        raise invalid("The specified log group has deletion protection enabled.")
    with logs.parts.ledger.stage() as turn:
        for stream in logs.streams.of(row.id):
            logs.streams.delete(turn, row.id, stream.name)
        for subscription in logs.subscriptions.of(row.id):
            logs.subscriptions.delete(turn, row.id, subscription.name)
        logs.groups.delete(turn, row.scope, row.name)
        logs.abandon(turn, row.id)


async def describe_log_groups(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """DescribeLogGroups, by prefix, pattern or identifiers."""
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    wanted = {parse_arn(it) or (call.scope, it) for it in params.get("logGroupIdentifiers") or ()}
    rows = [
        row
        for row in logs.groups.of(call.scope)
        if row.name.startswith(prefix or "")
        and (pattern or "").lower() in row.name.lower()
        and (not wanted or (row.scope, row.name) in wanted)
    ]
    page, token = cut(rows, params, lambda row: row.name)
    return {"logGroups": [_shown_group(row) for row in page], "nextToken": token}


def _shown_group(row: GroupRow) -> dict[str, Any]:
    arn = group_arn(row)
    return {
        "logGroupName": row.name,
        "creationTime": row.created_at,
        "retentionInDays": row.retention_days,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "storedBytes": 0,
        "logGroupClass": row.log_class,
        "logGroupArn": arn,
        "deletionProtectionEnabled": bool(row.protected),
    }


async def put_retention_policy(logs: Logs, call: Call, params: Params) -> None:
    """PutRetentionPolicy."""
    row = logs.group(call.scope, params["logGroupName"])
    days = params["retentionInDays"]
    if days not in RETENTION_DAYS:
        allowed = ", ".join(str(it) for it in sorted(RETENTION_DAYS))
        raise invalid(
            "1 validation error detected: Value at 'retentionInDays' failed to satisfy constraint:"
            f" Member must satisfy enum value set: [{allowed}]"
        )
    _change(logs, row._replace(retention_days=days))


async def delete_retention_policy(logs: Logs, call: Call, params: Params) -> None:
    """DeleteRetentionPolicy: events never expire."""
    row = logs.group(call.scope, params["logGroupName"])
    _change(logs, row._replace(retention_days=None))


async def put_deletion_protection(logs: Logs, call: Call, params: Params) -> None:
    """PutLogGroupDeletionProtection."""
    scope, name = scope_and_name(call, None, params["logGroupIdentifier"])
    row = logs.group(scope, name)
    _change(logs, row._replace(protected=int(params["deletionProtectionEnabled"])))


def _change(logs: Logs, row: GroupRow) -> None:
    with logs.parts.ledger.stage() as turn:
        logs.groups.put(turn, row)


async def tag(logs: Logs, call: Call, params: Params) -> None:
    """TagLogGroup, TagResource."""
    row = _tagged(logs, call, params)
    _change(logs, row._replace(tags=encode_text(_tags(row) | params["tags"])))


async def untag(logs: Logs, call: Call, params: Params) -> None:
    """UntagLogGroup, UntagResource."""
    row = _tagged(logs, call, params)
    gone = set(params.get("tagKeys") or params.get("tags") or ())
    kept = {key: text for key, text in _tags(row).items() if key not in gone}
    _change(logs, row._replace(tags=encode_text(kept)))


async def list_tags(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsLogGroup, ListTagsForResource."""
    return {"tags": _tags(_tagged(logs, call, params))}


def _tagged(logs: Logs, call: Call, params: Params) -> GroupRow:
    return logs.group(*scope_and_name(call, params.get("logGroupName"), params.get("resourceArn")))


def _tags(row: GroupRow) -> dict[str, Any]:
    tags = decode(row.tags)
    assert isinstance(tags, dict)
    return tags


async def create_log_stream(logs: Logs, call: Call, params: Params) -> None:
    """CreateLogStream."""
    group, name = logs.group(call.scope, params["logGroupName"]), params["logStreamName"]
    if not _STREAM_NAME.fullmatch(name):
        raise invalid(f"1 validation error detected: Value '{name}' at 'logStreamName' is invalid")
    if logs.streams.get(group.id, name) is not None:
        raise exists("stream")
    parts = logs.parts
    row = StreamRow(group.id, name, parts.ids.next_id(), parts.clock.now(), 0, 0, 0)
    with parts.ledger.stage() as turn:
        logs.streams.put(turn, row)


async def delete_log_stream(logs: Logs, call: Call, params: Params) -> None:
    """DeleteLogStream; its events are cleared afterwards."""
    group = logs.group(call.scope, params["logGroupName"])
    stream = logs.stream(group, params["logStreamName"])
    with logs.parts.ledger.stage() as turn:
        logs.streams.delete(turn, group.id, stream.name)
        logs.abandon(turn, group.id, stream.id)


async def describe_log_streams(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """DescribeLogStreams, by name or by the time of the last event."""
    by_time = params.get("orderBy") == "LastEventTime"
    prefix = params.get("logStreamNamePrefix") or ""
    if by_time and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    group = logs.group(
        *scope_and_name(call, params.get("logGroupName"), params.get("logGroupIdentifier"))
    )
    rows = [row for row in logs.streams.of(group.id) if row.name.startswith(prefix)]
    if by_time:
        rows.sort(key=lambda row: (row.last_at, row.name))
    if params.get("descending"):
        rows.reverse()
    page, token = cut(rows, params, lambda row: row.name, ordered=False)
    return {"logStreams": [_shown_stream(group, row) for row in page], "nextToken": token}


def _shown_stream(group: GroupRow, row: StreamRow) -> dict[str, Any]:
    return {
        "logStreamName": row.name,
        "creationTime": row.created_at,
        "firstEventTimestamp": row.first_at or None,
        "lastEventTimestamp": row.last_at or None,
        "lastIngestionTime": row.ingested_at or None,
        "uploadSequenceToken": str(row.id),
        "arn": f"{group_arn(group)}:log-stream:{row.name}",
        "storedBytes": 0,
    }
