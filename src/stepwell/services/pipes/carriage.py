"""A batch on its way through a pipe: enriched, shaped, handed over, and only then let go.

What a target takes as part of a turn (a queue, a topic, a bus, a log group, an execution, an
invocation that nobody waits for) it takes in the very turn that lets go of the records at their
source: so that happens once. What is asked over a wire or run in a process is asked first, and the
records are let go after it answered: that may happen again after a crash.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.feeds.batches import failed_items
from stepwell.services.feeds.ports import Records
from stepwell.services.pipes.arrivals import Arrival, Group, Outcome
from stepwell.services.pipes.asking import Asking
from stepwell.services.pipes.enriching import Enriching, listed
from stepwell.services.pipes.inputs import Item
from stepwell.services.pipes.journal import Execution, Journal
from stepwell.services.pipes.partners import (
    OVER_HTTP,
    TAKES_BATCHES,
    Partner,
    member_of,
    target_of,
)
from stepwell.services.pipes.ports import Parcel, Wait
from stepwell.services.pipes.records import PipeRow, pipe_arn, settings_of
from stepwell.services.pipes.registry import Registry
from stepwell.services.pipes.requests import http_parts, request_of
from stepwell.services.pipes.settings import ASYNCHRONOUS
from stepwell.values import BadJson, JsonObject, decode

_log = logging.getLogger("stepwell.pipes")
_ROUNDS_MAX = 5
"""How often a target may say that something must be waited for first."""


class Origin(Protocol):
    """Where the records of a batch are let go."""

    async def reach(self, records: Records) -> None:
        """Have them at hand, for the other two without waiting in between."""

    def held(self, records: Records) -> Records:
        """Those that are still there for this pipe."""

    def let_go(self, turn: Turn, records: Records) -> None:
        """These are done. In a stream they follow those that were done before."""

    def identifier(self, record: dict[str, Any]) -> str:
        """The name by which an answer reports a record as failed."""


class Carriage:
    """See the module: the carrying of one pipe, as it is set now."""

    def __init__(self, pipes: Registry, row: PipeRow, *, in_order: bool) -> None:
        self._pipes = pipes
        self._row = row
        self._in_order = in_order
        self._asking = Asking(pipes, row)
        self._enriching = Enriching(row, self._asking, in_order=in_order)
        self._journal = Journal(pipes, row)
        self._given: dict[str, Any] = settings_of(row).get("TargetParameters") or {}
        self._partner = target_of(row.target)
        self._own: dict[str, Any] = self._given.get(member_of(self._partner) or "") or {}

    def asked(self) -> list[str]:
        """The ARNs of what is asked and answers."""
        waits = self._own.get("InvocationType") != ASYNCHRONOUS
        arns = [self._enriching.arn, self._row.target if waits else ""]
        return [arn for arn in arns if arn]

    async def carry(self, records: Records, origin: Origin) -> Arrival:
        """Carry a batch as far as it goes."""
        try:
            return await self._carry(records, origin)
        except (ServiceError, StorageTrouble):
            raise
        except Exception as bug:
            # Whatever is odd about a batch: it has its attempts as others have, and holds up
            # nothing for longer than a target that fails.
            _log.exception("%s: a batch broke", pipe_arn(self._row))
            told = ServiceError("InternalFailure", f"{type(bug).__name__}: {bug}", status=500)
            return Arrival(records, told)

    async def _carry(self, records: Records, origin: Origin) -> Arrival:
        log = self._journal.begin()
        log.info("EXECUTION_STARTED", records)
        groups, kept_back = await self._enriched(records, log)
        arrival = await self._delivered(groups, origin, log)
        trouble = kept_back.trouble or arrival.trouble
        left = [*arrival.left, *kept_back.left]
        if trouble is None:
            log.info("EXECUTION_SUCCEEDED")
        else:
            partly = "PARTIALLY_" if len(left) < len(records) else ""
            log.error(f"EXECUTION_{partly}FAILED", left, trouble)
        return Arrival(left, trouble)

    async def _enriched(self, records: Records, log: Execution) -> tuple[list[Group], Arrival]:
        if not self._enriching.arn:
            return await self._enriching.enrich(records)
        log.info("ENRICHMENT_STAGE_ENTERED")
        groups, kept_back = await self._enriching.enrich(records)
        _log_end(log, "ENRICHMENT", kept_back)
        return groups, kept_back

    async def _delivered(self, groups: list[Group], origin: Origin, log: Execution) -> Arrival:
        if not groups:
            return Arrival([])
        log.info("TARGET_STAGE_ENTERED")
        try:
            arrival = await self._to_target(groups, origin)
        except (ServiceError, StorageTrouble) as trouble:
            arrival = Arrival([record for group in groups for record in group.records], trouble)
        _log_end(log, "TARGET", arrival)
        return arrival

    async def _to_target(self, groups: list[Group], origin: Origin) -> Arrival:
        if self._partner in TAKES_BATCHES:
            return await self._carry_together(groups, origin)
        if self._partner in OVER_HTTP:
            return await self._ask_each(groups, origin)
        return await self._hand_each(groups, origin)

    async def _carry_together(self, groups: list[Group], origin: Origin) -> Arrival:
        """One list of events for all."""
        items = [item for group in groups for item in group.items]
        records = [record for group in groups for record in group.records]
        body = listed([self._asking.shaped(item, self._given) for item in items])
        if not items:
            await self._let_go(origin, records)
            return Arrival([])
        if self._own.get("InvocationType") == ASYNCHRONOUS:
            member = "Payload" if self._partner is Partner.FUNCTION else "Input"
            await self._hand(origin, records, self._asking.parcel({member: body}))
            return Arrival([])
        answer = await self._asking.ask(self._row.target, body)
        return await self._let_go_of_done(answer, records, origin)

    async def _let_go_of_done(self, answer: bytes, records: Records, origin: Origin) -> Arrival:
        """An answer may report single records as failed."""
        known = [origin.identifier(record) for record in records]
        failed = failed_items(answer, known) if _is_report(answer) else set()
        if failed is None:
            failed = set(known)
        first = next((at for at, name in enumerate(known) if name in failed), len(known))
        if self._in_order:
            failed = set(known[first:])
        named = list(zip(records, known, strict=True))
        left = [record for record, name in named if name in failed]
        await self._let_go(origin, [record for record, name in named if name not in failed])
        if not left:
            return Arrival([])
        told = f"{len(failed)} records were reported as failed"
        return Arrival(left, ServiceError("BatchItemFailures", told))

    async def _ask_each(self, groups: list[Group], origin: Origin) -> Arrival:
        """One request for each event, one after another."""
        outcome = Outcome(self._in_order)
        for group in groups:
            if outcome.holds_up(group):
                continue
            try:
                for item in group.items:
                    parts = http_parts(self._own, item)
                    text = self._asking.shaped(item, self._given)
                    await self._asking.ask(self._row.target, text, parts)
                await self._let_go(origin, group.records)
            except (ServiceError, StorageTrouble) as trouble:
                outcome.fail(group, trouble)
        return outcome.arrival()

    async def _hand_each(self, groups: list[Group], origin: Origin) -> Arrival:
        """One parcel for each event, all in one turn."""
        pipes, outcome = self._pipes, Outcome(self._in_order)
        await pipes.ready()
        await origin.reach([record for group in groups for record in group.records])
        with pipes.parts.ledger.stage() as turn:
            for group in groups:
                held = origin.held(group.records)
                if outcome.holds_up(group) or not held:
                    continue
                try:
                    for item in group.items:
                        number = pipes.parts.ids.next_id()
                        parcel = self._asking.parcel(self._request(item))
                        wait = pipes.around.ways.take(turn, parcel, number)
                        assert wait is None, "only executions have to wait"
                except (ServiceError, StorageTrouble) as trouble:
                    # Not raised: what was handed over before belongs to the turn.
                    outcome.fail(group, trouble)
                else:
                    origin.let_go(turn, held)
        await pipes.parts.ledger.committed()
        return outcome.arrival()

    def _request(self, item: Item) -> JsonObject:
        text = self._asking.shaped(item, self._given)
        row = self._row
        return request_of(self._partner, text, item, self._own, row.name, row.source)

    async def _let_go(self, origin: Origin, records: Records) -> None:
        await self._hand(origin, records, None)

    async def _hand(self, origin: Origin, records: Records, parcel: Parcel | None) -> None:
        """Hand a parcel over and let go of its records in one turn. Raises ServiceError."""
        pipes, number = self._pipes, self._pipes.parts.ids.next_id()
        for _ in range(_ROUNDS_MAX):
            await pipes.ready()
            await origin.reach(records)
            wait: Wait | None = None
            with pipes.parts.ledger.stage() as turn:
                held = origin.held(records)
                if held and parcel is not None:
                    wait = pipes.around.ways.take(turn, parcel, number)
                if wait is None:
                    origin.let_go(turn, held)
            await pipes.parts.ledger.committed()
            if wait is None:
                return
            await wait()
        raise ServiceError("InternalFailure", "the target does not come to an end", status=500)


def _log_end(log: Execution, stage: str, arrival: Arrival) -> None:
    if arrival.trouble is None:
        log.info(f"{stage}_STAGE_EXITED")
    else:
        log.error(f"{stage}_STAGE_FAILED", arrival.left, arrival.trouble)


def _is_report(answer: bytes) -> bool:
    """Whether an answer speaks of single records at all: any other answer means success."""
    try:
        value = decode(answer)
    except BadJson:
        return False
    return isinstance(value, dict) and "batchItemFailures" in value
