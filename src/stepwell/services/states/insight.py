"""What AWS does not show: open tokens, and what an execution waits for. Read-only, JSON.

Each page is a function of a call and its query. Nothing here has an index of its own: tokens are
found by walking machines and their executions, and both the walk and the answer are bounded.
Token texts are shown only with `reveal=true`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from stepwell.engine.context import token_text
from stepwell.engine.events import HistoryEvent, read_event
from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError
from stepwell.language.timestamps import format_timestamp
from stepwell.runtime.explain import (
    Facts,
    Waiting,
    events_needed,
    explain,
    next_heartbeat,
)
from stepwell.runtime.explain_end import explain_end, explain_token
from stepwell.runtime.live import Live, LiveExecutions
from stepwell.runtime.notices import notices
from stepwell.runtime.records import (
    EVENT,
    EXECUTION,
    RUNNING,
    STATUSES,
    TIMER,
    TOKEN,
    ExecutionRow,
    TimerRow,
    TokenRow,
)
from stepwell.runtime.timers import SHARD
from stepwell.runtime.tokens import check_secret, invalid_token, place_of, unknown_task
from stepwell.services.api import Call
from stepwell.services.states.arns import parse_machine
from stepwell.services.states.executions import find_execution
from stepwell.services.states.refusals import invalid
from stepwell.services.states.states import States
from stepwell.values import BadJson, JsonObject, JsonValue, decode

Page = Callable[[Call, Mapping[str, str]], Awaitable[JsonObject]]


class FindHolder(Protocol):
    """Says who holds a token now."""

    def __call__(
        self, account: str, region: str, scheduled: JsonObject, submitted: JsonObject | None
    ) -> JsonObject | None:
        """`kind`, `explanation` and what else is known; None for nothing.

        `scheduled` are the details of TaskScheduled, with the parameters as an object; `submitted`
        is what the call answered, once it did.
        """


def nobody_known(
    account: str, region: str, scheduled: JsonObject, submitted: JsonObject | None
) -> JsonObject | None:
    """No holder is known."""
    return None


TOKENS_DEFAULT = 100
TOKENS_MAX = 1_000
EXECUTIONS_WALKED_MAX = 20_000
TOKENS_PER_EXECUTION_MAX = 1_000
TIMERS_MAX = 1_000
SUBMITTED_WITHIN_EVENTS = 100
"""How far behind its TaskScheduled a TaskSubmitted is looked for."""
WAY_EVENTS_MAX = 25
_CHUNK = 200


class Insight:
    """The pages. `live` is the runtime's cache of executions, `limits` what holds for them."""

    def __init__(
        self,
        states: States,
        live: LiveExecutions,
        limits: Limits | None = None,
        find_holder: FindHolder = nobody_known,
    ) -> None:
        self._states = states
        self._find_holder = find_holder
        self._limits = limits or Limits()
        self._store = states.store
        self._ledger = states.ledger
        self._live = live

    def pages(self) -> dict[str, Page]:
        """Every page by its path."""
        return {
            "/_stepwell/tokens": self.tokens,
            "/_stepwell/tokens/explain": self.token,
            "/_stepwell/executions/explain": self.execution,
        }

    # -- tokens

    async def tokens(self, call: Call, query: Mapping[str, str]) -> JsonObject:
        """The tokens of an execution, of a machine, or of all, newest executions first."""
        status = query.get("status", "open")
        if status not in ("open", "closed", "all"):
            raise invalid("status must be open, closed or all")
        limit = _limit(query.get("limit"))
        reveal = query.get("reveal") == "true"
        await self._ledger.committed()
        shown: list[JsonValue] = []
        walked = 0
        async for row in self._executions(call, query, only_running=status == "open"):
            walked += 1
            for token in await self._tokens_of(row, status):
                if len(shown) == limit:
                    return {"tokens": shown, "truncated": True}
                shown.append(await self._shown(row, token, reveal=reveal))
            if walked == EXECUTIONS_WALKED_MAX:
                return {"tokens": shown, "truncated": True}
        return {"tokens": shown, "truncated": False}

    async def _tokens_of(self, row: ExecutionRow, status: str) -> list[TokenRow]:
        tokens = await self._store.scan(TOKEN, (row.id,), limit=TOKENS_PER_EXECUTION_MAX)
        return [
            token
            for token in tokens
            if not _is_internal(token)
            and (status == "all" or (token.closed_at is None) == (status == "open"))
        ]

    async def _executions(
        self, call: Call, query: Mapping[str, str], *, only_running: bool
    ) -> AsyncIterator[ExecutionRow]:
        execution = query.get("executionArn")
        if execution is not None:
            yield await find_execution(self._states, call, execution)
            return
        statuses = (RUNNING,) if only_running else range(len(STATUSES))
        for machine in await self._machines(call, query.get("stateMachineArn")):
            for status in statuses:
                async for row in self._listed(machine, status):
                    yield row

    async def _machines(self, call: Call, asked: str | None) -> list[int]:
        registry = self._states.registry
        await registry.ready()
        if asked is not None:
            return [registry.machine(parse_machine(asked), call.scope, asked).row.id]
        return [machine.row.id for machine in registry.machines_of(call.scope).values()]

    async def _listed(self, machine: int, status: int) -> AsyncIterator[ExecutionRow]:
        after = None
        while True:
            rows = await self._store.scan(
                EXECUTION,
                (machine, status),
                index="execution_list",
                after=after,
                limit=_CHUNK,
                reverse=True,
            )
            for row in rows:
                yield row
            if len(rows) < _CHUNK:
                return
            after = (rows[-1].id,)
            await asyncio.sleep(0)  # Reads may not wait at all: let others have their turn.

    async def token(self, call: Call, query: Mapping[str, str]) -> JsonObject:
        """What became of one token."""
        text = _required(query, "token")
        execution, event = place_of(text)
        await self._ledger.committed()
        row = await self._live.row(execution)
        if row is None:
            raise unknown_task()
        if row.arn.split(":", 5)[4] != call.account:
            raise invalid_token()
        check_secret(text, row, event)
        token = await self._store.get(TOKEN, (execution, event))
        if token is None:
            raise unknown_task()
        shown = await self._shown(row, token, reveal=False)
        return {"explanation": explain_token(token, await self._newer(token)), "token": shown}

    async def _newer(self, token: TokenRow) -> TokenRow | None:
        """The token of the latest attempt of the same task, if that is a later one."""
        later = await self._store.scan(
            TOKEN, (token.execution,), after=(token.event,), limit=TOKENS_PER_EXECUTION_MAX
        )
        newer: TokenRow | None = None
        for row in later:
            if row.state == token.state and row.attempt == (newer or token).attempt + 1:
                newer = row
        return newer

    async def _shown(self, row: ExecutionRow, token: TokenRow, *, reveal: bool) -> JsonObject:
        timers: list[TimerRow] = []
        if token.closed_at is None and (token.heartbeat_seconds or token.deadline_at is None):
            timers = await self._timers(row.id)
        due = {t.kind: t.due_at for t in timers if t.event == token.event}
        deadline = token.deadline_at or due.get("timeout")
        shown: JsonObject = {
            "state": token.state,
            "attempt": token.attempt,
            "executionArn": token.arn,
            "resource": token.resource,
            "status": "OPEN" if token.closed_at is None else "CLOSED",
            "openedAt": format_timestamp(token.opened_at),
            "ageSeconds": (self._states.clock.now() - token.opened_at) / 1000,
            "deadlineAt": _time(deadline),
            "heartbeatSeconds": token.heartbeat_seconds,
            "beats": token.beats,
            "lastBeatAt": _time(token.beaten_at),
            "heartbeatDeadlineAt": _time(next_heartbeat(token, due.get("heartbeat"))),
            "closedAt": _time(token.closed_at),
            "reason": token.reason,
            "closedByRequest": token.request_id,
            "holder": await self._holder(row, token) if token.closed_at is None else None,
        }
        if reveal:
            shown["token"] = token_text(row.id, row.seed, token.event)
        return {name: value for name, value in shown.items() if value is not None}

    async def _holder(self, row: ExecutionRow, token: TokenRow) -> JsonObject | None:
        """Who holds an open token, by what its task's events say."""
        rows = await self._store.scan(
            EVENT, (row.id,), after=(token.event - 1,), limit=SUBMITTED_WITHIN_EVENTS
        )
        events = [read_event(each.body, each.note) for each in rows]
        if not events or events[0].type != "TaskScheduled":
            return None
        scheduled: JsonObject = dict(events[0].details or {})
        scheduled["parameters"] = _object(scheduled.get("parameters"))
        follows, submitted = {token.event}, None
        for event in events[1:]:
            if event.previous in follows:
                follows.add(event.id)
                if event.type == "TaskSubmitted":
                    submitted = _object(event.text("output"))
                    break
        _, _, _, region, account, _ = row.arn.split(":", 5)
        return self._find_holder(account, region, scheduled, submitted)

    async def _timers(self, execution: int) -> list[TimerRow]:
        return await self._store.scan(TIMER, (SHARD, execution), limit=TIMERS_MAX)

    # -- executions

    async def execution(self, call: Call, query: Mapping[str, str]) -> JsonObject:
        """What an execution waits for, branch by branch, or how it ended."""
        await self._ledger.committed()
        row = await find_execution(self._states, call, _required(query, "executionArn"))
        live = await self._live.get(row.id)
        # From the facts to the sentences nothing waits, so they speak of one moment.
        facts = None if live is None else await self._facts(live)
        if live is not None and facts is not None and live.row.status == RUNNING:
            reveal = query.get("reveal") == "true"
            entries = explain(facts)
            waits_for = [_waiting(live.row, entry, reveal) for entry in entries]
            told = list(notices(live.execution, self._limits, self._states.clock.now()))
            await self._ledger.committed()
            for entry, shown in zip(entries, waits_for, strict=True):
                await self._add_holder(live, entry, shown)
            notes: JsonObject = {"notes": [*told]} if told else {}
            return {**self._head(row), **notes, "waitsFor": [*waits_for]}
        await self._ledger.committed()
        row = await self._live.row(row.id) or row
        return {**self._head(row), "stoppedAt": _time(row.stopped_at), **await self._ended(row)}

    async def _add_holder(self, live: Live, entry: Waiting, shown: JsonObject) -> None:
        token = live.tokens.get(entry.token_event or 0)
        if token is not None and token.closed_at is None:
            holder = await self._holder(live.row, token)
            if holder is not None:
                shown["holder"] = holder

    def _head(self, row: ExecutionRow) -> JsonObject:
        return {
            "executionArn": row.arn,
            "name": row.name,
            "status": STATUSES[row.status],
            "startedAt": format_timestamp(row.started_at),
            "now": format_timestamp(self._states.clock.now()),
        }

    async def _facts(self, live: Live) -> Facts:
        timers = await self._timers(live.row.id)
        events: dict[int, HistoryEvent] = {}
        for number in events_needed(live.execution, timers):
            event = await self._event(live.row.id, number)
            if event is not None:
                events[number] = event
        return Facts(live.execution, live.tokens, timers, events)

    async def _ended(self, row: ExecutionRow) -> JsonObject:
        end = explain_end(row, await self._way_back(row.id))
        shown: JsonObject = {"explanation": end.sentence}
        optional = {"state": end.state, "error": end.error, "cause": end.cause}
        return {**shown, **{k: v for k, v in optional.items() if v is not None}}

    async def _way_back(self, execution: int) -> list[HistoryEvent]:
        """From the last event backwards, along what caused what."""
        last = await self._store.scan(EVENT, (execution,), limit=1, reverse=True)
        way = [read_event(row.body, row.note) for row in last]
        while way and len(way) < WAY_EVENTS_MAX and way[-1].id > 1:
            # A stop points to nothing: what came just before is where the execution stood.
            event = await self._event(execution, way[-1].previous or way[-1].id - 1)
            if event is None:
                break
            way.append(event)
        return way

    async def _event(self, execution: int, number: int) -> HistoryEvent | None:
        row = await self._store.get(EVENT, (execution, number))
        return None if row is None else read_event(row.body, row.note)


