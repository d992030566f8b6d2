"""The items of a Map Run that no child was begun for, as the files of results show them.

A run that failed or was aborted leaves them behind. What the next children would have got stands
there, batches and ItemSelector applied, with nothing of what only a child has: name, ARN, dates.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from stepwell.engine.endings import payload_text
from stepwell.engine.map_items import ChildInput, Item, MapItems, SourcedItem
from stepwell.language.program import EvaluationFailed, EvaluationPending
from stepwell.runtime.map_run import ITEMS_AT_A_TIME
from stepwell.runtime.map_run_items import MapRunItems
from stepwell.runtime.records import MapRunRow
from stepwell.values import encode_text


async def pending_of(run: MapRunRow, items: MapItems, kept: MapRunItems) -> AsyncIterator[str]:
    """A row for each child that never began, as JSON text."""
    position, wanted = run.taken, ITEMS_AT_A_TIME
    while position < run.items:
        window = await kept.window(run.id, items, position, wanted)
        last = position + len(window) >= run.items
        offset = 0
        while offset < len(window):
            child = await _child(items, window, offset, position + offset, last=last)
            if child is None:
                break
            yield encode_text(
                {"Input": child.text, "InputDetails": {"Included": True}, "Status": "PENDING"}
            )
            offset += child.items
        if not window:
            return
        if not offset:
            wanted *= 4
        position += offset
        await asyncio.sleep(0)  # Reads may not wait at all: let others have their turn.


async def _child(
    items: MapItems, window: Sequence[Item], offset: int, position: int, *, last: bool
) -> ChildInput | None:
    """What the next child would have got; the item itself where that can't be made."""
    while True:
        try:
            return items.next_child(window, offset, position, last=last)
        except EvaluationPending as pending:
            await asyncio.wrap_future(pending.begin())
        except EvaluationFailed:
            given = window[offset]
            item = given.value if isinstance(given, SourcedItem) else given
            return ChildInput(payload_text(item), item, 1)
