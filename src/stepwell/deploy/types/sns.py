"""Topics, subscriptions and the policies of topics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from stepwell.deploy.attached import inline_policy, listed_policy
from stepwell.deploy.calling import ask, must_be_free, or_undo, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, is_true, only, picked, tag_list
from stepwell.values import JsonObject

_GONE = ("NotFound",)
_PAGES_MAX = 1_000
_NAME_MAX = 256
_BOOLEANS = ("ContentBasedDeduplication", "FifoTopic", "RawMessageDelivery")
_TOPIC_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
"""The attributes that are properties, and what they become when a template drops them."""
_SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicyScope",
    "FilterPolicy",
    "RawMessageDelivery",
    "RedrivePolicy",
)
"""The scope goes before the filter that it is for."""


def _texts(given: JsonObject) -> dict[str, str]:
    """Attributes as the API takes them."""
    return {
        name: as_text(is_true(value) if name in _BOOLEANS else value)
        for name, value in given.items()
    }


# Topics


async def _create_topic(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    is_fifo = is_true(properties.get("FifoTopic"))
    ending = ".fifo" if is_fifo else ""
    given = properties.get("TopicName")
    name = str(given) if given is not None else wanted.name(None, _NAME_MAX - len(ending)) + ending
    arn = f"arn:aws:sns:{cloud.region}:{cloud.account}:{name}"
    look = ("sns", "GetTopicAttributes", {"TopicArn": arn})
    if not wanted.repeated:
        await must_be_free(cloud, ("AWS::SNS::Topic", arn), look, _GONE)
    attributes = _texts(picked(properties, _TOPIC_DEFAULTS))
    if is_fifo:
        attributes["FifoTopic"] = "true"
    params = {"Name": name, "Attributes": attributes, "Tags": tag_list(wanted)}
    made = await cloud.call("sns", "CreateTopic", params)
    gone = {"TopicArn": made["TopicArn"]}
    await or_undo(
        _subscribe_all(cloud, str(made["TopicArn"]), _endpoints(properties)),
        lambda: ask(cloud, "sns", "DeleteTopic", gone, _GONE),
    )
    return _made_topic(str(made["TopicArn"]))


def _made_topic(arn: str) -> Made:
    return Made(arn, {"TopicArn": arn, "TopicName": arn.rsplit(":", 1)[1]})


async def _update_topic(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before = _texts(picked(existing.properties, _TOPIC_DEFAULTS))
    after = _texts(picked(wanted.properties, _TOPIC_DEFAULTS))
    for name, default in _TOPIC_DEFAULTS.items():
        value = after.get(name, default)
        if value != before.get(name, default):
            await _set(cloud, existing.id, name, value)
    await _resubscribe(cloud, wanted, existing)
    await retag_pairs(cloud, wanted, "sns", {"ResourceArn": existing.id})
    return _made_topic(existing.id)


async def _set(cloud: Cloud, topic: str, name: str, value: str) -> None:
    params = {"TopicArn": topic, "AttributeName": name, "AttributeValue": value}
    await cloud.call("sns", "SetTopicAttributes", params)


async def _delete_topic(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "sns", "DeleteTopic", {"TopicArn": existing.id}, _GONE)


# The subscriptions that a topic lists itself


def _endpoints(properties: JsonObject) -> list[tuple[str, str]]:
    listed: Any = properties.get("Subscription") or []
    for at, each in enumerate(listed):
        only(each, ("Endpoint", "Protocol"), f"#/Subscription/{at}")
    return [(as_text(each.get("Protocol")), as_text(each.get("Endpoint"))) for each in listed]


async def _subscribe_all(cloud: Cloud, topic: str, endpoints: list[tuple[str, str]]) -> None:
    for protocol, endpoint in endpoints:
        params = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
        await cloud.call("sns", "Subscribe", params)


async def _resubscribe(cloud: Cloud, wanted: Wanted, existing: Existing) -> None:
    before, after = _endpoints(existing.properties), _endpoints(wanted.properties)
    gone = {each for each in before if each not in after}
    if gone:
        async for shown in _subscriptions(cloud, existing.id):
            arn = str(shown["SubscriptionArn"])
            # Who has not confirmed yet has no ARN: such a subscription stays, as on AWS.
            if arn.startswith("arn:") and (shown["Protocol"], shown["Endpoint"]) in gone:
                await cloud.call("sns", "Unsubscribe", {"SubscriptionArn": arn})
    await _subscribe_all(cloud, existing.id, [each for each in after if each not in before])


async def _subscriptions(cloud: Cloud, topic: str) -> AsyncIterator[Any]:
    """Those of a topic, as ListSubscriptionsByTopic shows them."""
    token = None
    for _ in range(_PAGES_MAX):
        asked = {"TopicArn": topic, "NextToken": token}
        page = await cloud.call("sns", "ListSubscriptionsByTopic", asked)
        for shown in page["Subscriptions"]:
            yield shown
        token = page.get("NextToken")
        if token is None:
            return


# Subscriptions


async def _create_subscription(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    params = {
        **picked(properties, ("TopicArn", "Protocol", "Endpoint")),
        "Attributes": _texts(picked(properties, _SUBSCRIPTION_ATTRIBUTES)),
        "ReturnSubscriptionArn": True,
    }
    made = await cloud.call("sns", "Subscribe", params)
    return _made_subscription(str(made["SubscriptionArn"]))


def _made_subscription(arn: str) -> Made:
    return Made(arn, {"Arn": arn})


async def _update_subscription(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before = _texts(picked(existing.properties, _SUBSCRIPTION_ATTRIBUTES))
    after = _texts(picked(wanted.properties, _SUBSCRIPTION_ATTRIBUTES))
    changed = [name for name in _SUBSCRIPTION_ATTRIBUTES if before.get(name) != after.get(name)]
    if "FilterPolicyScope" in changed and "FilterPolicy" in changed:
        # The old filter may not be one that the new scope can have.
        await _set_of_subscription(cloud, existing.id, "FilterPolicy", "")
    for name in changed:
        await _set_of_subscription(cloud, existing.id, name, after.get(name, ""))
    return _made_subscription(existing.id)


async def _set_of_subscription(cloud: Cloud, arn: str, name: str, value: str) -> None:
    params = {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}
    await cloud.call("sns", "SetSubscriptionAttributes", params)


async def _delete_subscription(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "sns", "Unsubscribe", {"SubscriptionArn": existing.id}, _GONE)


# Reviews


_ELSEWHERE = {
    "application": "mobile push leaves AWS only",
    "firehose": "there is no Firehose",
    "sms": "text messages leave AWS only",
}
"""Protocols of AWS that the service refuses."""


def _review_topic(properties: JsonObject) -> list[str]:
    listed = properties.get("Subscription")
    return [
        trouble
        for at, each in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
        for trouble in _protocol_troubles(each, f"Subscription[{at}].")
    ]


def _review_subscription(properties: JsonObject) -> list[str]:
    return _protocol_troubles(properties, "")


def _protocol_troubles(properties: JsonObject, place: str) -> list[str]:
    protocol = properties.get("Protocol")
    reason = _ELSEWHERE.get(protocol) if isinstance(protocol, str) else None
    return [] if reason is None else [f"{place}Protocol {protocol}: {reason}."]


# Policies


async def _put_policy(cloud: Cloud, topic: str, policy: str) -> None:
    if policy:
        await _set(cloud, topic, "Policy", policy)
        return
    params = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": ""}
    await ask(cloud, "sns", "SetTopicAttributes", params, _GONE)


async def _has_policy(cloud: Cloud, topic: str) -> bool:
    shown = await cloud.call("sns", "GetTopicAttributes", {"TopicArn": topic})
    return "__default_policy_ID" not in shown["Attributes"]["Policy"]


TYPES = (
    ResourceType(
        "AWS::SNS::Topic",
        _create_topic,
        _delete_topic,
        _update_topic,
        optional=frozenset({"FifoTopic", "Subscription", "Tags", "TopicName", *_TOPIC_DEFAULTS}),
        without_effect=frozenset({"DeliveryStatusLogging"}),
        refused={
            "ArchivePolicy": "messages of topics are not archived",
            "DataProtectionPolicy": "messages are not searched for personal data",
        },
        replaces=frozenset({"FifoTopic", "TopicName"}),
        attributes=frozenset({"TopicArn", "TopicName"}),
        review=_review_topic,
    ),
    ResourceType(
        "AWS::SNS::Subscription",
        _create_subscription,
        _delete_subscription,
        _update_subscription,
        required=frozenset({"Protocol", "TopicArn"}),
        optional=frozenset({"Endpoint", *_SUBSCRIPTION_ATTRIBUTES}),
        # The topic's ARN says the region, too.
        without_effect=frozenset({"Region"}),
        refused={
            "ReplayPolicy": "messages of topics are not archived",
            "SubscriptionRoleArn": "there is no Firehose",
        },
        replaces=frozenset({"Endpoint", "Protocol", "TopicArn"}),
        attributes=frozenset({"Arn"}),
        review=_review_subscription,
    ),
    listed_policy("AWS::SNS::TopicPolicy", "Topics", _put_policy),
    inline_policy("AWS::SNS::TopicInlinePolicy", "TopicArn", _put_policy, _has_policy),
)
