"""One subscription, read from its row."""

from __future__ import annotations

from typing import cast

from stepwell.services.sns.arns import TopicName, parse_topic
from stepwell.services.sns.records import SubscriptionRow
from stepwell.values import decode


class Subscription:
    """A row with its attributes read; made when it is needed, changed by replacing the row."""

    __slots__ = ("arn", "attributes", "row", "topic")

    def __init__(self, row: SubscriptionRow) -> None:
        self.row = row
        self.topic: TopicName = parse_topic(row.topic_arn)
        self.arn = f"{row.topic_arn}:{row.id}"
        self.attributes = cast("dict[str, str]", decode(row.attributes))

    @property
    def protocol(self) -> str:
        """How it is delivered."""
        return self.row.protocol

    @property
    def endpoint(self) -> str:
        """Where to."""
        return self.row.endpoint

    @property
    def confirmed(self) -> bool:
        """Whether it gets messages."""
        return self.row.confirmed == 1

    @property
    def raw(self) -> bool:
        """Whether the message goes out as it is."""
        return self.attributes.get("RawMessageDelivery", "").lower() == "true"
