"""Tags of topics."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.sns.arns import parse_topic
from stepwell.services.sns.errors import invalid_parameter, resource_not_found
from stepwell.services.sns.limits import TAGS_MAX
from stepwell.services.sns.records import TopicRow, tags_of
from stepwell.services.sns.topics import Topics
from stepwell.values import encode_text


def read(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises InvalidParameter, TagLimitExceeded."""
    tags = {each["Key"]: each.get("Value", "") for each in given}
    if len(tags) < len(given):
        raise invalid_parameter("Duplicated keys are not allowed.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid_parameter("Tag keys that begin with aws: are reserved")
    _check_count(tags)
    return tags


def _check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise ServiceError(
            "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"
        )


async def list_tags(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    tags = tags_of(_find(topics, params))
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


async def tag(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """TagResource: a key that is there already gets the new value."""
    row = _find(topics, params)
    after = {**tags_of(row), **read(params.get("Tags") or [])}
    _check_count(after)
    await _replace(topics, row, after)
    return {}


async def untag(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """UntagResource: keys that are not there are no error."""
    row = _find(topics, params)
    gone = set(params.get("TagKeys") or [])
    await _replace(topics, row, {k: v for k, v in tags_of(row).items() if k not in gone})
    return {}


def _find(topics: Topics, params: Params) -> TopicRow:
    topic = parse_topic(params.get("ResourceArn"), "ResourceArn")
    row = topics.topics.get(topic.scope, topic.name)
    if row is None:
        raise resource_not_found()
    return row


async def _replace(topics: Topics, row: TopicRow, tags: dict[str, str]) -> None:
    with topics.parts.ledger.stage() as turn:
        topics.topics.put(turn, row._replace(tags=encode_text(tags)))
    await topics.parts.ledger.committed()
