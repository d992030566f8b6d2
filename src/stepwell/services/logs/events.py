"""Putting, getting and filtering log events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.logs.errors import invalid, no_stream
from stepwell.services.logs.filters import compile_filter
from stepwell.services.logs.logs import DAY_MS, Logs
from stepwell.services.logs.names import scope_and_name
from stepwell.services.logs.records import LOG_EVENT, GroupRow, LogEventRow

EVENTS_MAX = 10_000
BATCH_BYTES_MAX = 1_048_576
MESSAGE_BYTES_MAX = 1_048_576
OVERHEAD_BYTES = 26
"""What each event counts besides its message."""
PAGE_BYTES_MAX = 1_048_576
SCANNED_MAX = 20_000
"""How many events one FilterLogEvents looks at; a token goes on from there."""
_CHUNK = 1_000


async def put_log_events(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """PutLogEvents; what is too old or too new is told, not kept."""
    group = logs.group(call.scope, params["logGroupName"])
    stream = logs.stream(group, params["logStreamName"])
    events = params["logEvents"]
    _check_batch(events)
    now = logs.parts.clock.now()
    oldest = now - 14 * DAY_MS
    expired = now - (group.retention_days or 36_500) * DAY_MS
    kept: list[tuple[int, str]] = []
    rejected: dict[str, int] = {}
    for index, event in enumerate(events):
        at = event["timestamp"]
        if at < expired:
            rejected["expiredLogEventEndIndex"] = index + 1
        elif at < oldest:
            rejected["tooOldLogEventEndIndex"] = index + 1
        elif at > now + 2 * 3_600_000:
            rejected.setdefault("tooNewLogEventStartIndex", index)
        else:
            kept.append((at, event["message"]))
    with logs.parts.ledger.stage() as turn:
        logs.append(turn, group, stream, kept)
    return {
        "nextSequenceToken": str(stream.id),
        "rejectedLogEventsInfo": rejected or None,
    }


def _check_batch(events: Sequence[dict[str, Any]]) -> None:
    if len(events) > EVENTS_MAX:
        raise invalid(f"Log events in a single PutLogEvents request exceed {EVENTS_MAX}.")
    sizes = [len(event["message"].encode()) for event in events]
    for size in sizes:
        if size > MESSAGE_BYTES_MAX - OVERHEAD_BYTES:
            raise invalid(
                f"Log event too large: {size + OVERHEAD_BYTES} bytes exceeds limit of"
                f" {MESSAGE_BYTES_MAX}"
            )
    total = sum(sizes) + OVERHEAD_BYTES * len(events)
    if total > BATCH_BYTES_MAX:
        raise invalid(f"Upload too large: {total} bytes exceeds limit of {BATCH_BYTES_MAX}")
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    if times and times[-1] - times[0] > DAY_MS:
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24"
            " hours."
        )


async def get_log_events(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """GetLogEvents: a page of one stream, forwards or backwards."""
    group = _group(logs, call, params)
    stream = logs.stream(group, params["logStreamName"])
    forward, place = _start(params)
    begin, end = params.get("startTime"), params.get("endTime")
    # Bounds of time become bounds of the scan, whichever way it goes.
    after = place
    if forward and begin is not None:
        after = max(place or (begin - 1,), (begin - 1,))
    if not forward and end is not None:
        after = min(place or (end,), (end,))
    rows = await logs.parts.store.scan(
        LOG_EVENT,
        (stream.id,),
        index="by_stream",
        after=after,
        limit=params.get("limit") or EVENTS_MAX,
        reverse=not forward,
    )
    rows = _fitting([row for row in rows if _within(row, begin, end)])
    if not forward:
        rows.reverse()
    first = (rows[0].at, rows[0].sequence) if rows else place
    last = (rows[-1].at, rows[-1].sequence) if rows else place
    return {
        "events": [
            {"timestamp": row.at, "message": row.message, "ingestionTime": row.ingested_at}
            for row in rows
        ],
        "nextForwardToken": _token("f", last),
        "nextBackwardToken": _token("b", first),
    }


def _within(row: LogEventRow, begin: int | None, end: int | None) -> bool:
    return (begin is None or row.at >= begin) and (end is None or row.at < end)


def _fitting(rows: list[LogEventRow]) -> list[LogEventRow]:
    """As many as a page may hold."""
    total = 0
    for count, row in enumerate(rows):
        total += len(row.message) + OVERHEAD_BYTES
        if total > PAGE_BYTES_MAX and count:
            return rows[:count]
    return rows


def _start(params: Params) -> tuple[bool, tuple[int, ...] | None]:
    token = params.get("nextToken")
    if not token:
        return bool(params.get("startFromHead")), None
    way, _, place = token.partition("/")
    at, _, sequence = place.partition(".")
    if way not in ("f", "b") or not (place == "" or (at.isdigit() and sequence.isdigit())):
        raise invalid("The specified nextToken is invalid.")
    return way == "f", (int(at), int(sequence)) if place else None


def _token(way: str, place: tuple[int, ...] | None) -> str:
    return f"{way}/" if place is None else f"{way}/{'.'.join(str(part) for part in place)}"


async def filter_log_events(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """FilterLogEvents: the events of a group's streams in the order of their time."""
    group = _group(logs, call, params)
    names = _stream_names(logs, group, params)
    matches = compile_filter(params.get("filterPattern") or "")
    found, place = await _search(logs, group, params, names, matches)
    return {
        "events": [
            {
                "logStreamName": names[row.stream],
                "timestamp": row.at,
                "message": row.message,
                "ingestionTime": row.ingested_at,
                "eventId": f"{row.at:020d}{row.sequence:020d}",
            }
            for row in found
        ],
        "searchedLogStreams": [],
        "nextToken": None if place is None else _token("n", place),
    }


