"""The rows SQS keeps.

Queue, deduplication and task rows are few or short-lived and live in memory too. Message rows are
written on every send and receive, so they have no secondary index: they are read by box, in the
order of arrival. A box is what a queue's messages lie in; purging or deleting a queue abandons its
box, and the rows in it are cleared little by little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table


class QueueRow(NamedTuple):
    """One queue."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    box: int
    """Where its messages lie."""
    created_at: int
    modified_at: int
    purged_at: int
    """When it was purged last; 0 for never."""
    attributes: str
    """JSON: the attributes that were set, as texts."""
    tags: str
    """JSON."""


QUEUE = Table("sqs_queue", QueueRow, ("scope", "name"))


class MessageRow(NamedTuple):
    """One message that is not deleted."""

    box: int
    sequence: int
    message_id: str
    body: str
    attributes: bytes | None
    """JSON of the message attributes, binary values in base 64."""
    sender: str
    sent_at: int
    message_group: str | None
    deduplication: str | None
    trace: str | None
    """AWSTraceHeader."""
    source_arn: str | None
    """The queue this dead letter came from."""
    earlier_receives: int
    """Receives before it became a dead letter."""
    visible_at: int
    receive_count: int
    first_received_at: int
    """0 for never."""
    received_at: int
    receipt: int
    """The nonce of the newest receipt handle."""


MESSAGE = Table(
    "sqs_message",
    MessageRow,
    ("box", "sequence"),
    fixed=frozenset(
        {
            "message_id",
            "body",
            "attributes",
            "sender",
            "sent_at",
            "message_group",
            "deduplication",
            "trace",
            "source_arn",
            "earlier_receives",
        }
    ),
)


class DeduplicationRow(NamedTuple):
    """A deduplication id that a FIFO queue has seen; the answer repeats what the first send got."""

    queue: int
    identity: str
    message_id: str
    sequence: int
    expires_at: int


DEDUPLICATION = Table("sqs_deduplication", DeduplicationRow, ("queue", "identity"))


class AbandonedRow(NamedTuple):
    """A box nobody reads any more, and whose rows wait to be cleared."""

    node: int
    """0: one list for all."""
    box: int
    queue: int
    """The queue whose deduplication rows go too; 0 when it only was purged."""


ABANDONED = Table("sqs_abandoned", AbandonedRow, ("node", "box"))


class MoveRow(NamedTuple):
    """One message move task of a dead-letter queue."""

    queue: int
    """The dead-letter queue."""
    id: int
    task_id: str
    status: str
    destination_arn: str | None
    rate: int | None
    """Messages per second, or None for as fast as it goes."""
    moved: int
    to_move: int
    started_at: int
    failure: str | None


MOVE = Table("sqs_move_task", MoveRow, ("queue", "id"))

TABLES: tuple[Table[Any], ...] = (QUEUE, MESSAGE, DEDUPLICATION, ABANDONED, MOVE)
