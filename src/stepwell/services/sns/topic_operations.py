"""Topics: create, delete, list, attributes."""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.sns import paging, tagging, topic_attributes
from stepwell.services.sns.arns import TopicName, parse_topic
from stepwell.services.sns.errors import invalid_parameter, not_here
from stepwell.services.sns.records import TopicRow, attributes_of, tags_of
from stepwell.services.sns.topics import Topics
from stepwell.values import encode_text

_NAME = re.compile(r"[A-Za-z0-9_\-]{1,256}")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_\-]{1,251}\.fifo")
_LETTERS = (
    "must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and "
    "hyphens, and must be between 1 and 256 characters long."
)


async def create_topic(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """CreateTopic: the one that is there, when nothing about it differs."""
    if params.get("DataProtectionPolicy"):
        raise not_here("DataProtectionPolicy")
    name = str(params.get("Name", ""))
    given: dict[str, str] = params.get("Attributes") or {}
    fifo = given.get("FifoTopic", "").lower() == "true"
    _check_name(name, fifo=fifo)
    attributes = {
        key: topic_attributes.check(key, value, fifo=fifo) for key, value in given.items()
    }
    if not fifo:
        attributes.pop("FifoTopic", None)
    tags = tagging.read(params.get("Tags") or [])
    topic = TopicName(call.account, call.region, name)
    row = topics.topics.get(topic.scope, name)
    if row is not None:
        _check_same(row, attributes, tags if params.get("Tags") else None)
        await topics.parts.ledger.committed()
        return {"TopicArn": topic.arn}
    now = topics.parts.clock.now()
    row = TopicRow(topic.scope, name, now, encode_text(attributes), encode_text(tags), 0)
    with topics.parts.ledger.stage() as turn:
        topics.topics.put(turn, row)
    await topics.parts.ledger.committed()
    return {"TopicArn": topic.arn}


def _check_name(name: str, *, fifo: bool) -> None:
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid_parameter(f"Fifo Topic names must end with .fifo and {_LETTERS}")
    if not fifo and not _NAME.fullmatch(name):
        raise invalid_parameter("Topic Name")


def _check_same(row: TopicRow, attributes: dict[str, str], tags: dict[str, str] | None) -> None:
    there = attributes_of(row)
    if any(there.get(name, "") != value for name, value in attributes.items()):
        raise invalid_parameter("Attributes Reason: Topic already exists with different attributes")
    if tags is not None and tags_of(row) != tags:
        raise invalid_parameter("Tags Reason: Topic already exists with different tags")


async def delete_topic(topics: Topics, call: Call, params: Params) -> None:
    """DeleteTopic, with its subscriptions; one that is not there is no error."""
    topic = parse_topic(params.get("TopicArn"))
    with topics.parts.ledger.stage() as turn:
        topics.topics.delete(turn, topic.scope, topic.name)
        for subscription in topics.subscriptions.of(topic.arn):
            topics.subscriptions.delete(turn, topic.arn, subscription.id)
        for seen in topics.published.of(topic.arn):
            topics.published.delete(turn, topic.arn, seen.identity)
    await topics.parts.ledger.committed()


async def list_topics(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """ListTopics: a hundred at a time."""
    names = [row.name for row in topics.topics.of(call.scope)]
    page, token = paging.cut(names, params.get("NextToken"))
    arns = [TopicName(call.account, call.region, name).arn for name in page]
    return {"Topics": [{"TopicArn": arn} for arn in arns], "NextToken": token}


async def get_topic_attributes(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """GetTopicAttributes."""
    topic, row = topics.find(params.get("TopicArn"))
    states = [row.confirmed for row in topics.subscriptions.of(topic.arn)]
    confirmed = sum(states)
    pending = len(states) - confirmed
    shown = topic_attributes.shown(topic, attributes_of(row), confirmed, pending, row.unsubscribed)
    return {"Attributes": shown}


async def set_topic_attributes(topics: Topics, call: Call, params: Params) -> None:
    """SetTopicAttributes."""
    topic, row = topics.find(params.get("TopicArn"))
    name = str(params.get("AttributeName", ""))
    if name == "FifoTopic":
        raise invalid_parameter("AttributeName")
    value = str(params.get("AttributeValue", ""))
    checked = topic_attributes.check(name, value, fifo=topic.name.endswith(".fifo"))
    replace_attribute(topics, row, name, checked)
    await topics.parts.ledger.committed()


def replace_attribute(topics: Topics, row: TopicRow, name: str, value: str) -> None:
    """Keep an attribute that was checked."""
    attributes = {**attributes_of(row), name: value}
    with topics.parts.ledger.stage() as turn:
        topics.topics.put(turn, row._replace(attributes=encode_text(attributes)))