async def _search(
    logs: Logs,
    group: GroupRow,
    params: Params,
    names: dict[int, str],
    matches: Callable[[str], bool],
) -> tuple[list[LogEventRow], tuple[int, int] | None]:
    """What matches, and where to go on if there may be more."""
    limit = params.get("limit") or EVENTS_MAX
    begin, end = params.get("startTime"), params.get("endTime")
    after = _place(params.get("nextToken"))
    if after is None and begin is not None:
        after = (begin - 1,)
    found: list[LogEventRow] = []
    scanned = 0
    while True:
        rows = await logs.parts.store.scan(LOG_EVENT, (group.id,), after=after, limit=_CHUNK)
        for row in rows:
            if end is not None and row.at > end:
                return found, None
            after = (row.at, row.sequence)
            if row.stream in names and matches(row.message):
                found.append(row)
                if len(found) == limit:
                    return found, (row.at, row.sequence)
        scanned += len(rows)
        if len(rows) < _CHUNK:
            return found, None
        if scanned >= SCANNED_MAX:
            return found, (rows[-1].at, rows[-1].sequence)


def _place(token: str | None) -> tuple[int, ...] | None:
    if not token:
        return None
    at, _, sequence = token.removeprefix("n/").partition(".")
    if not (token.startswith("n/") and at.isdigit() and sequence.isdigit()):
        raise invalid("The specified nextToken is invalid.")
    return int(at), int(sequence)


def _stream_names(logs: Logs, group: GroupRow, params: Params) -> dict[int, str]:
    wanted, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if wanted and prefix:
        raise invalid("Only one of logStreamNames and logStreamNamePrefix can be set in a request.")
    rows = logs.streams.of(group.id)
    if wanted:
        if set(wanted) - {row.name for row in rows}:
            raise no_stream()
        rows = [row for row in rows if row.name in wanted]
    return {row.id: row.name for row in rows if row.name.startswith(prefix or "")}


def _group(logs: Logs, call: Call, params: Params) -> GroupRow:
    return logs.group(
        *scope_and_name(call, params.get("logGroupName"), params.get("logGroupIdentifier"))
    )
