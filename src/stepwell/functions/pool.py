"""Warm processes by key: taken, given back, started when none is free, let go when idle.

The rules:

- who waits for a process gets the first that is free, be it a new one or one given back;
- few start at the same time; who started one that nobody needs any more leaves it warm;
- idle ones end after a while, and the longest idle first when there are too many;
- when too many are at work the next one starts only after a pause, unless one gets free: a burst
  does not overwhelm the machine, and functions that wait for each other still get on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from stepwell.functions.ports import CROWDED_SECONDS, IDLE_SECONDS, Alarm, Clock
from stepwell.functions.worker import Answer, Worker
from stepwell.services.lambda_.ports import FunctionSpec


@dataclass(frozen=True, slots=True)
class NotReady:
    """A process that did not get ready, and why."""

    worker: Worker
    trouble: Answer


Taken = Worker | NotReady
Starter = Callable[[FunctionSpec], Awaitable[Taken]]


@dataclass(slots=True)
class _Queue:
    """Who waits for processes of one key."""

    waiting: deque[asyncio.Future[Taken]] = field(default_factory=deque)
    starting: int = 0


class Pool:
    """The processes of all functions."""

    def __init__(
        self, clock: Clock, alarm: Alarm, start: Starter, *, processes_max: int, starts_max: int
    ) -> None:
        self._clock = clock
        self._alarm = alarm
        self._start = start
        self._processes_max = processes_max
        self._slots = asyncio.Semaphore(starts_max)
        self._idle: dict[str, list[Worker]] = {}
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_sweeping: Callable[[], None] | None = None
        self._freed: asyncio.Future[None] | None = None
        self.workers: set[Worker] = set()
        """All that have not ended."""

    async def take(self, spec: FunctionSpec, stamp: int) -> Taken:
        """A process for one invocation. Raises what starting raises."""
        worker = self._pop(spec.key, stamp)
        if worker is not None:
            return worker
        queue = self._queues.setdefault(spec.key, _Queue())
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        queue.waiting.append(future)
        if queue.starting < len(queue.waiting):
            queue.starting += 1
            self._spawn(self._start_one(spec, queue))
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                taken = future.result()
                if isinstance(taken, Worker):
                    self.give_back(taken)
            raise
        finally:
            if future in queue.waiting:
                queue.waiting.remove(future)
            self._drop_if_empty(spec.key, queue)

    def _pop(self, key: str, stamp: int) -> Worker | None:
        idle = self._idle.get(key)
        while idle:
            worker = idle.pop()
            if not idle:
                self._idle.pop(key, None)
            if worker.stamp == stamp and worker.is_usable:
                return worker
            worker.kill()
        return None

    def give_back(self, worker: Worker) -> None:
        """It is free again, or soon."""
        if worker.retired or worker.ended:
            worker.kill()
        elif not worker.is_idle:
            self._spawn(self._give_back_later(worker))
        else:
            self._offer(worker)

    async def _give_back_later(self, worker: Worker) -> None:
        await worker.settled()
        if worker.is_idle and not worker.retired:
            self._offer(worker)
        else:
            worker.kill()

    def _offer(self, worker: Worker) -> None:
        key = worker.spec.key
        queue = self._queues.get(key)
        if queue is not None and self._hand_over(queue, worker):
            return
        self._tell_freed()
        worker.idle_since = self._clock.now()
        self._idle.setdefault(key, []).append(worker)
        if self._stop_sweeping is None:
            self._sweep_at(worker.idle_since + IDLE_SECONDS * 1000)

    @staticmethod
    def _hand_over(queue: _Queue, taken: Taken | BaseException) -> bool:
        while queue.waiting:
            future = queue.waiting.popleft()
            if not future.done():
                if isinstance(taken, BaseException):
                    future.set_exception(taken)
                else:
                    future.set_result(taken)
                return True
        return False

    async def _start_one(self, spec: FunctionSpec, queue: _Queue) -> None:
        try:
            async with self._slots:
                if not queue.waiting:
                    return
                if not await self._has_room(queue):
                    return
                taken = await self._start(spec)
        except Exception as trouble:
            self._hand_over(queue, trouble)
        else:
            if not self._hand_over(queue, taken) and isinstance(taken, Worker):
                self.give_back(taken)
        finally:
            queue.starting -= 1
            self._drop_if_empty(spec.key, queue)

    def _drop_if_empty(self, key: str, queue: _Queue) -> None:
        if not queue.waiting and not queue.starting and self._queues.get(key) is queue:
            del self._queues[key]

    async def _has_room(self, queue: _Queue) -> bool:
        """Make room for one more, or wait for it; False when nobody needs it any more."""
        if len(self.workers) >= self._processes_max:
            idle = [worker for workers in self._idle.values() for worker in workers]
            if idle:
                self._let_go(min(idle, key=lambda worker: worker.idle_since))
                return True
            self._freed = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._freed,), timeout=CROWDED_SECONDS)
        return bool(queue.waiting)

    def _tell_freed(self) -> None:
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    def _let_go(self, worker: Worker) -> None:
        key = worker.spec.key
        idle = self._idle.get(key, [])
        if worker in idle:
            idle.remove(worker)
        if not idle:
            self._idle.pop(key, None)
        worker.kill()

    def _sweep_at(self, at: int) -> None:
        self._stop_sweeping = self._alarm.call_at(at, self._sweep)

    def _sweep(self) -> None:
        self._stop_sweeping = None
        latest = self._clock.now() - IDLE_SECONDS * 1000
        for worker in [worker for workers in self._idle.values() for worker in workers]:
            if worker.idle_since <= latest:
                self._let_go(worker)
        left = [worker.idle_since for workers in self._idle.values() for worker in workers]
        if left:
            self._sweep_at(min(left) + IDLE_SECONDS * 1000)

    def forget(self, key: str) -> None:
        """Processes of that key end, those at work once they have answered."""
        for worker in self._idle.pop(key, []):
            worker.kill()
        for worker in self.workers:
            if worker.spec.key == key:
                worker.retired = True

    def ended(self, worker: Worker) -> None:
        """A process is gone."""
        self.workers.discard(worker)
        self._tell_freed()
        idle = self._idle.get(worker.spec.key)
        if idle is not None and worker in idle:
            self._let_go(worker)

    async def close(self) -> None:
        """End every process, and wait for it."""
        if self._stop_sweeping is not None:
            self._stop_sweeping()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._queues.values():
            for future in queue.waiting:
                future.cancel()
        workers = tuple(self.workers)
        for worker in workers:
            worker.kill()
        for worker in workers:
            await worker.gone()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
