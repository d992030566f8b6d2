"""SNS in memory and on disk: topics, their subscriptions, what FIFO topics have seen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import lru_cache

from stepwell.errors import StorageTrouble
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready
from stepwell.services.sns.arns import TopicName, parse_topic
from stepwell.services.sns.errors import topic_not_found
from stepwell.services.sns.records import (
    PUBLISHED,
    SUBSCRIPTION,
    TOPIC,
    PublishedRow,
    SubscriptionRow,
    TopicRow,
)
from stepwell.services.sns.subscription import Subscription


class Topics:
    """See the module. `base_url` says where this server is, for links in messages."""

    def __init__(self, parts: ServiceParts, base_url: Callable[[], str]) -> None:
        self.parts = parts
        self.base_url = base_url
        self._reading: asyncio.Task[None] | None = None
        self.topics: Shelf[TopicRow] = Shelf(TOPIC, parts.store, parts.ledger)
        self.subscriptions: Shelf[SubscriptionRow] = Shelf(SUBSCRIPTION, parts.store, parts.ledger)
        self.published: Shelf[PublishedRow] = Shelf(PUBLISHED, parts.store, parts.ledger)

    async def load(self) -> None:
        """Read everything."""
        await self.ready()

    def stop_waiting(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing but a reading that nobody waits for can be under way."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read_again(self) -> None:
        # Nobody waits for it; whoever comes next tries again.
        with contextlib.suppress(StorageTrouble):
            await self.ready()

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.topics, self.subscriptions, self.published)

    def find(self, arn: object, parameter: str = "TopicArn") -> tuple[TopicName, TopicRow]:
        """The topic of an ARN. Raises InvalidParameter, NotFound."""
        name = parse_topic(arn, parameter)
        row = self.topics.get(name.scope, name.name)
        if row is None:
            raise topic_not_found()
        return name, row

    def subscriptions_of(self, topic_arn: str) -> list[Subscription]:
        """The subscriptions of a topic."""
        return [_read(row) for row in self.subscriptions.of(topic_arn)]

    def subscription(self, topic_arn: str, number: str) -> Subscription | None:
        """The subscription of that topic and id."""
        row = self.subscriptions.get(topic_arn, number)
        return None if row is None else _read(row)

    def check_ready(self) -> None:
        """For publishing within another's turn, which can't wait.

        Raises StorageTrouble while the topics are being read again.
        """
        shelves = (self.topics, self.subscriptions, self.published)
        if not all(shelf.is_ready for shelf in shelves):
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(self._read_again())
            raise StorageTrouble("The topics are being read again after a failed commit.")


@lru_cache(maxsize=20_000)
def _read(row: SubscriptionRow) -> Subscription:
    return Subscription(row)
