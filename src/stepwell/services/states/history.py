"""GetExecutionHistory.

The stored events are already what the API answers, so a page is put together from their bytes. Only
`includeExecutionData=false` has to look inside.
"""

from __future__ import annotations

from typing import TypeAlias

from stepwell.runtime.records import EVENT
from stepwell.services.api import Answer, Call, Encoded, Params
from stepwell.services.states.executions import execution_id
from stepwell.services.states.paging import page_size, page_token, read_token
from stepwell.services.states.states import States
from stepwell.values import JsonValue, decode, encode

PAGE_BYTES_MAX = 16 * 1024 * 1024
"""A page ends early rather than grow beyond this."""

_Event: TypeAlias = tuple[int, bytes]
"""An event's id and body."""

_EVENT_COLUMNS = ("id", "body")
_CHUNK_ROWS = 250
_DATA = frozenset(("input", "inputDetails", "output", "outputDetails"))


async def get_execution_history(states: States, call: Call, params: Params) -> Answer:
    """A page of an execution's events in the order of their ids, or in reverse."""
    arn, reverse = params["executionArn"], bool(params.get("reverseOrder"))
    now, bound_to = states.clock.now(), ["GetExecutionHistory", arn, reverse]
    execution = await execution_id(states, call, arn)
    after = read_token(params.get("nextToken"), now=now, bound_to=[*bound_to])
    size = page_size(params.get("maxResults"))
    events, more = await _page(
        states, execution, None if after is None else int(after), size, reverse=reverse
    )
    bodies = [body for _, body in events]
    if params.get("includeExecutionData") is False:
        bodies = [_without_data(body) for body in bodies]
    end = b"]}"
    if more:
        token = page_token(events[-1][0], now=now, bound_to=[*bound_to])
        end = b'],"nextToken":' + encode(token) + b"}"
    return Encoded(b'{"events":[' + b",".join(bodies) + end)


async def _page(
    states: States, execution: int, after: int | None, size: int, *, reverse: bool
) -> tuple[list[_Event], bool]:
    """The events of a page, and whether more follow."""
    found: list[_Event] = []
    bytes_found = 0
    while True:
        limit = min(size + 1 - len(found), _CHUNK_ROWS)
        rows = await states.store.pick(
            EVENT,
            _EVENT_COLUMNS,
            (execution,),
            after=None if after is None else (after,),
            limit=limit,
            reverse=reverse,
        )
        bytes_read = sum([len(body) for _, body in rows])
        fits = len(rows)
        if bytes_found + bytes_read > PAGE_BYTES_MAX:
            fits = _fitting(rows, PAGE_BYTES_MAX - bytes_found, at_least=0 if found else 1)
        fits = min(fits, size - len(found))
        found.extend(rows[:fits])
        if fits < len(rows):
            return found, True
        if len(rows) < limit:
            return found, False
        bytes_found += bytes_read
        after = found[-1][0]


def _fitting(rows: list[_Event], bytes_max: int, *, at_least: int) -> int:
    """How many of the first rows stay within the bytes."""
    total = 0
    for count, (_, body) in enumerate(rows):
        total += len(body)
        if total > bytes_max:
            return max(count, at_least)
    return len(rows)


def _without_data(body: bytes) -> bytes:
    """An event without its inputs and outputs."""
    event = decode(body)
    assert isinstance(event, dict)
    return encode({member: _stripped(value) for member, value in event.items()})


def _stripped(value: JsonValue) -> JsonValue:
    if not isinstance(value, dict):
        return value
    return {member: inner for member, inner in value.items() if member not in _DATA}
