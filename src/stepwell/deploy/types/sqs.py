"""Queues and their policies."""

from __future__ import annotations

from stepwell.deploy.attached import inline_policy, listed_policy
from stepwell.deploy.calling import ask, must_be_free, retag
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, is_true, merged_tags, picked
from stepwell.values import JsonObject

_GONE = ("QueueDoesNotExist",)
_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)

_BOOLEANS = ("ContentBasedDeduplication", "SqsManagedSseEnabled")

_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
"""What an attribute becomes again when a template does not give it any more."""


def _attributes(properties: JsonObject) -> dict[str, str]:
    """The properties that are attributes, as the API takes them: all texts."""
    given = picked(properties, _ATTRIBUTES)
    return {
        name: as_text(is_true(value) if name in _BOOLEANS else value)
        for name, value in given.items()
    }


def _made(cloud: Cloud, url: str, name: str) -> Made:
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:{name}"
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


async def _create_queue(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    is_fifo = is_true(properties.get("FifoQueue"))
    ending = ".fifo" if is_fifo else ""
    name = properties.get("QueueName")
    named = str(name) if name is not None else wanted.name(None, 80 - len(ending)) + ending
    attributes = _attributes(properties) | ({"FifoQueue": "true"} if is_fifo else {})
    # A stack never takes over a queue that somebody else made.
    look = ("sqs", "GetQueueUrl", {"QueueName": named})
    if not wanted.repeated:
        await must_be_free(cloud, ("AWS::SQS::Queue", named), look, _GONE)
    answer = await cloud.call(
        "sqs",
        "CreateQueue",
        {"QueueName": named, "Attributes": attributes, "tags": merged_tags(wanted)},
    )
    return _made(cloud, str(answer["QueueUrl"]), named)


async def _update_queue(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _attributes(existing.properties), _attributes(wanted.properties)
    changed = {name: text for name, text in after.items() if before.get(name) != text}
    gone = {name: _DEFAULTS[name] for name in before if name not in after}
    if changed or gone:
        await cloud.call(
            "sqs", "SetQueueAttributes", {"QueueUrl": existing.id, "Attributes": changed | gone}
        )
    await _retag(cloud, wanted, existing.id)
    return _made(cloud, existing.id, str(existing.attributes["QueueName"]))


async def _retag(cloud: Cloud, wanted: Wanted, url: str) -> None:
    shown = await cloud.call("sqs", "ListQueueTags", {"QueueUrl": url})

    async def add(tags: dict[str, str]) -> None:
        await cloud.call("sqs", "TagQueue", {"QueueUrl": url, "Tags": tags})

    async def take(keys: list[str]) -> None:
        await cloud.call("sqs", "UntagQueue", {"QueueUrl": url, "TagKeys": keys})

    await retag(shown.get("Tags") or {}, merged_tags(wanted), add, take)


async def _delete_queue(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "sqs", "DeleteQueue", {"QueueUrl": existing.id}, _GONE)


async def _put_policy(cloud: Cloud, url: str, policy: str) -> None:
    params = {"QueueUrl": url, "Attributes": {"Policy": policy}}
    if policy:
        await cloud.call("sqs", "SetQueueAttributes", params)
    else:
        await ask(cloud, "sqs", "SetQueueAttributes", params, _GONE)


async def _has_policy(cloud: Cloud, url: str) -> bool:
    asked = {"QueueUrl": url, "AttributeNames": ["Policy"]}
    shown = await cloud.call("sqs", "GetQueueAttributes", asked)
    return "Policy" in (shown.get("Attributes") or {})


TYPES = (
    ResourceType(
        "AWS::SQS::Queue",
        _create_queue,
        _delete_queue,
        _update_queue,
        optional=frozenset({"QueueName", "FifoQueue", "Tags", *_ATTRIBUTES}),
        replaces=frozenset({"QueueName", "FifoQueue"}),
        attributes=frozenset({"Arn", "QueueName", "QueueUrl"}),
    ),
    listed_policy("AWS::SQS::QueuePolicy", "Queues", _put_policy),
    inline_policy("AWS::SQS::QueueInlinePolicy", "Queue", _put_policy, _has_policy),
)
