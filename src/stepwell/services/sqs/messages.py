"""One message in memory, and its row."""

from __future__ import annotations

from hashlib import md5

from stepwell.services.sqs import message_attributes
from stepwell.services.sqs.message_attributes import AttributeValue
from stepwell.services.sqs.records import MessageRow

READY, DELAYED, IN_FLIGHT = range(3)

_OVERHEAD_BYTES = 600


def text_md5(text: str) -> str:
    """The MD5 of a body as SQS shows it."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def sequence_number(sequence: int) -> str:
    """The sequence number as FIFO queues show it: twenty digits, growing."""
    return str(10**19 + sequence)


class Message:
    """A message that is in memory. `state` says where in the mailbox it is."""

    __slots__ = (
        "attributes",
        "body",
        "deduplication",
        "earlier_receives",
        "first_received_at",
        "group",
        "md5_of_body",
        "message_id",
        "receipt",
        "receive_count",
        "received_at",
        "sender",
        "sent_at",
        "sequence",
        "source_arn",
        "state",
        "trace",
        "visible_at",
    )

    def __init__(
        self,
        *,
        sequence: int,
        message_id: str,
        body: str,
        sender: str,
        sent_at: int,
        visible_at: int,
        attributes: dict[str, AttributeValue] | None = None,
        group: str | None = None,
        deduplication: str | None = None,
        trace: str | None = None,
        source_arn: str | None = None,
        earlier_receives: int = 0,
        md5_of_body: str | None = None,
    ) -> None:
        self.sequence = sequence
        self.message_id = message_id
        self.body = body
        self.sender = sender
        self.sent_at = sent_at
        self.visible_at = visible_at
        self.attributes = attributes
        self.group = group
        self.deduplication = deduplication
        self.trace = trace
        self.source_arn = source_arn
        self.earlier_receives = earlier_receives
        self.md5_of_body = md5_of_body
        self.receive_count = 0
        self.first_received_at = 0
        self.received_at = 0
        self.receipt = 0
        self.state = READY

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.body) + _OVERHEAD_BYTES

    def row(self, box: int) -> MessageRow:
        """Its row in a box."""
        return MessageRow(
            box,
            self.sequence,
            self.message_id,
            self.body,
            message_attributes.store(self.attributes),
            self.sender,
            self.sent_at,
            self.group,
            self.deduplication,
            self.trace,
            self.source_arn,
            self.earlier_receives,
            self.visible_at,
            self.receive_count,
            self.first_received_at,
            self.received_at,
            self.receipt,
        )


def from_row(row: MessageRow) -> Message:
    """The message of a row."""
    message = Message(
        sequence=row.sequence,
        message_id=row.message_id,
        body=row.body,
        sender=row.sender,
        sent_at=row.sent_at,
        visible_at=row.visible_at,
        attributes=message_attributes.restore(row.attributes),
        group=row.message_group,
        deduplication=row.deduplication,
        trace=row.trace,
        source_arn=row.source_arn,
        earlier_receives=row.earlier_receives,
    )
    message.receive_count = row.receive_count
    message.first_received_at = row.first_received_at
    message.received_at = row.received_at
    message.receipt = row.receipt
    return message
