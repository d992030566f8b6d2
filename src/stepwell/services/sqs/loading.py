"""Reading queues and messages back from the store."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar, cast

from stepwell import values
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Clock, Store
from stepwell.runtime.tables import Key, Table
from stepwell.services.sqs.limits import Settings
from stepwell.services.sqs.mailbox import Mailbox
from stepwell.services.sqs.messages import from_row
from stepwell.services.sqs.queue import Queue, Seen
from stepwell.services.sqs.records import (
    ABANDONED,
    DEDUPLICATION,
    MESSAGE,
    MOVE,
    QUEUE,
    AbandonedRow,
    DeduplicationRow,
    MoveRow,
    QueueRow,
)

R = TypeVar("R", QueueRow, DeduplicationRow, AbandonedRow, MoveRow)
_PAGE = 1_000


async def load_all(store: Store, settings: Settings, now: int) -> list[Queue]:
    """Every queue, each with the first window of its messages."""
    return [await _load(store, settings, row, now) for row in await _scan_all(store, QUEUE)]


async def load_abandoned(store: Store) -> dict[int, int]:
    """The boxes that still have to be cleared."""
    return {row.box: row.queue for row in await _scan_all(store, ABANDONED, (0,))}


async def load_moves(store: Store, queues: list[int]) -> dict[int, list[MoveRow]]:
    """The move tasks of those queues."""
    moves: dict[int, list[MoveRow]] = defaultdict(list)
    for queue in queues:
        rows = await _scan_all(store, MOVE, (queue,))
        if rows:
            moves[queue] = rows
    return moves


async def load_page(
    store: Store, ledger: Ledger, clock: Clock, settings: Settings, queue: Queue
) -> None:
    """Bring the next messages beyond the horizon into memory.

    Everything up to `mark` was staged before the commit that is waited for, so the scan sees it;
    what is sent meanwhile stays beyond the new horizon.
    """
    mailbox = queue.mailbox
    if mailbox.horizon is None:
        return
    mark = mailbox.last_sequence
    await ledger.committed()
    rows = await store.scan(
        MESSAGE,
        (mailbox.box,),
        after=(mailbox.horizon - 1,),
        until=(mark,),
        limit=settings.page_messages,
    )
    if queue.gone or queue.mailbox is not mailbox:
        return
    horizon: int | None = None
    if len(rows) == settings.page_messages:
        horizon = rows[-1].sequence + 1
    elif mailbox.last_sequence > mark:
        horizon = mark + 1
    mailbox.fill([from_row(row) for row in rows], horizon, clock.now())


async def _load(store: Store, settings: Settings, row: QueueRow, now: int) -> Queue:
    fifo = cast("dict[str, str]", values.decode(row.attributes)).get("FifoQueue") == "true"
    mailbox = Mailbox(row.box, settings, fifo=fifo)
    mailbox.total = await store.count(MESSAGE, (row.box,))
    await _load_window(store, settings, mailbox, now)
    queue = Queue(row, mailbox)
    if fifo:
        seen = await _scan_all(store, DEDUPLICATION, (row.id,))
        seen.sort(key=lambda it: it.expires_at)
        queue.deduplication = {
            it.identity: Seen(it.message_id, it.sequence, it.expires_at) for it in seen
        }
    return queue


async def _load_window(store: Store, settings: Settings, mailbox: Mailbox, now: int) -> None:
    last = await store.scan(MESSAGE, (mailbox.box,), limit=1, reverse=True)
    if not last:
        return
    mailbox.last_sequence = last[0].sequence
    mailbox.horizon = 0
    while mailbox.horizon is not None and not mailbox.full:
        rows = await store.scan(
            MESSAGE, (mailbox.box,), after=(mailbox.horizon - 1,), limit=settings.page_messages
        )
        horizon = rows[-1].sequence + 1 if len(rows) == settings.page_messages else None
        mailbox.fill([from_row(row) for row in rows], horizon, now)


async def _scan_all(store: Store, table: Table[R], prefix: Key = ()) -> list[R]:
    rows: list[R] = []
    after: Key | None = None
    while True:
        page = await store.scan(table, prefix, after=after, limit=_PAGE)
        rows.extend(page)
        if len(page) < _PAGE:
            return rows
        after = table.key_of(page[-1])[len(prefix) :]
