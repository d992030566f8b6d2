"""Activity tasks: offered in order, taken by one worker each.

Tasks nobody has taken yet are rows; the next ones of each activity are in memory too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from stepwell.engine.commands import OfferActivity, WithdrawActivity
from stepwell.engine.context import token_text
from stepwell.engine.inputs import ActivityTaken
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.live import Live
from stepwell.runtime.ports import Store
from stepwell.runtime.records import ACTIVITY_TASK, ActivityTaskRow
from stepwell.runtime.telling import Telling
from stepwell.runtime.turn import Turn

READ_AHEAD_MAX = 1_000


class Closing(Protocol):
    """Tells a long poll that it must answer now (asyncio.Event is one)."""

    def is_set(self) -> bool:
        """Whether the poll must answer now."""

    async def wait(self) -> object:
        """Return when the poll must answer."""


class _Line:
    """The tasks of one activity. `more` says that there may be rows which are not in `next`,
    `reading` that they are being read."""

    __slots__ = ("more", "next", "reading", "workers")

    def __init__(self) -> None:
        self.next: deque[ActivityTaskRow] = deque()
        self.more = True
        self.reading = False
        self.workers: deque[asyncio.Future[None]] = deque()


class ActivityTasks:
    """See the module."""

    def __init__(self, store: Store, ledger: Ledger, executions: Telling) -> None:
        self._store = store
        self._ledger = ledger
        self._executions = executions
        self._lines: dict[str, _Line] = {}

    def _line(self, arn: str) -> _Line:
        line = self._lines.get(arn)
        if line is None:
            line = self._lines[arn] = _Line()
        return line

    def offer(self, turn: Turn, live: Live, command: OfferActivity) -> None:
        """Let a worker have a task."""
        row = ActivityTaskRow(command.arn, live.row.id, command.event, command.branch, command.text)
        turn.put(ACTIVITY_TASK, row)
        line = self._line(command.arn)
        if not line.more and not line.reading and len(line.next) < READ_AHEAD_MAX:
            line.next.append(row)
        else:
            line.more = True
        _wake(line)

    def withdraw(self, turn: Turn, live: Live, command: WithdrawActivity) -> None:
        """No worker may have this task any more."""
        turn.delete(ACTIVITY_TASK, (command.arn, live.row.id, command.event))
        line = self._line(command.arn)
        if line.next:
            line.next = deque(
                r for r in line.next if (r.execution, r.event) != (live.row.id, command.event)
            )

    def withdraw_all(self, arn: str) -> None:
        """The activity is gone:

        Those who ask for its tasks get none. Tasks keep waiting, as on AWS.
        """
        self._lines.pop(arn, None)

    def forget(self) -> None:
        """A commit failed: read everything again."""
        for line in self._lines.values():
            line.next.clear()
            line.more = True
            _wake(line)

    async def poll(
        self, arn: str, worker_name: str | None, closing: Closing
    ) -> tuple[str, str] | None:
        """The next task as (token, input), or None once `closing` is set."""
        line = self._line(arn)
        closed = asyncio.ensure_future(closing.wait())
        try:
            while not closing.is_set():
                taken = await self._take(line, arn, worker_name)
                if taken is not None:
                    return taken
                worker = asyncio.get_running_loop().create_future()
                line.workers.append(worker)
                try:
                    await asyncio.wait((worker, closed), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if worker in line.workers:
                        line.workers.remove(worker)
                    elif closing.is_set() or not worker.done() or worker.cancelled():
                        _wake(line)  # it was called, but will not look: somebody else must
            return None
        finally:
            closed.cancel()

    async def _take(self, line: _Line, arn: str, worker_name: str | None) -> tuple[str, str] | None:
        while True:
            while not line.next and line.more and not line.reading:
                await self._read_ahead(line, arn)
            if not line.next:
                return None
            row = line.next.popleft()
            if line.next:
                _wake(line)
            try:
                live = await self._executions.live.get(row.execution)
            except BaseException:
                line.next.appendleft(row)  # the worker hung up, or the store could not be read
                _wake(line)
                raise
            if self._hand_over(row, live, worker_name) and live is not None:
                await self._ledger.committed()
                return token_text(row.execution, live.row.seed, row.event), row.input

    def _hand_over(self, row: ActivityTaskRow, live: Live | None, worker_name: str | None) -> bool:
        """Give a task to a worker; False when nobody waits for it, or another worker has it."""
        branch = None if live is None else live.execution.branches.get(row.branch)
        with self._ledger.stage() as turn:
            turn.delete(ACTIVITY_TASK, ACTIVITY_TASK.key_of(row))
            if live is None or branch is None or live.execution.status != "RUNNING":
                return False
            if branch.phase != "scheduled" or branch.scheduled != row.event:
                return False
            taken = ActivityTaken(row.branch, row.event, worker_name)
            self._executions.deliver(turn, live, taken)
            return True

    async def _read_ahead(self, line: _Line, arn: str) -> None:
        """Read the first tasks. What is offered meanwhile is on disk only: it is read next time."""
        line.more, line.reading = False, True
        try:
            await self._ledger.committed()
            rows = await self._store.scan(ACTIVITY_TASK, (arn,), limit=READ_AHEAD_MAX)
        except BaseException:
            line.more = True
            raise
        finally:
            line.reading = False
        line.next = deque(rows)
        line.more = line.more or len(rows) == READ_AHEAD_MAX
        _wake(line)


def _wake(line: _Line) -> None:
    if line.workers:
        worker = line.workers.popleft()
        if not worker.done():
            worker.set_result(None)
