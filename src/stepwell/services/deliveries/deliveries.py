"""From service to service: at once where the target is embedded, else until it arrives.

What goes to an embedded target (a queue, a bus, a topic) is part of the turn of its source: both
are on disk or neither is. What leaves the process, or was refused, is a row, is tried again with
growing pauses, also after a restart, and becomes a dead letter when it is given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Ids, Store
from stepwell.runtime.turn import Turn
from stepwell.services.alarms import Alarms
from stepwell.services.deliveries.dead_letters import PERMANENT, error_attributes
from stepwell.services.deliveries.delivery import (
    Carrier,
    DeadLetter,
    Delivery,
    Work,
    delivery_text,
    named,
    read_delivery,
)
from stepwell.services.deliveries.records import DELIVERY, SHARD, DeliveryRow
from stepwell.services.reading_again import ReadingAgain
from stepwell.values import JsonObject

_log = logging.getLogger("stepwell.deliveries")
_PAGE = 1_000
UNDER_WAY_MAX = 200
"""How many deliveries leave the process at the same time."""


class Deliveries:
    """See the module. `plug_in` the carriers, `load` once, `close` at the end."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock, ids: Ids, alarm: Alarm) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._carriers: Mapping[str, Carrier] = {}
        self._alarms: Alarms[int] = Alarms(alarm)
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(UNDER_WAY_MAX)
        self._closing = False
        self._again = ReadingAgain(
            "deliveries", ledger, clock, alarm, forget=self._alarms.call_off_all, load=self.load
        )

    def plug_in(self, carriers: Mapping[str, Carrier]) -> None:
        """Set the ways, by the service of an ARN (`sqs`) or the scheme of a URL (`https`)."""
        self._carriers = carriers

    def reaches(self, target: str) -> bool:
        """Whether there is a way to such a target at all."""
        return _kind(target) in self._carriers

    def send(self, turn: Turn, delivery: Delivery) -> None:
        """Deliver as part of the turn, or see to it that it will arrive. Never raises."""
        number = self._ids.next_id()
        try:
            work = self._carrier(delivery.target).carry(turn, delivery, str(number))
        except ServiceError as error:
            self._refused(turn, self._row(number, delivery), delivery, error)
            return
        except StorageTrouble as trouble:
            self._refused(turn, self._row(number, delivery), delivery, _unavailable(trouble))
            return
        if work is not None:
            row = self._row(number, delivery)
            turn.put(DELIVERY, row)
            turn.after_commit(lambda: self._spawn(self._work(row, delivery, work)))

    def hand_over(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Deliver as part of the turn or not at all, to a target that takes it so.

        For a source that keeps what it sends until it has arrived. Raises ServiceError,
        StorageTrouble before anything is changed.
        """
        work = self._carrier(delivery.target).carry(turn, delivery, identity)
        assert work is None, "such a target takes nothing in a turn"

    async def load(self) -> None:
        """After a start: arm everything that has not arrived."""
        after: tuple[int] | None = None
        while True:
            rows = await self._store.scan(DELIVERY, (SHARD,), after=after, limit=_PAGE)
            for row in rows:
                self._arm(row)
            if len(rows) < _PAGE:
                return
            after = (rows[-1].id,)

    async def settle(self) -> None:
        """Return once nothing is under way (what waits for its next attempt does not count)."""
        while under_way := self._tasks | self._again.under_way:
            await asyncio.gather(*under_way, return_exceptions=True)

    async def close(self) -> None:
        """Let what is under way go: it is recorded and will be repeated."""
        self._closing = True
        self._again.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._again.under_way, return_exceptions=True)

    def _carrier(self, target: str) -> Carrier:
        carrier = self._carriers.get(_kind(target))
        if carrier is None:
            raise ServiceError(
                "InvalidParameterValue", f"Nothing here delivers to {target}.", fields=_FINAL
            )
        return carrier

    def _row(self, number: int, delivery: Delivery) -> DeliveryRow:
        now = self._clock.now()
        text = delivery_text(delivery)
        return DeliveryRow(SHARD, number, delivery.target, text, now, 0, now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, row: DeliveryRow, delivery: Delivery, work: Work) -> None:
        async with self._room:
            trouble: ServiceError | None = None
            try:
                await work()
            except ServiceError as error:
                trouble = error
            except StorageTrouble as error:
                trouble = _unavailable(error)
            except Exception as bug:
                _log.exception("a delivery to %s broke", named(delivery.target))
                trouble = ServiceError("InternalFailure", str(bug), status=500)
        with self._ledger.stage() as turn:
            if trouble is None:
                turn.delete(DELIVERY, (SHARD, row.id))
            else:
                self._refused(turn, row, delivery, trouble)

    def _retry(self, row: DeliveryRow) -> None:
        """It is time: try once more."""
        if self._closing:
            return
        delivery = read_delivery(row.delivery)
        with self._ledger.stage() as turn:
            self._try(turn, row, delivery)

    def _try(self, turn: Turn, row: DeliveryRow, delivery: Delivery) -> None:
        try:
            work = self._carrier(delivery.target).carry(turn, delivery, str(row.id))
        except ServiceError as error:
            self._refused(turn, row, delivery, error)
        except StorageTrouble as trouble:
            self._refused(turn, row, delivery, _unavailable(trouble))
        else:
            if work is None:
                turn.delete(DELIVERY, (SHARD, row.id))
            else:
                self._spawn(self._work(row, delivery, work))

    def _refused(
        self, turn: Turn, row: DeliveryRow, delivery: Delivery, error: ServiceError
    ) -> None:
        """Try later, or give it up."""
        now = self._clock.now()
        retries = delivery.retries
        due = now + int(retries.pause_seconds(row.attempts) * 1000)
        why = ""
        if error.fields.get("retryable") is False:
            why = PERMANENT
        elif row.attempts >= retries.attempts_max:
            why = "MaximumRetryAttempts"
        elif due > row.made_at + retries.age_seconds_max * 1000:
            why = "MaximumEventAgeInSeconds"
        if not why:
            later = row._replace(attempts=row.attempts + 1, due_at=due)
            turn.put(DELIVERY, later)
            turn.after_commit(lambda: self._arm(later))
            return
        turn.delete(DELIVERY, (SHARD, row.id))
        where = named(delivery.target)
        _log.warning("%s: gave up delivering to %s: %s", delivery.source, where, error)
        if delivery.dead_letter is not None:
            self._bury(turn, row, delivery, delivery.dead_letter, error, why)

    def _bury(
        self,
        turn: Turn,
        row: DeliveryRow,
        delivery: Delivery,
        letter: DeadLetter,
        error: ServiceError,
        why: str,
    ) -> None:
        attributes = dict(letter.attributes)
        if letter.with_error:
            attributes |= error_attributes(error, row.attempts, why, as_rule=letter.as_rule)
        request: JsonObject = {
            "MessageBody": letter.body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": text}
                for name, text in attributes.items()
            },
            **letter.further,
        }
        dead = Delivery(
            letter.queue_arn, request, delivery.account, delivery.region, delivery.source
        )
        try:
            self._carrier(letter.queue_arn).carry(turn, dead, f"{row.id}-dead")
        except ServiceError as trouble:
            _log.error("%s: the dead letter is lost too: %s", delivery.source, trouble)

    def _arm(self, row: DeliveryRow) -> None:
        if not self._closing and row.id not in self._alarms:
            self._alarms.set(row.id, row.due_at, lambda: self._retry(row))


_FINAL: Mapping[str, object] = {"retryable": False}


def _unavailable(trouble: StorageTrouble) -> ServiceError:
    return ServiceError("ServiceUnavailable", str(trouble), status=503)


def _kind(target: str) -> str:
    """The service of an ARN, the scheme of a URL."""
    parts = target.split(":", 3)
    return parts[2] if parts[0] == "arn" and len(parts) > 3 else parts[0]
