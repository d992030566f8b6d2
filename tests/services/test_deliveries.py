"""From service to service: at once, later, again after a restart, or to the dead letters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from stepwell.errors import ServiceError
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.deliveries.delivery import DeadLetter, Delivery, Retries, Work
from stepwell.services.deliveries.records import DELIVERY, TABLES
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.testing.virtual import SeededIds, VirtualClock

QUEUE, FUNCTION = "arn:aws:sqs:r:1:dead", "arn:aws:lambda:r:1:function:f"


@dataclass
class Target:
    """Takes deliveries, at once or outside of the process, after refusing some."""

    outside: bool = False
    refusals: int = 0
    final: bool = False
    seen: list[tuple[str, str]] = field(default_factory=list)

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work | None:
        """See Carrier."""
        if self.outside:
            return lambda: self._take(delivery, identity)
        self._refuse()
        self.seen.append((str(delivery.request["MessageBody"]), identity))
        return None

    async def _take(self, delivery: Delivery, identity: str) -> None:
        self._refuse()
        self.seen.append((str(delivery.request["Payload"]), identity))

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            fields = {"retryable": False} if self.final else {}
            raise ServiceError("NotNow", "later", fields=fields)


class World:
    """Deliveries on a disk that survives the process."""

    def __init__(self) -> None:
        self.disk, self.clock = MemoryDisk(), VirtualClock()
        self.queue, self.function = Target(), Target(outside=True)

    async def start(self) -> None:
        """A new process."""
        self.store = MemoryStore(TABLES, self.disk)
        await self.store.open()
        self.ledger = Ledger(self.store)
        self.deliveries = Deliveries(self.store, self.ledger, self.clock, SeededIds(), self.clock)
        self.deliveries.plug_in({"sqs": self.queue, "lambda": self.function})
        await self.deliveries.load()

    async def send(self, target: str, **more: object) -> None:
        """One delivery, committed."""
        request = {"MessageBody": "m", "Payload": "m"}
        delivery = Delivery(target, dict(request), "1", "r", "arn:source", **more)  # type: ignore[arg-type]
        with self.ledger.stage() as turn:
            self.deliveries.send(turn, delivery)
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is under way."""
        await self.ledger.committed()
        await self.deliveries.settle()
        await self.ledger.committed()

    async def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(self.clock.now() + int(seconds * 1000))
        await asyncio.sleep(0)
        await self.settle()

    async def kept(self) -> int:
        """How many have not arrived."""
        return await self.store.count(DELIVERY, (0,))


async def test_an_embedded_target_has_it_with_the_turn() -> None:
    """No row is left of what was taken at once."""
    world = World()
    await world.start()
    await world.send(QUEUE)
    assert [body for body, _ in world.queue.seen] == ["m"]
    assert await world.kept() == 0


async def test_outside_work_is_tried_until_it_is_taken() -> None:
    """Always under the same identity, with pauses that double."""
    world = World()
    world.function.refusals = 2
    await world.start()
    await world.send(FUNCTION)
    assert await world.kept() == 1
    await world.later(1)
    await world.later(1)
    assert world.function.seen == []
    await world.later(1)
    assert len(world.function.seen) == 1
    assert await world.kept() == 0


async def test_a_restart_goes_on_with_what_was_not_taken() -> None:
    """The row is all that is needed; the identity stays."""
    world = World()
    world.function.refusals = 1
    await world.start()
    await world.send(FUNCTION)
    await world.deliveries.close()
    await world.store.close()
    world.clock.silence()
    await world.start()
    await world.later(5)
    assert len(world.function.seen) == 1
    assert await world.kept() == 0


async def test_what_is_given_up_becomes_a_dead_letter() -> None:
    """After the last attempt, with the reasons where they are wanted."""
    world = World()
    world.function.refusals = 99
    await world.start()
    letter = DeadLetter(QUEUE, "the event", {"RULE_ARN": "r"}, with_error=True)
    await world.send(FUNCTION, retries=Retries(attempts_max=1), dead_letter=letter)
    assert world.queue.seen == []
    await world.later(5)
    assert [body for body, _ in world.queue.seen] == ["the event"]
    assert await world.kept() == 0


async def test_a_final_refusal_is_not_tried_again() -> None:
    """A target that does not exist will not come to exist."""
    world = World()
    world.function.refusals, world.function.final = 1, True
    await world.start()
    await world.send(FUNCTION, dead_letter=DeadLetter(QUEUE, "gone"))
    assert [body for body, _ in world.queue.seen] == ["gone"]
    assert world.clock.next_alarm() is None


async def test_age_ends_attempts_too() -> None:
    """Nothing is tried beyond its age."""
    world = World()
    world.function.refusals = 99
    await world.start()
    await world.send(FUNCTION, retries=Retries(age_seconds_max=10))
    for _ in range(8):
        await world.later(10)
    assert await world.kept() == 0
    assert world.function.refusals > 90
