"""What happens without being asked: messages expire, windows close, abandoned boxes are cleared.

Receives and sends do most of this on the way; a sweep finds what nobody touches. Its work is
bounded per call, so that it never holds the loop for long.
"""

from __future__ import annotations

from typing import Any

from stepwell.runtime.tables import Table
from stepwell.runtime.turn import Turn
from stepwell.services.sqs import sending
from stepwell.services.sqs.messages import Message
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import ABANDONED, DEDUPLICATION, MESSAGE, MOVE

EXPIRED_MAX = 1_000
"""How many messages of one queue a sweep lets expire."""
CLEARED_MAX = 5_000
"""How many rows of abandoned boxes a sweep deletes."""


async def sweep(queues: Queues, now: int) -> None:
    """One round over all queues and abandoned boxes. Call it now and then."""
    await queues.settled()
    for queue in queues.everyone():
        if queue.gone:
            continue
        with queues.ledger.stage() as turn:
            expired = _expire(turn, queue, now)
            sending.forget(turn, queue, now, EXPIRED_MAX)
        _forget_attempts(queue, now)
        mailbox = queue.mailbox
        if mailbox.horizon is not None and not mailbox.messages:
            await queues.load_more(queue)
        if expired:
            await queues.ledger.committed()
    await _clear_abandoned(queues)


def _expire(turn: Turn, queue: Queue, now: int) -> int:
    """Drop messages from the oldest on while they are past their retention."""
    oldest = now - queue.rules.retention_ms
    mailbox = queue.mailbox
    expired: list[Message] = []
    for message in mailbox.messages.values():
        if message.sent_at > oldest or len(expired) == EXPIRED_MAX:
            break
        expired.append(message)
    for message in expired:
        mailbox.remove(message)
        turn.delete(MESSAGE, (mailbox.box, message.sequence))
    return len(expired)


def _forget_attempts(queue: Queue, now: int) -> None:
    over = [name for name, attempt in queue.attempts.items() if attempt.expires_at <= now]
    for name in over:
        del queue.attempts[name]


async def _clear_abandoned(queues: Queues) -> None:
    if not queues.abandoned:
        return
    await queues.ledger.committed()
    left = CLEARED_MAX
    for box, queue_id in list(queues.abandoned.items()):
        left -= await _clear(queues, MESSAGE, (box,), left)
        if queue_id and left > 0:
            left -= await _clear(queues, DEDUPLICATION, (queue_id,), left)
            left -= await _clear(queues, MOVE, (queue_id,), left)
        if left <= 0:
            return
        with queues.ledger.stage() as turn:
            turn.delete(ABANDONED, (0, box))
        queues.abandoned.pop(box, None)


async def _clear(queues: Queues, table: Table[Any], prefix: tuple[int, ...], most: int) -> int:
    """Delete up to so many rows of that prefix."""
    rows = await queues.store.scan(table, prefix, limit=most) if most > 0 else []
    with queues.ledger.stage() as turn:
        for row in rows:
            turn.delete(table, table.key_of(row))
    await queues.ledger.committed()
    return len(rows)
