"""The enrichment of a pipe: what it makes of a batch.

Functions and state machines get the batch and answer for all of it; an API gets one event at a
time, and answers for that one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.feeds.ports import Records
from stepwell.services.pipes.arrivals import Arrival, Group, Outcome
from stepwell.services.pipes.asking import Asking
from stepwell.services.pipes.inputs import Item, as_json
from stepwell.services.pipes.partners import TAKES_BATCHES, enrichment_of
from stepwell.services.pipes.records import PipeRow, settings_of
from stepwell.services.pipes.requests import http_parts
from stepwell.values import BadJson, JsonValue, decode

ASKED_AT_ONCE_MAX = 10
"""How many events of a batch are at an API at the same time."""


class Enriching:
    """See the module."""

    def __init__(self, row: PipeRow, asking: Asking, *, in_order: bool) -> None:
        settings = settings_of(row)
        self.arn: str = settings.get("Enrichment") or ""
        self._given = settings.get("EnrichmentParameters") or {}
        self._asking = asking
        self._in_order = in_order

    async def enrich(self, records: Records) -> tuple[list[Group], Arrival]:
        """What goes on to the target, and what does not get so far. Without an enrichment
        everything goes on as it is."""
        if not self.arn:
            return [Group([record], [Item(record)]) for record in records], Arrival([])
        if enrichment_of(self.arn) not in TAKES_BATCHES:
            return await self._one_by_one(records)
        try:
            texts = [self._asking.shaped(Item(record), self._given) for record in records]
            answer = await self._asking.ask(self.arn, listed(texts))
        except (ServiceError, StorageTrouble) as trouble:
            return [], Arrival(records, trouble)
        return [Group(records, _items(answer))], Arrival([])

    async def _one_by_one(self, records: Records) -> tuple[list[Group], Arrival]:
        room = asyncio.Semaphore(ASKED_AT_ONCE_MAX)

        async def ask(item: Item) -> bytes | ServiceError | StorageTrouble:
            try:
                http = http_parts(self._given.get("HttpParameters") or {}, item)
                async with room:
                    text = self._asking.shaped(item, self._given)
                    return await self._asking.ask(self.arn, text, http)
            except (ServiceError, StorageTrouble) as trouble:
                return trouble

        answers = await asyncio.gather(*[ask(Item(record)) for record in records])
        groups, outcome = [], Outcome(self._in_order)
        for record, answer in zip(records, answers, strict=True):
            group = Group([record], [] if not isinstance(answer, bytes) else _items(answer))
            if outcome.holds_up(group):
                continue
            if isinstance(answer, bytes):
                groups.append(group)
            else:
                outcome.fail(group, answer)
        return groups, outcome.arrival()


def listed(texts: Iterable[str]) -> str:
    """Texts as a list of JSON. Raises ServiceError for one that is half a document."""
    return f"[{','.join(map(as_json, texts))}]"


def _items(answer: bytes) -> list[Item]:
    """The events that an enrichment gave: those of a list, or the one. Nothing means none."""
    text = answer.decode(errors="replace")
    try:
        value: JsonValue = decode(text) if text else None
    except BadJson:
        value = text
    if value in (None, "", {}, []):
        return []
    return [Item(each) for each in value] if isinstance(value, list) else [Item(value)]
