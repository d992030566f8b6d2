"""Asynchronous invocations: rows until the function has answered, or is given up.

An event is on disk before its caller hears that it was accepted. It runs after the commit, again
after an error (with AWS's pauses), when there was no room for it, and after a restart; its request
id stays the same. The row goes in the turn that sends the result on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.lambda_ import invoke_configs, results
from stepwell.services.lambda_.limits import (
    EVENTS_UNDER_WAY_MAX,
    RETRY_PAUSES_MS,
    THROTTLED_FIRST_MS,
    THROTTLED_MAX_MS,
)
from stepwell.services.lambda_.names import Named
from stepwell.services.lambda_.ports import Invocation, Outcome
from stepwell.services.lambda_.records import EVENT, SHARD, EventRow, VersionRow
from stepwell.services.lambda_.registry import Found
from stepwell.services.lambda_.running import Running
from stepwell.services.reading_again import ReadingAgain
from stepwell.values import encode

GivenUp = Callable[[Turn, bytes, str], None]

_log = logging.getLogger("stepwell.lambda")
_PAGE = 1_000


class Events:
    """See the module. `load` once, `close` at the end."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._functions = running.registry
        self._parts = running.registry.parts
        self._ready: deque[int] = deque()
        self._known: dict[int, Callable[[], None] | None] = {}
        """Events that run, are about to (None), or wait for their time (what calls that off)."""
        self._working: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._again = ReadingAgain(
            "asynchronous invocations",
            self._parts.ledger,
            self._parts.clock,
            self._parts.alarm,
            forget=self._disarm,
            load=self.load,
        )
        self.given_up: list[GivenUp] = []
        """Who wants to know when an event is given up: its payload and why, in the turn of that."""

    def accept(
        self,
        turn: Turn,
        found: Found,
        request_id: str,
        payload: bytes,
        client_context: str | None,
    ) -> None:
        """Run the function later, at least once."""
        now = self._parts.clock.now()
        row = EventRow(
            SHARD,
            self._parts.ids.next_id(),
            found.place,
            found.named.qualifier or "",
            request_id,
            payload,
            client_context,
            now,
            0,
            0,
            now,
        )
        self._put(turn, row)

    async def load(self) -> None:
        """After a start: take up what was accepted and is not done."""
        after: tuple[int] | None = None
        while True:
            rows = await self._parts.store.scan(EVENT, (SHARD,), after=after, limit=_PAGE)
            for row in rows:
                self._arm(row)
            if len(rows) < _PAGE:
                return
            after = (rows[-1].id,)

    async def settle(self) -> None:
        """Return once nothing runs (what waits for its time does not count)."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks), return_exceptions=True)

    async def close(self) -> None:
        """Let what runs go: it is recorded and will be run again."""
        self._closing = True
        self._again.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*list(self._tasks), return_exceptions=True)

    # -- when

    def _put(self, turn: Turn, row: EventRow) -> None:
        turn.put(EVENT, row)
        turn.after_commit(lambda: self._arm(row))

    def _arm(self, row: EventRow) -> None:
        if self._closing or row.id in self._known:
            return
        if row.due_at <= self._parts.clock.now():
            self._begin(row.id)
        else:
            # What rings keeps the id only, not the payload.
            ring = partial(self._begin, row.id)
            self._known[row.id] = self._parts.alarm.call_at(row.due_at, ring)

    def _begin(self, event: int) -> None:
        self._known[event] = None
        self._ready.append(event)
        self._pump()

    def _pump(self) -> None:
        while self._ready and len(self._tasks) < EVENTS_UNDER_WAY_MAX and not self._closing:
            event = self._ready.popleft()
            self._working.add(event)
            task = asyncio.ensure_future(self._guarded(event))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._pump()

    def _disarm(self) -> None:
        for call_off in self._known.values():
            if call_off is not None:
                call_off()
        self._known = dict.fromkeys((*self._ready, *self._working))

    # -- what

    async def _guarded(self, event: int) -> None:
        try:
            await self._run(event)
        except StorageTrouble as trouble:
            _log.warning("an asynchronous invocation is tried again: %s", trouble)
            self._forget(event)
            self._again.later()
        except Exception:
            _log.exception("an asynchronous invocation broke; it is run again at the next start")
        finally:
            self._working.discard(event)

    async def _run(self, event: int) -> None:
        functions = self._functions
        await functions.ready()
        row = await self._parts.store.get(EVENT, (SHARD, event))
        if row is None:
            self._known.pop(event, None)
            return
        account, region, name = row.function.split(":")
        try:
            found = functions.find(Named(account, region, name, row.qualifier or None))
        except ServiceError:
            _log.warning("the function %s of an accepted event is gone", row.function)
            self._end(row, self._telling(row, None, "the function is gone"))
            return
        rules = invoke_configs.rules(functions, row.function, row.qualifier)
        if self._parts.clock.now() > row.made_at + rules.age_seconds * 1_000:
            late = results.gave_up(functions, found, row, None, "", too_old=True)
            self._end(row, self._telling(row, late, "the event is too old"))
            return
        version = functions.choose(found)
        invocation = Invocation(row.request_id, row.payload, found.named.arn, row.client_context)
        try:
            outcome = await self._running.run(found.function, version, invocation)
        except ServiceError as error:
            if error.code == "TooManyRequestsException":
                self._later(row, throttled=True)
                return
            outcome = _own_error(error)
        self._answered(found, row, version, outcome)

    def _answered(self, found: Found, row: EventRow, version: VersionRow, outcome: Outcome) -> None:
        functions = self._functions
        rules = invoke_configs.rules(functions, row.function, row.qualifier)
        ran = row._replace(attempts=row.attempts + 1, throttles=0)
        if outcome.error is None:
            self._end(ran, results.succeeded(functions, found, ran, version.version, outcome))
        elif row.attempts < rules.retries and row.attempts < len(RETRY_PAUSES_MS):
            self._later(ran, throttled=False)
        else:
            done = results.gave_up(functions, found, ran, outcome, version.version)
            self._end(ran, self._telling(ran, done, results.error_message(outcome)))

    def _telling(
        self, row: EventRow, tell: Callable[[Turn], None] | None, reason: str
    ) -> Callable[[Turn], None]:
        """Tells whoever wants to know that the event is given up."""

        def told(turn: Turn) -> None:
            if tell is not None:
                tell(turn)
            for listener in self.given_up:
                listener(turn, row.payload, reason)

        return told

    def _later(self, row: EventRow, *, throttled: bool) -> None:
        if throttled:
            pause = min(THROTTLED_FIRST_MS * 2 ** min(row.throttles, 20), THROTTLED_MAX_MS)
            row = row._replace(throttles=row.throttles + 1)
        else:
            pause = RETRY_PAUSES_MS[row.attempts - 1]
        later = row._replace(due_at=self._parts.clock.now() + pause)
        self._known.pop(row.id, None)
        with self._parts.ledger.stage() as turn:
            self._put(turn, later)

    def _end(self, row: EventRow, tell: Callable[[Turn], None] | None) -> None:
        """The event is done: its row goes, and the result is on its way, or neither."""
        with self._parts.ledger.stage() as turn:
            turn.delete(EVENT, (SHARD, row.id))
            if tell is not None:
                tell(turn)
            turn.after_commit(lambda: self._forget(row.id))

    def _forget(self, event: int) -> None:
        self._known.pop(event, None)


def _own_error(error: ServiceError) -> Outcome:
    """A function that cannot be run, as an error of the function."""
    document = {"errorMessage": error.message, "errorType": error.code}
    return Outcome(encode(document), "Unhandled", b"")
