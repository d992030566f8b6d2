"""Queues and their policies."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text, merged_tags
from stepwell.errors import ServiceError
from stepwell.values import JsonObject

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

_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "VisibilityTimeout": "30",
}
"""What an attribute becomes again when a template does not give it any more."""


def _attributes(properties: JsonObject) -> dict[str, str]:
    """The properties that are attributes, as the API takes them: all texts."""
    return {
        name: as_text(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None
    }


def _made(cloud: Cloud, url: str, name: str) -> Made:
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:{name}"
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


async def _create_queue(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    is_fifo = as_text(properties.get("FifoQueue", False)) == "true"
    ending = ".fifo" if is_fifo else ""
    name = properties.get("QueueName")
    named = str(name) if name is not None else wanted.name(None, 80 - len(ending)) + ending
    attributes = _attributes(properties) | ({"FifoQueue": "true"} if is_fifo else {})
    if not wanted.repeated and name is not None:
        await _must_be_free(cloud, named)
    answer = await cloud.call(
        "sqs",
        "CreateQueue",
        {"QueueName": named, "Attributes": attributes, "tags": merged_tags(wanted)},
    )
    return _made(cloud, str(answer["QueueUrl"]), named)


async def _must_be_free(cloud: Cloud, name: str) -> None:
    """A stack never takes over a queue that somebody else made."""
    try:
        await cloud.call("sqs", "GetQueueUrl", {"QueueName": name})
    except ServiceError:
        return
    raise already_exists("AWS::SQS::Queue", name)


async def _update_queue(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _attributes(existing.properties), _attributes(wanted.properties)
    changed = {name: text for name, text in after.items() if before.get(name) != text}
    gone = {name: _DEFAULTS[name] for name in before if name not in after and name in _DEFAULTS}
    if changed or gone:
        await cloud.call(
            "sqs", "SetQueueAttributes", {"QueueUrl": existing.id, "Attributes": changed | gone}
        )
    await _retag(cloud, wanted, existing.id)
    return _made(cloud, existing.id, str(existing.attributes["QueueName"]))


async def _retag(cloud: Cloud, wanted: Wanted, url: str) -> None:
    tags = merged_tags(wanted)
    shown = await cloud.call("sqs", "ListQueueTags", {"QueueUrl": url})
    gone = [key for key in shown.get("Tags") or {} if key not in tags]
    if gone:
        await cloud.call("sqs", "UntagQueue", {"QueueUrl": url, "TagKeys": gone})
    if tags:
        await cloud.call("sqs", "TagQueue", {"QueueUrl": url, "Tags": tags})


async def _delete_queue(cloud: Cloud, existing: Existing) -> None:
    try:
        await cloud.call("sqs", "DeleteQueue", {"QueueUrl": existing.id})
    except ServiceError as error:
        if error.code != "QueueDoesNotExist":
            raise


async def _create_policy(cloud: Cloud, wanted: Wanted) -> Made:
    await _put_policy(cloud, wanted.properties)
    return Made(wanted.name(None))


async def _put_policy(cloud: Cloud, properties: JsonObject) -> None:
    for url in _queues(properties):
        policy = {"Policy": as_text(properties["PolicyDocument"])}
        await cloud.call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": policy})


def _queues(properties: JsonObject) -> list[Any]:
    queues = properties["Queues"]
    return queues if isinstance(queues, list) else [queues]


async def _update_policy(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    kept = _queues(wanted.properties)
    await _take_policy(cloud, [url for url in _queues(existing.properties) if url not in kept])
    await _put_policy(cloud, wanted.properties)
    return Made(existing.id)


async def _delete_policy(cloud: Cloud, existing: Existing) -> None:
    await _take_policy(cloud, _queues(existing.properties))


async def _take_policy(cloud: Cloud, urls: list[Any]) -> None:
    for url in urls:
        try:
            await cloud.call(
                "sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": ""}}
            )
        except ServiceError as error:
            if error.code != "QueueDoesNotExist":
                raise


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
    ResourceType(
        "AWS::SQS::QueuePolicy",
        _create_policy,
        _delete_policy,
        _update_policy,
        required=frozenset({"PolicyDocument", "Queues"}),
        attributes=frozenset({"Id"}),
    ),
)
