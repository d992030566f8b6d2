"""The whole product in one process, under virtual time, with a disk that survives crashes.

    simulation = Simulation(seed=7, faults=[Faults(crash_after=12), Faults(crash_before=3)])
    await simulation.run(client_one, client_two)

A client is an async function that gets the simulation and calls operations (`call`). When the
process crashes under a call, the client gets `Crashed` once the process is up again, and decides
like a real client: mostly it repeats the call. Each process has its own faults. Time jumps to the
next alarm when nothing moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from stepwell.engine.limits import Limits
from stepwell.errors import StorageTrouble
from stepwell.runtime.objects import ObjectStore
from stepwell.server import Core
from stepwell.services.api import Call, Encoded, Operation
from stepwell.services.lambda_.ports import Runner
from stepwell.stores.faulty import FaultyStore, StoreCrashed
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import decode

_ROUNDS_MAX = 10_000
"""How often the loop goes round at most before time passes."""
_JUMPS_MAX = 200_000


class Crashed(Exception):
    """The process died under the call; nobody knows whether it took effect."""


class Stuck(AssertionError):
    """Nothing moves, no alarm is set, and the clients are not done."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong in a process: a crash before or after a commit, or a full disk."""

    crash_before: int | None = None
    crash_after: int | None = None
    fail_at: int | None = None


Client = Callable[["Simulation"], Coroutine[Any, Any, None]]


class Simulation:
    """See the module."""

    def __init__(
        self,
        *,
        seed: int = 0,
        faults: Sequence[Faults] = (),
        cached_max: int = 4_000,
        limits: Limits | None = None,
        objects: ObjectStore | None = None,
        runner: Runner | None = None,
        aws_quotas: bool = False,
    ) -> None:
        self.clock = VirtualClock()
        self.client_clock = VirtualClock()
        self.ids = SeededIds(seed)
        self.disk = MemoryDisk()
        self.crashes = 0
        self.commits = 0
        self._faults = faults
        self._cached_max = cached_max
        self._limits = limits or Limits()
        self._objects = objects
        self._runner = runner
        self._aws_quotas = aws_quotas
        self._crash_seen = asyncio.Event()
        self._up = asyncio.Event()
        self._calls: set[asyncio.Future[Any]] = set()
        self._clients: set[asyncio.Future[Any]] = set()
        self._requests = 0
        self.core: Core
        self._store: FaultyStore

    # -- the process

    async def boot(self) -> None:
        """Start a process on the disk, and another one while one dies before it is up."""
        while not await self._boot():
            await self._end_process()

    async def _boot(self) -> bool:
        life = self.crashes
        faults = self._faults[life] if life < len(self._faults) else Faults()
        self._store = FaultyStore(
            MemoryStore(declared_tables(), self.disk),
            crash_before=faults.crash_before,
            crash_after=faults.crash_after,
            fail_at=faults.fail_at,
            on_crash=self._crash_seen.set,
        )
        self.core = Core(
            self._store,
            clock=self.clock,
            ids=self.ids,
            alarm=self.clock,
            limits=self._limits,
            cached_max=self._cached_max,
            objects=self._objects,
            runner=self._runner,
            aws_quotas=self._aws_quotas,
        )
        services = self.core.services()
        # Names that several services have go to the first one; `sns.TagResource` is exact.
        self._operations: dict[str, Operation] = {}
        for service in services:
            for name, operation in service.operations.items():
                self._operations.setdefault(name, operation)
                self._operations[f"{service.name}.{name}"] = operation
        await self._store.open()
        loading = asyncio.ensure_future(self.core.load())
        dying = asyncio.ensure_future(self._crash_seen.wait())
        await asyncio.wait([loading, dying], return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if not loading.done() or isinstance(loading.exception(), StoreCrashed):
            return False
        loading.result()
        self._up.set()
        return True

    async def crash(self) -> None:
        """The process is gone: its tasks, its memory, its alarms. Start the next one."""
        await self._end_process()
        await self.boot()

    async def _end_process(self) -> None:
        self.crashes += 1
        self._up.clear()
        self.commits += self._store.commits
        keep = self._clients | {asyncio.current_task()}
        doomed = [t for t in asyncio.all_tasks() if t not in keep]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        self.clock.silence()
        await self._store.close()
        self._crash_seen.clear()

    # -- the clients

    async def call(self, operation: str, **params: Any) -> Any:
        """One API call. Raises Crashed, ServiceError, StorageTrouble."""
        await self._up.wait()
        self._requests += 1
        call = Call(
            account="000000000000",
            region="us-east-1",
            request_id=f"request-{self._requests}",
            base_url="http://localhost:4566",
        )
        task = asyncio.ensure_future(_run(self._operations[operation], call, params))
        self._calls.add(task)
        try:
            answer = await task
        except (asyncio.CancelledError, StoreCrashed):
            if not task.cancelled() and not isinstance(task.exception(), StoreCrashed):
                raise  # the client itself is cancelled
            await self._up.wait()
            raise Crashed from None
        finally:
            self._calls.discard(task)
        return decode(answer.body) if isinstance(answer, Encoded) else answer

    async def insist(self, operation: str, **params: Any) -> Any:
        """Call until it is answered, as a client with retries does."""
        while True:
            try:
                return await self.call(operation, **params)
            except (Crashed, StorageTrouble):
                await self.sleep(10)

    async def sleep(self, milliseconds: int) -> None:
        """Let virtual time pass for a client. Crashes of the process do not matter."""
        woken = asyncio.Event()
        self.client_clock.call_at(self.clock.now() + milliseconds, woken.set)
        await woken.wait()

    # -- the world

    async def run(self, *clients: Client) -> None:
        """Run the clients to their ends; crash, restart and move time as need be."""
        asyncio.get_running_loop().set_exception_handler(_only_surprises)
        await self.boot()
        self._clients = {asyncio.ensure_future(client(self)) for client in clients}
        try:
            for _ in range(_JUMPS_MAX):
                await self._let_it_move()
                for client in self._clients:
                    if client.done():
                        client.result()
                if all(c.done() for c in self._clients):
                    break
                if self._crash_seen.is_set():
                    await self.crash()
                    continue
                self._jump()
            else:
                raise Stuck("the simulation takes too long")
        finally:
            await self._end()

    async def _let_it_move(self) -> None:
        # Time passes only when nothing is left to do; nobody waits for anything real in here.
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        for _ in range(_ROUNDS_MAX):
            await asyncio.sleep(0)
            if not ready:
                return

    def _jump(self) -> None:
        times = [t for t in (self.clock.next_alarm(), self.client_clock.next_alarm()) if t]
        if not times:
            raise Stuck(f"nothing moves at {self.clock.now()}: {[str(c) for c in self._clients]}")
        to = min(times)
        self.clock.advance(to)
        self.client_clock.advance(to)

    async def _end(self) -> None:
        for client in self._clients:
            client.cancel()
        self.commits += self._store.commits
        await self.core.close()
        await self._store.close()


async def _run(operation: Operation, call: Call, params: dict[str, Any]) -> Any:
    return await operation(call, params)


def _only_surprises(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), StoreCrashed):
        loop.default_exception_handler(context)
