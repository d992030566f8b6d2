"""The operations of SNS as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.sns import (
    permissions,
    publishing,
    subscriptions,
    tagging,
    topic_operations,
)

if TYPE_CHECKING:
    from stepwell.services.sns.topics import Topics

_Operation = Callable[["Topics", Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
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
    operations = {name: _bind(topics, run) for name, run in _OPERATIONS.items()}
    return Service("sns", operations, unsigned=frozenset({"ConfirmSubscription", "Unsubscribe"}))


def _bind(topics: Topics, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await topics.ready()
        answer = await run(topics, call, params)
        # What a read showed may still be on its way to the disk.
        await topics.parts.ledger.committed()
        return answer

    return operation
