"""One queue in memory: what it is, its mailbox, and who waits for its messages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

from stepwell import values
from stepwell.services.sqs import queue_attributes
from stepwell.services.sqs.mailbox import Mailbox
from stepwell.services.sqs.records import QueueRow


class Seen(NamedTuple):
    """What a FIFO queue remembers of a deduplication id."""

    message_id: str
    sequence: int
    expires_at: int


class Attempt(NamedTuple):
    """What a FIFO queue remembers of a receive with an attempt id."""

    expires_at: int
    receipt: int
    sequences: tuple[int, ...]


def partition_of(region: str) -> str:
    """The AWS partition a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


class Queue:
    """A queue. Its attributes and tags change only through `replace_attributes` and `tags`."""

    __slots__ = (
        "account",
        "arn",
        "attempts",
        "attributes",
        "call_off",
        "created_at",
        "deduplication",
        "fifo",
        "gone",
        "id",
        "loading",
        "mailbox",
        "modified_at",
        "name",
        "purged_at",
        "region",
        "ring_at",
        "rules",
        "tags",
        "waiters",
    )

    def __init__(self, row: QueueRow, mailbox: Mailbox) -> None:
        self.account, _, self.region = row.scope.partition(":")
        self.name = row.name
        self.id = row.id
        self.arn = f"arn:{partition_of(self.region)}:sqs:{self.region}:{self.account}:{self.name}"
        self.created_at = row.created_at
        self.modified_at = row.modified_at
        self.purged_at = row.purged_at
        self.tags = cast("dict[str, str]", values.decode(row.tags))
        self.mailbox = mailbox
        self.replace_attributes(cast("dict[str, str]", values.decode(row.attributes)))
        self.deduplication: dict[str, Seen] = {}
        """By identity, in the order in which they expire."""
        self.attempts: dict[str, Attempt] = {}
        self.waiters: deque[asyncio.Future[None]] = deque()
        self.loading: asyncio.Future[None] | None = None
        self.ring_at: int | None = None
        self.call_off: Callable[[], None] | None = None
        self.gone = False
        """Deleted, or replaced by what the store holds."""

    def replace_attributes(self, attributes: dict[str, str]) -> None:
        """Take checked attributes."""
        self.attributes = attributes
        self.fifo = attributes.get("FifoQueue") == "true"
        self.rules = queue_attributes.rules(attributes)

    def row(self) -> QueueRow:
        """Its row."""
        return QueueRow(
            f"{self.account}:{self.region}",
            self.name,
            self.id,
            self.mailbox.box,
            self.created_at,
            self.modified_at,
            self.purged_at,
            values.encode_text(self.attributes),
            values.encode_text(self.tags),
        )

    def url(self, base_url: str) -> str:
        """Its URL under the address the caller uses."""
        return f"{base_url}/{self.account}/{self.name}"
