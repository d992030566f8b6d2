"""The rows SNS keeps. All of them live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from stepwell.runtime.tables import Table
from stepwell.values import decode


class TopicRow(NamedTuple):
    """One topic."""

    scope: str
    """`account:region`."""
    name: str
    created_at: int
    attributes: str
    """JSON: the attributes that were set, as texts."""
    tags: str
    """JSON."""
    unsubscribed: int
    """How many confirmed subscriptions were ended."""


TOPIC = Table("sns_topic", TopicRow, ("scope", "name"))


class SubscriptionRow(NamedTuple):
    """One subscription of a topic."""

    topic_arn: str
    id: str
    """The last part of its ARN, a UUID."""
    owner: str
    """The account that subscribed."""
    protocol: str
    endpoint: str
    confirmed: int
    """0 while the confirmation is awaited."""
    token: str
    """What confirms it."""
    authenticated: int
    """1: the confirmation came from the owner, not through the link."""
    attributes: str
    """JSON: the attributes that were set, as texts."""
    created_at: int


SUBSCRIPTION = Table("sns_subscription", SubscriptionRow, ("topic_arn", "id"))


class PublishedRow(NamedTuple):
    """A deduplication id that a FIFO topic has seen; the answer repeats the first one's."""

    topic_arn: str
    identity: str
    message_id: str
    sequence: int
    expires_at: int


PUBLISHED = Table("sns_published", PublishedRow, ("topic_arn", "identity"))

TABLES: tuple[Table[Any], ...] = (TOPIC, SUBSCRIPTION, PUBLISHED)


def attributes_of(row: TopicRow) -> dict[str, str]:
    """The attributes of a topic that were set."""
    return cast("dict[str, str]", decode(row.attributes))


def tags_of(row: TopicRow) -> dict[str, str]:
    """The tags of a topic."""
    return cast("dict[str, str]", decode(row.tags))
