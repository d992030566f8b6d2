"""All queues: found by name, URL or ARN; loaded from the store; woken when messages come.

Operations are plain functions beside this module that take the `Queues`. They validate first, then
change memory and stage rows in one synchronous step, and answer after the commit. Memory runs
ahead of the disk; when a commit fails, everything here is read again from the store.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from stepwell.errors import StorageTrouble
from stepwell.runtime.alarms import LoopAlarm
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Ids, Store
from stepwell.services.sqs.errors import queue_does_not_exist
from stepwell.services.sqs.limits import Settings
from stepwell.services.sqs.loading import load_abandoned, load_all, load_moves, load_page
from stepwell.services.sqs.messages import IN_FLIGHT
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.receipts import OURS
from stepwell.services.sqs.records import MESSAGE, MoveRow

_ACCOUNT = re.compile(r"\d{12}")


class Queues:
    """The live queues. Call `load` once before use, `close` at the end."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        settings: Settings | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self.ids = ids
        self.settings = settings or Settings()
        self.alarm = alarm or LoopAlarm(clock)
        self.closing = False
        self.abandoned: dict[int, int] = {}
        """Boxes to clear -> the queue they belonged to if that is gone too, else 0."""
        self.moves: dict[int, list[MoveRow]] = defaultdict(list)
        """Move tasks by dead-letter queue, oldest first."""
        self.deleted_at: dict[tuple[str, str], int] = {}
        """When a queue of that scope and name was deleted."""
        self._scopes: dict[str, dict[str, Queue]] = {}
        self._reload: asyncio.Task[None] | None = None
        self.when_loaded: list[Callable[[], None]] = []
        """Called whenever everything was read from the store."""
        self.tasks: set[asyncio.Task[None]] = set()
        ledger.on_rollback(self._forget)

    async def load(self) -> None:
        """Read every queue from the store."""
        scopes: dict[str, dict[str, Queue]] = {}
        for queue in await load_all(self.store, self.settings, self.clock.now()):
            scopes.setdefault(f"{queue.account}:{queue.region}", {})[queue.name] = queue
        moves = await load_moves(self.store, [q.id for s in scopes.values() for q in s.values()])
        self.abandoned = await load_abandoned(self.store)
        self.moves = moves
        self._scopes = scopes
        for listener in self.when_loaded:
            listener()

    def release_ours(self) -> None:
        """At the start: what a part of the last process had received comes back at once.

        What lies beyond the window comes back when its visibility timeout is over.
        """
        now = self.clock.now()
        with self.ledger.stage() as turn:
            for queue in self.everyone():
                mailbox = queue.mailbox
                for message in list(mailbox.messages.values()):
                    if message.state == IN_FLIGHT and message.receipt & OURS:
                        mailbox.reschedule(message, now)
                        turn.put(MESSAGE, message.row(mailbox.box))
                mailbox.tick(now)

    async def settled(self) -> None:
        """Return once memory agrees with the store again. Raises StorageTrouble if it cannot."""
        if self._reload is not None:
            await asyncio.shield(self._reload)

    def find(self, account: str, region: str, name_or_url: str) -> Queue:
        """The queue of that name, or of a URL of any host: its last two parts count."""
        parts = name_or_url.rstrip("/").rsplit("/", 2)
        if len(parts) > 1 and _ACCOUNT.fullmatch(parts[-2]):
            account = parts[-2]
        queue = self._scopes.get(f"{account}:{region}", {}).get(parts[-1])
        if queue is None:
            raise queue_does_not_exist()
        return queue

    def by_arn(self, arn: str) -> Queue | None:
        """The queue of that ARN."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            return None
        return self._scopes.get(f"{parts[4]}:{parts[3]}", {}).get(parts[5])

    def in_scope(self, account: str, region: str) -> dict[str, Queue]:
        """The queues of one account and region by name."""
        return self._scopes.get(f"{account}:{region}", {})

    def everyone(self) -> Iterator[Queue]:
        """Every queue there is now."""
        return iter([queue for scope in self._scopes.values() for queue in scope.values()])

    def enlist(self, queue: Queue) -> None:
        """A queue was created."""
        self._scopes.setdefault(f"{queue.account}:{queue.region}", {})[queue.name] = queue

    def strike(self, queue: Queue) -> None:
        """A queue was deleted."""
        del self._scopes[f"{queue.account}:{queue.region}"][queue.name]
        queue.gone = True
        self.release_all(queue)

    def check_settled(self) -> None:
        """For sending within another's turn, which can't wait.

        Raises StorageTrouble while the queues are being read again.
        """
        if self._reload is not None:
            raise StorageTrouble("The queues are being read again after a failed commit.")

    async def load_more(self, queue: Queue) -> None:
        """Bring the next messages that are only on disk into memory."""
        if queue.loading is not None:
            await asyncio.shield(queue.loading)
            return
        queue.loading = asyncio.get_running_loop().create_future()
        try:
            await load_page(self.store, self.ledger, self.clock, self.settings, queue)
        finally:
            queue.loading.set_result(None)
            queue.loading = None

    def wake(self, queue: Queue) -> None:
        """Tell as many long polls as there are ready messages."""
        waiters = queue.waiters
        ready = queue.mailbox.waiting_here
        if queue.mailbox.horizon is not None:
            # Somebody has to look at what is only on disk.
            ready += 1
        while waiters and ready > 0:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                ready -= 1
        self.arm(queue)

    def arm(self, queue: Queue) -> None:
        """While somebody waits, be called when the next delay or visibility timeout is over."""
        due = queue.mailbox.next_due() if queue.waiters else None
        if due == queue.ring_at:
            return
        if queue.call_off is not None:
            queue.call_off()
            queue.call_off = None
        queue.ring_at = due
        if due is not None:
            queue.call_off = self.alarm.call_at(due, lambda: self._ring(queue))

    def release_all(self, queue: Queue) -> None:
        """Let every long poll of the queue look again."""
        while queue.waiters:
            waiter = queue.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        self.arm(queue)

    def close(self) -> None:
        """The server stops: long polls answer with what they have, move tasks pause."""
        self.closing = True
        for queue in self.everyone():
            self.release_all(queue)
        for task in self.tasks:
            task.cancel()

    def _ring(self, queue: Queue) -> None:
        queue.ring_at = None
        queue.call_off = None
        queue.mailbox.tick(self.clock.now())
        self.wake(queue)

    def _forget(self) -> None:
        old = list(self.everyone())
        for queue in old:
            queue.gone = True
        self._reload = asyncio.ensure_future(self._read_again(old))

    async def _read_again(self, old: list[Queue]) -> None:
        while True:
            try:
                await self.load()
                break
            except StorageTrouble:
                await self.pause(1000)
        self._reload = None
        for queue in old:
            self.release_all(queue)

    async def pause(self, milliseconds: int) -> None:
        """Wait that long."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring() -> None:
            if not over.done():
                over.set_result(None)

        call_off = self.alarm.call_at(self.clock.now() + milliseconds, ring)
        try:
            await over
        finally:
            call_off()