def _object(text: JsonValue) -> JsonObject:
    try:
        value = decode(text) if isinstance(text, str) else None
    except BadJson:
        return {}
    return value if isinstance(value, dict) else {}


def _is_internal(token: TokenRow) -> bool:
    """Jobs (`.sync`) are kept as tokens too, but nobody was ever given one."""
    is_service = token.resource.startswith("arn:aws:states:::")
    return is_service and token.resource.rpartition(".")[2].startswith("sync")


def _waiting(row: ExecutionRow, entry: Waiting, reveal: bool) -> JsonObject:
    command = entry.command
    token: str | None = None
    if reveal and entry.token_event is not None:
        token = token_text(row.id, row.seed, entry.token_event)
        command = command.replace("$TOKEN", token)
    shown: JsonObject = {
        "state": entry.state,
        "inside": list(entry.inside),
        "kind": entry.kind,
        "explanation": entry.sentence,
        "limits": [
            {"kind": limit.kind, "at": format_timestamp(limit.at), "then": limit.then}
            for limit in entry.limits
        ],
        "command": command,
        "hints": list(entry.hints),
    }
    if entry.since is not None:
        shown["since"] = format_timestamp(entry.since)
    if token is not None:
        shown["token"] = token
    return shown


def _required(query: Mapping[str, str], name: str) -> str:
    value = query.get(name)
    if not value:
        raise ServiceError("ValidationException", f"The parameter {name} is missing")
    return value


def _limit(text: str | None) -> int:
    if text is None:
        return TOKENS_DEFAULT
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= TOKENS_MAX:
        raise invalid(f"limit must be a number from 1 to {TOKENS_MAX}")
    return int(text)


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_timestamp(milliseconds)
