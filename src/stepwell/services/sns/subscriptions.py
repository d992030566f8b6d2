"""Subscriptions: subscribe, confirm, end, list, attributes."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.sns import (
    limits,
    notifications,
    paging,
    retry_policies,
    subscription_attributes,
)
from stepwell.services.sns.arns import TopicName, parse_subscription
from stepwell.services.sns.errors import invalid_parameter, not_here, subscription_not_found
from stepwell.services.sns.records import SubscriptionRow, TopicRow, attributes_of
from stepwell.services.sns.subscription import Subscription
from stepwell.services.sns.topics import Topics
from stepwell.values import encode_text

_log = logging.getLogger("stepwell.sns")
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_PENDING = "pending confirmation"
_AT_ONCE = ("sqs", "lambda")
"""Protocols whose endpoints need not confirm."""
_ELSEWHERE = {
    "sms": "the protocol sms: text messages leave AWS only",
    "application": "the protocol application: mobile push leaves AWS only",
    "firehose": "the protocol firehose: there is no Firehose here",
}


async def subscribe(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """Subscribe: the one that is there, when nothing about it differs."""
    protocol = str(params.get("Protocol", ""))
    endpoint = str(params.get("Endpoint") or "")
    _check_endpoint(protocol, endpoint)
    topic, row = topics.find(params.get("TopicArn"))
    _check_fifo(topic, protocol, endpoint)
    given: dict[str, str] = params.get("Attributes") or {}
    attributes = subscription_attributes.check_all(given, {}, protocol, subscribing=True)
    there = _existing(topics, topic, protocol, endpoint)
    if there is not None and there.attributes != attributes and given:
        raise invalid_parameter(
            "Attributes Reason: Subscription already exists with different attributes"
        )
    if there is None:
        _check_room(topics, topic)
        there = Subscription(_new(topics, call, topic, protocol, endpoint, attributes))
    with topics.parts.ledger.stage() as turn:
        topics.subscriptions.put(turn, there.row)
        if not there.confirmed:
            _ask(topics, turn, call, there, attributes_of(row).get("DeliveryPolicy"))
    await topics.parts.ledger.committed()
    if there.confirmed or params.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": there.arn}
    return {"SubscriptionArn": _PENDING}


def _check_endpoint(protocol: str, endpoint: str) -> None:
    if protocol in _ELSEWHERE:
        raise not_here(_ELSEWHERE[protocol])
    if protocol not in (*_AT_ONCE, "http", "https", "email", "email-json"):
        raise invalid_parameter(f"Amazon SNS does not support this protocol string: {protocol}")
    if not endpoint:
        raise invalid_parameter("Endpoint Reason: no value for required parameter")
    parts = endpoint.split(":")
    if protocol == "sqs" and (len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs"):
        raise invalid_parameter("SQS endpoint ARN")
    if protocol == "lambda" and (len(parts) < 7 or parts[0] != "arn" or parts[2] != "lambda"):
        raise invalid_parameter("Lambda endpoint ARN")
    if protocol in ("http", "https") and not _is_address(protocol, endpoint):
        raise invalid_parameter("Endpoint must match the specified protocol")
    if protocol in ("email", "email-json") and not _EMAIL.fullmatch(endpoint):
        raise invalid_parameter("Email address")


def _is_address(protocol: str, endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == protocol and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_fifo(topic: TopicName, protocol: str, endpoint: str) -> None:
    if topic.name.endswith(".fifo"):
        if protocol != "sqs":
            raise invalid_parameter("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue")
    elif protocol == "sqs" and endpoint.endswith(".fifo"):
        raise invalid_parameter(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to "
            "standard SNS topics"
        )


def _check_room(topics: Topics, topic: TopicName) -> None:
    fifo = topic.name.endswith(".fifo")
    most = limits.FIFO_SUBSCRIPTIONS_MAX if fifo else limits.SUBSCRIPTIONS_MAX
    if len(topics.subscriptions.of(topic.arn)) >= most:
        raise ServiceError(
            "SubscriptionLimitExceeded",
            f"Subscription limit of {most} for the topic {topic.arn} is reached",
            status=403,
        )


def _existing(
    topics: Topics, topic: TopicName, protocol: str, endpoint: str
) -> Subscription | None:
    for subscription in topics.subscriptions_of(topic.arn):
        if subscription.protocol == protocol and subscription.endpoint == endpoint:
            return subscription
    return None


def _new(
    topics: Topics,
    call: Call,
    topic: TopicName,
    protocol: str,
    endpoint: str,
    attributes: dict[str, str],
) -> SubscriptionRow:
    parts = topics.parts
    at_once = protocol in _AT_ONCE
    return SubscriptionRow(
        topic.arn,
        parts.ids.uuid(),
        call.account,
        protocol,
        endpoint,
        int(at_once),
        parts.ids.secret(128).hex(),
        int(at_once),
        encode_text(attributes),
        parts.clock.now(),
    )


def _ask(
    topics: Topics, turn: Turn, call: Call, subscription: Subscription, topic_policy: str | None
) -> None:
    """Ask the endpoint to confirm."""
    row, topic = subscription.row, subscription.topic
    now, message_id = topics.parts.clock.now(), topics.parts.ids.uuid()
    if row.protocol in ("http", "https"):
        policy = retry_policies.effective(
            topic_policy, subscription.attributes.get("DeliveryPolicy")
        )
        retries = retry_policies.http_retries(policy)
        headers = notifications.http_headers(
            "SubscriptionConfirmation", message_id, topic.arn, "", retry_policies.CONTENT_TYPE
        )
        body = notifications.confirmation(topic.arn, row.token, message_id, now, call.base_url)
        target = row.endpoint
        request: dict[str, Any] = {"Method": "POST", "Headers": headers, "Body": body}
    else:
        retries = retry_policies.MAIL
        target = f"mailto:{row.endpoint}"
        request = notifications.confirmation_letter(
            row.protocol, topic.arn, row.token, message_id, now, call.base_url
        )
        if not topics.parts.deliveries.reaches(target):
            link = notifications.confirm_link(call.base_url, topic.arn, row.token)
            _log.warning(
                "no mail server is set (--smtp): nobody asks %s to confirm %s; %s confirms it",
                row.endpoint,
                subscription.arn,
                link,
            )
            return
    topics.parts.deliveries.send(
        turn,
        Delivery(target, request, topic.account, topic.region, subscription.arn, retries),
    )


async def confirm_subscription(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """ConfirmSubscription: by the token that its endpoint got."""
    topic, _ = topics.find(params.get("TopicArn"))
    token = params.get("Token") or ""
    for subscription in topics.subscriptions_of(topic.arn):
        if subscription.row.token == token:
            break
    else:
        raise invalid_parameter("Token")
    if not subscription.confirmed:
        asked = str(params.get("AuthenticateOnUnsubscribe", "")).lower() == "true"
        row = subscription.row._replace(confirmed=1, authenticated=int(asked))
        with topics.parts.ledger.stage() as turn:
            topics.subscriptions.put(turn, row)
    await topics.parts.ledger.committed()
    return {"SubscriptionArn": subscription.arn}


async def unsubscribe(topics: Topics, call: Call, params: Params) -> None:
    """Unsubscribe: one that is not there is no error."""
    topic_arn, number = parse_subscription(params.get("SubscriptionArn"))
    row = topics.subscriptions.get(topic_arn, number)
    if row is not None:
        with topics.parts.ledger.stage() as turn:
            topics.subscriptions.delete(turn, topic_arn, number)
            if row.confirmed:
                _count_ended(topics, turn, topic_arn)
    await topics.parts.ledger.committed()


def _count_ended(topics: Topics, turn: Turn, topic_arn: str) -> None:
    _, topic = topics.find(topic_arn)
    topics.topics.put(turn, topic._replace(unsubscribed=topic.unsubscribed + 1))


async def list_subscriptions(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """ListSubscriptions: those of the caller's account in the region, a hundred at a time."""
    mine = [
        Subscription(row)
        for row in topics.subscriptions.everything()
        if row.owner == call.account and row.topic_arn.split(":")[3] == call.region
    ]
    return _page(mine, params)


