"""From one published message to the deliveries of its subscriptions."""

from __future__ import annotations

from dataclasses import replace

from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import DeadLetter, Delivery, Retries
from stepwell.services.sns import message_attributes, notifications, retry_policies
from stepwell.services.sns.filters import ATTRIBUTES, read_filter
from stepwell.services.sns.notifications import Notification
from stepwell.services.sns.subscription import Subscription
from stepwell.services.sns.topics import Topics
from stepwell.values import JsonObject, decode


def fan_out(topics: Topics, turn: Turn, notification: Notification, policy: str | None) -> None:
    """Send the message to every subscription that wants it. `policy` is the topic's for HTTP."""
    plain = message_attributes.plain(notification.attributes)
    for subscription in topics.subscriptions_of(notification.topic_arn):
        if not subscription.confirmed:
            continue
        text = subscription.attributes.get("FilterPolicy")
        if text:
            scope = subscription.attributes.get("FilterPolicyScope", ATTRIBUTES)
            message = notification.text(subscription.protocol)
            if not read_filter(text, scope).wants(plain, message):
                continue
        topics.parts.deliveries.send(turn, delivery(notification, subscription, policy))


def delivery(
    notification: Notification, subscription: Subscription, topic_policy: str | None
) -> Delivery:
    """The delivery of a message to one subscription."""
    protocol = subscription.protocol
    if protocol == "sqs":
        made = _to_queue(notification, subscription)
    elif protocol == "lambda":
        event = notifications.lambda_event(notification, subscription.arn)
        made = _made(subscription, {"Payload": event}, retry_policies.MANAGED, event)
    elif protocol in ("http", "https"):
        made = _to_endpoint(notification, subscription, topic_policy)
    else:
        letter = notifications.letter(notification, protocol, subscription.arn)
        body = notifications.document(notification, protocol, subscription.arn)
        made = _made(subscription, letter, retry_policies.MAIL, body)
        made = replace(made, target=f"mailto:{subscription.endpoint}")
    return made


def _made(
    subscription: Subscription,
    request: JsonObject,
    retries: Retries,
    body: str,
    further: JsonObject | None = None,
) -> Delivery:
    """`body` and `further` are what the dead letter would be."""
    letter = None
    redrive = subscription.attributes.get("RedrivePolicy")
    if redrive:
        policy = decode(redrive)
        assert isinstance(policy, dict)
        queue = str(policy["deadLetterTargetArn"])
        letter = DeadLetter(queue, body, further=further or {})
    topic = subscription.topic
    return Delivery(
        subscription.endpoint,
        request,
        topic.account,
        topic.region,
        subscription.arn,
        retries,
        letter,
    )


def _to_queue(notification: Notification, subscription: Subscription) -> Delivery:
    further: JsonObject = {}
    if subscription.raw:
        body = notification.text("sqs")
        if notification.attributes:
            further["MessageAttributes"] = message_attributes.for_queue(notification.attributes)
    else:
        body = notifications.document(notification, "sqs", subscription.arn)
    if notification.group is not None:
        further["MessageGroupId"] = notification.group
    if notification.deduplication is not None and subscription.endpoint.endswith(".fifo"):
        further["MessageDeduplicationId"] = notification.deduplication
    request: JsonObject = {"MessageBody": body, **further}
    return _made(subscription, request, retry_policies.MANAGED, body, further)


def _to_endpoint(
    notification: Notification, subscription: Subscription, topic_policy: str | None
) -> Delivery:
    policy = retry_policies.effective(topic_policy, subscription.attributes.get("DeliveryPolicy"))
    request_policy = policy["requestPolicy"]
    assert isinstance(request_policy, dict)
    headers = notifications.http_headers(
        "Notification",
        notification.message_id,
        notification.topic_arn,
        subscription.arn,
        str(request_policy["headerContentType"]),
    )
    if subscription.raw:
        body = notification.text(subscription.protocol)
        headers["x-amz-sns-rawdelivery"] = "true"
    else:
        body = notifications.document(notification, subscription.protocol, subscription.arn)
    request: JsonObject = {"Method": "POST", "Headers": dict(headers), "Body": body}
    return _made(subscription, request, retry_policies.http_retries(policy), body)
