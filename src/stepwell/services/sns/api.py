"""The operations of SNS as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Run, runs
from stepwell.services.sns import (
    permissions,
    publishing,
    subscriptions,
    tagging,
    topic_operations,
)
from stepwell.services.sns.topics import Topics

_OPERATIONS: dict[str, Run[Topics]] = {
    "CreateTopic": topic_operations.create_topic,
    "DeleteTopic": topic_operations.delete_topic,
    "ListTopics": topic_operations.list_topics,
    "GetTopicAttributes": topic_operations.get_topic_attributes,
    "SetTopicAttributes": topic_operations.set_topic_attributes,
    "Subscribe": subscriptions.subscribe,
    "ConfirmSubscription": subscriptions.confirm_subscription,
    "Unsubscribe": subscriptions.unsubscribe,
    "ListSubscriptions": subscriptions.list_subscriptions,
    "ListSubscriptionsByTopic": subscriptions.list_subscriptions_by_topic,
    "GetSubscriptionAttributes": subscriptions.get_subscription_attributes,
    "SetSubscriptionAttributes": subscriptions.set_subscription_attributes,
    "Publish": publishing.publish_one,
    "PublishBatch": publishing.publish_many,
    "AddPermission": permissions.add_permission,
    "RemovePermission": permissions.remove_permission,
    "ListTagsForResource": tagging.list_tags,
    "TagResource": tagging.tag,
    "UntagResource": tagging.untag,
}


def service(topics: Topics) -> Service:
    """SNS on those topics."""
    operations = runs(topics, _OPERATIONS)
    return Service("sns", operations, unsigned=frozenset({"ConfirmSubscription", "Unsubscribe"}))


def embedded(topics: Topics) -> Embedded:
    """SNS as a part of the server."""
    return Embedding(topics, [service(topics)])
