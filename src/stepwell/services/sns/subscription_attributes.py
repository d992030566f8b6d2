"""Attributes of subscriptions: which there are, what they may be, what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.services.sns import retry_policies
from stepwell.services.sns.errors import invalid_parameter, not_here
from stepwell.services.sns.filters import ATTRIBUTES, BODY, check_filter
from stepwell.services.sns.subscription import Subscription
from stepwell.values import BadJson, decode_payload, encode_text

KNOWN = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
    }
)
_RAW = ("sqs", "http", "https")


def check_all(
    given: Mapping[str, str], kept: Mapping[str, str], protocol: str, *, subscribing: bool
) -> dict[str, str]:
    """All attributes after a change. Raises InvalidParameter."""
    for name, value in given.items():
        _check_one(name, value, protocol)
    after = {name: value for name, value in {**kept, **given}.items() if value != ""}
    if after.get("FilterPolicy") == "{}":
        del after["FilterPolicy"]
    scope = after.get("FilterPolicyScope", ATTRIBUTES)
    policy = after.get("FilterPolicy")
    if policy is not None and ("FilterPolicy" in given or "FilterPolicyScope" in given):
        check_filter(policy, scope, subscribing=subscribing)
    return after


def _check_one(name: str, value: str, protocol: str) -> None:
    if name == "ReplayPolicy":
        raise not_here("ReplayPolicy: messages are not archived")
    if name == "SubscriptionRoleArn":
        raise not_here("SubscriptionRoleArn: there is no firehose")
    if name not in KNOWN:
        raise invalid_parameter("AttributeName")
    if name == "RawMessageDelivery":
        if value.lower() not in ("true", "false", ""):
            raise invalid_parameter(
                "Attributes Reason: RawMessageDelivery: Invalid value ["
                + value
                + "]. Must be true or false."
            )
        if value.lower() == "true" and protocol not in _RAW:
            raise invalid_parameter(
                "Attributes Reason: RawMessageDelivery: Delivery protocol ["
                + protocol
                + "] does not support raw message delivery."
            )
    if name == "FilterPolicyScope" and value not in (ATTRIBUTES, BODY, ""):
        raise invalid_parameter(
            f"FilterPolicyScope: Invalid value [{value}]. Please use either {BODY} or {ATTRIBUTES}"
        )
    if name == "RedrivePolicy" and value:
        _check_redrive(value)
    if name == "DeliveryPolicy" and value:
        retry_policies.check_subscription_policy(value)


def _check_redrive(text: str) -> None:
    try:
        policy = decode_payload(text)
    except BadJson:
        raise invalid_parameter("RedrivePolicy: failed to parse JSON.") from None
    arn = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    if not isinstance(arn, str) or not arn:
        raise invalid_parameter("RedrivePolicy: deadLetterTargetArn is missing")
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
        raise invalid_parameter("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def shown(subscription: Subscription, topic_policy: str | None) -> dict[str, str]:
    """What GetSubscriptionAttributes answers."""
    row, attributes = subscription.row, subscription.attributes
    answer = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": row.topic_arn,
        "Owner": row.owner,
        "Protocol": row.protocol,
        "Endpoint": row.endpoint,
        "PendingConfirmation": "false" if subscription.confirmed else "true",
        "ConfirmationWasAuthenticated": "true" if row.authenticated else "false",
        "RawMessageDelivery": "true" if subscription.raw else "false",
        "SubscriptionPrincipal": f"arn:aws:iam::{row.owner}:root",
    }
    if "FilterPolicy" in attributes:
        answer["FilterPolicy"] = attributes["FilterPolicy"]
        answer["FilterPolicyScope"] = attributes.get("FilterPolicyScope", ATTRIBUTES)
    for name in ("RedrivePolicy", "DeliveryPolicy"):
        if name in attributes:
            answer[name] = attributes[name]
    if row.protocol in ("http", "https"):
        policy = retry_policies.effective(topic_policy, attributes.get("DeliveryPolicy"))
        answer["EffectiveDeliveryPolicy"] = encode_text(policy)
    return answer
