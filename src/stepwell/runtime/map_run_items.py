"""The items of a Map Run, a window at a time: from the state's input, or from pages of our own.

What an ItemReader read is kept in rows until the run ends, because what it was read from may
change, and a run must not lose or repeat an item after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from stepwell.engine.map_items import Item, MapItems, SourcedItem
from stepwell.runtime.item_formats import ReadingFailed
from stepwell.runtime.item_reader import items_of, source_of
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.objects import ObjectStore
from stepwell.runtime.ports import Store
from stepwell.runtime.records import MAP_ITEMS, MapItemsRow
from stepwell.runtime.turn import Turn
from stepwell.values import JsonValue, decode, encode

__all__ = ["MapRunItems", "ReadingFailed"]

ITEMS_IN_PAGE = 50
PAGES_PER_TURN = 20


class MapRunItems:
    """See the module."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    async def read(self, run: int, items: MapItems, objects: ObjectStore) -> int:
        """Read all items into pages; how many there are. Done again from the start after a crash.

        Raises ReadingFailed, EvaluationFailed.
        """
        reader = items.distributed.reader
        if reader is None:
            return len(items.items or ())
        pages: list[MapItemsRow] = []
        page: list[Item] = []
        count = number = 0
        async for item in items_of(reader, items, objects):
            page.append(item)
            count += 1
            if len(page) == ITEMS_IN_PAGE:
                pages.append(MapItemsRow(run, number, _body(page)))
                number, page = number + 1, []
                if len(pages) == PAGES_PER_TURN:
                    await self._keep(pages)
                    pages = []
        if page:
            pages.append(MapItemsRow(run, number, _body(page)))
        await self._keep(pages)
        return count

    async def _keep(self, pages: Sequence[MapItemsRow]) -> None:
        with self._ledger.stage() as turn:
            for row in pages:
                turn.put(MAP_ITEMS, row)
        await self._ledger.committed()

    async def window(self, run: int, items: MapItems, first: int, wanted: int) -> Sequence[Item]:
        """Some items from number `first` on: as many as are wanted, or what is left."""
        if items.items is not None:
            return items.items[first : first + wanted]
        reader = items.distributed.reader
        if reader is not None:
            items.source = source_of(reader, items)
        page, offset = divmod(first, ITEMS_IN_PAGE)
        rows = await self._store.scan(
            MAP_ITEMS, (run,), after=(page - 1,), limit=wanted // ITEMS_IN_PAGE + 1
        )
        found = [item for row in rows for item in _items(row)]
        return found[offset:]

    async def pages(self, run: int) -> int:
        """How many pages there are."""
        return await self._store.count(MAP_ITEMS, (run,))

    def delete(self, turn: Turn, run: int, pages: int) -> None:
        """Forget the pages: the run is over."""
        for number in range(pages):
            turn.delete(MAP_ITEMS, (run, number))


def _body(page: Sequence[Item]) -> bytes:
    """The items; with how many each object had where they come from several ones."""
    sources: list[tuple[int, str]] = []
    items: list[JsonValue] = []
    for item in page:
        if isinstance(item, SourcedItem):
            known = sources.pop()[0] if sources and sources[-1][1] == item.source else 0
            sources.append((known + 1, item.source))
            items.append(item.value)
        else:
            items.append(item)
    if not sources:
        return encode(items)
    return encode({"items": items, "sources": [[*each] for each in sources]})


def _items(row: MapItemsRow) -> Sequence[Item]:
    found = decode(row.body)
    if isinstance(found, dict):
        items = iter(cast("list[JsonValue]", found["items"]))
        sources = cast("list[tuple[int, str]]", found["sources"])
        return [SourcedItem(next(items), source) for count, source in sources for _ in range(count)]
    assert isinstance(found, list)
    return found
