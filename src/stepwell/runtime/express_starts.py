"""Express executions that nobody waits for: they run at least once.

That one must run is a row; whoever started it is answered when the row is on disk. The row goes
with the turn of the end. After a crash, or when what a run did could not be stored, it runs again
from its beginning, under the same ARN, with five minutes of its own.

Only so many are in memory; those that came later wait as rows, in the order in which they came.
"""

from __future__ import annotations

import logging

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.language.diagnostics import InvalidDefinition
from stepwell.runtime.express import ExpressRuns, express_arn
from stepwell.runtime.outbox import RETRY_MS, Outbox
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Beginning
from stepwell.runtime.records import EXPRESS_START, ExecutionRow, ExpressStartRow, RevisionRow
from stepwell.runtime.telling import Telling
from stepwell.runtime.timers import SHARD
from stepwell.runtime.turn import Turn
from stepwell.values import BadJson, JsonObject, decode, decode_payload, encode_text

_log = logging.getLogger("stepwell.runtime")

AT_ONCE_MAX = 10_000
"""How many of them run at the same time."""
_PAGE = 100


class ExpressExecutions:
    """See the module, and `express` for those that somebody waits for."""

    def __init__(self, parts: Parts, outbox: Outbox, executions: Telling) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._alarm = parts.alarm
        self._ids = parts.ids
        self._programs = parts.programs
        self._outbox = outbox
        self.runs = ExpressRuns(parts, executions)
        self.at_once_max = AT_ONCE_MAX
        self._running = 0
        self._closed = False
        self._last = -1
        """Rows up to this one were given to a run."""
        self._behind = False
        """Rows after it were not, because there was no room."""
        self._came = False
        """One more came while the store was read."""

    # -- starting

    async def start(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExpressStartRow:
        """Start an execution: on disk is that it must run.

        Raises ServiceError InvalidExecutionInput when the input is not JSON.
        """
        beginning = await self._new(revision, name, input, extra)
        with self._ledger.stage() as turn:
            row = self.stage(turn, beginning)
        await self._ledger.committed()
        return row

    async def run(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExecutionRow:
        """Run an execution to its end. Raises as `start`, and StorageTrouble."""
        return await self.runs.run(await self._new(revision, name, input, extra))

    async def _new(
        self, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> Beginning:
        try:
            value = decode_payload(input)
        except BadJson as error:
            raise ServiceError(
                "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
            ) from error
        program = self._programs.cached(revision.machine, revision.revision)
        if program is None:
            program = await self._programs.get(revision.machine, revision.revision)
        return Beginning(revision, program, name, input, value, extra)

    def stage(self, turn: Turn, beginning: Beginning) -> ExpressStartRow:
        """Keep that an execution must run; it begins after the commit."""
        revision, name = beginning.revision, beginning.name
        row = ExpressStartRow(
            shard=SHARD,
            id=self._ids.next_id(),
            arn=express_arn(revision.arn, name, self._ids.uuid()),
            name=name,
            machine=revision.machine,
            revision=revision.revision,
            started_at=self._clock.now(),
            input=beginning.input,
            extra=encode_text(beginning.extra) if beginning.extra else None,
        )
        turn.put(EXPRESS_START, row)
        turn.after_commit(lambda: self._come(row, beginning))
        return row

    def _come(self, row: ExpressStartRow, beginning: Beginning) -> None:
        if self._behind or self._running >= self.at_once_max:
            self._behind = self._came = True
            return
        self._last = max(self._last, row.id)
        self._begin(row, beginning)

    def _begin(self, row: ExpressStartRow, beginning: Beginning) -> None:
        self._running += 1
        self.runs.begin(
            Beginning(
                beginning.revision,
                beginning.program,
                row.name,
                row.input,
                beginning.value,
                beginning.extra,
                arn=row.arn,
            ),
            on_end=lambda turn: self._ended(turn, row),
            on_lost=lambda why: self._lost(why, row, beginning),
        )

    # -- ending

    def _ended(self, turn: Turn, row: ExpressStartRow) -> None:
        turn.delete(EXPRESS_START, (SHARD, row.id))
        turn.after_commit(self._one_less)

    def _one_less(self) -> None:
        self._running -= 1
        if self._behind and self._running < self.at_once_max and not self._closed:
            self._outbox.insist("express starts", self._catch_up)

    def _lost(self, why: Exception, row: ExpressStartRow, beginning: Beginning) -> None:
        """Run it again, unless it is a bug: then it is tried again at the next start."""
        self._one_less()
        if isinstance(why, StorageTrouble):
            at = self._clock.now() + RETRY_MS
            self._alarm.call_at(at, lambda: None if self._closed else self._begin(row, beginning))

    # -- what is on disk

    def load(self) -> None:
        """After a start: run what was not seen to end."""
        self._behind = True
        self._outbox.insist("express starts", self._catch_up)

    async def _catch_up(self) -> None:
        while self._behind and self._running < self.at_once_max and not self._closed:
            self._came = False
            rows = await self._store.scan(EXPRESS_START, (SHARD,), after=(self._last,), limit=_PAGE)
            for row in rows:
                if self._running >= self.at_once_max:
                    return
                beginning = await self._read(row)
                self._last = row.id
                if beginning is not None:
                    self._begin(row, beginning)
            if len(rows) < _PAGE and not self._came:
                self._behind = False

    async def _read(self, row: ExpressStartRow) -> Beginning | None:
        """What a row begins; None when its definition can't be run any more, and so it is over."""
        try:
            program = await self._programs.get(row.machine, row.revision)
            revision = await self._programs.revision(row.machine, row.revision)
        except (LookupError, InvalidDefinition) as error:
            _log.warning("express execution %s can't run: %s", row.arn, error)
            with self._ledger.stage() as turn:
                turn.delete(EXPRESS_START, (SHARD, row.id))
            return None
        extra = decode(row.extra) if row.extra else None
        return Beginning(
            revision,
            program,
            row.name,
            row.input,
            decode(row.input),
            extra if isinstance(extra, dict) else None,
        )

    def forget(self) -> None:
        """A commit failed: what was lost with it runs again."""
        self.runs.forget()

    async def close(self) -> None:
        """End everything where it is: it is repeated by the next process."""
        self._closed = True
        await self.runs.close()