async def list_subscriptions_by_topic(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """ListSubscriptionsByTopic: a hundred at a time."""
    topic, _ = topics.find(params.get("TopicArn"))
    return _page(topics.subscriptions_of(topic.arn), params)


def _page(subscriptions: list[Subscription], params: Params) -> dict[str, Any]:
    by_arn = {each.arn: each for each in subscriptions}
    page, token = paging.cut(sorted(by_arn), params.get("NextToken"))
    return {"Subscriptions": [_shown(by_arn[arn]) for arn in page], "NextToken": token}


def _shown(subscription: Subscription) -> dict[str, str]:
    row = subscription.row
    return {
        "SubscriptionArn": subscription.arn if subscription.confirmed else "PendingConfirmation",
        "Owner": row.owner,
        "Protocol": row.protocol,
        "Endpoint": row.endpoint,
        "TopicArn": row.topic_arn,
    }


def _find(topics: Topics, params: Params) -> tuple[Subscription, TopicRow]:
    topic_arn, number = parse_subscription(params.get("SubscriptionArn"))
    subscription = topics.subscription(topic_arn, number)
    if subscription is None:
        raise subscription_not_found()
    return subscription, topics.find(topic_arn)[1]


async def get_subscription_attributes(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """GetSubscriptionAttributes."""
    subscription, topic = _find(topics, params)
    policy = attributes_of(topic).get("DeliveryPolicy")
    return {"Attributes": subscription_attributes.shown(subscription, policy)}


async def set_subscription_attributes(topics: Topics, call: Call, params: Params) -> None:
    """SetSubscriptionAttributes: an empty value takes the attribute away."""
    subscription, _ = _find(topics, params)
    name = str(params.get("AttributeName", ""))
    given = {name: str(params.get("AttributeValue") or "")}
    after = subscription_attributes.check_all(
        given, subscription.attributes, subscription.protocol, subscribing=False
    )
    with topics.parts.ledger.stage() as turn:
        topics.subscriptions.put(turn, subscription.row._replace(attributes=encode_text(after)))
    await topics.parts.ledger.committed()
