"""TagResource, UntagResource, ListTagsOfResource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid, invalid_values
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.values import encode_text

TAGS_MAX = 50


def checked_tags(tags: Sequence[dict[str, str]]) -> dict[str, str]:
    """Tags by key. Raises ValidationException."""
    by_key = {tag["Key"]: tag["Value"] for tag in tags}
    if len(by_key) < len(tags):
        raise invalid_values("Duplicate tag keys are not allowed")
    if len(by_key) > TAGS_MAX:
        raise invalid(f"One or more parameter values were invalid: Too many tags: {len(by_key)}")
    return by_key


def _change(dynamodb: DynamoDb, table: TableSchema, tags: dict[str, str]) -> None:
    settings = {**table.settings, "tags": tags}
    with dynamodb.ledger.stage() as turn:
        dynamodb.tables.put(turn, table.row._replace(settings=encode_text(settings)))


async def tag_resource(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """TagResource"""
    await dynamodb.ready()
    table = _table(dynamodb, call, params)
    tags = {**table.settings.get("tags", {}), **checked_tags(params["Tags"])}
    checked_tags([{"Key": key, "Value": value} for key, value in tags.items()])
    _change(dynamodb, table, tags)
    await dynamodb.ledger.committed()
    return None


async def untag_resource(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """UntagResource"""
    await dynamodb.ready()
    table = _table(dynamodb, call, params)
    gone = set(params["TagKeys"])
    tags = {k: v for k, v in table.settings.get("tags", {}).items() if k not in gone}
    _change(dynamodb, table, tags)
    await dynamodb.ledger.committed()
    return None


async def list_tags_of_resource(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """ListTagsOfResource: all at once, there are 50 at most."""
    await dynamodb.ready()
    tags: dict[str, Any] = _table(dynamodb, call, params).settings.get("tags", {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _table(dynamodb: DynamoDb, call: Call, params: Params) -> TableSchema:
    arn = params["ResourceArn"]
    if not arn.startswith("arn:"):
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    return dynamodb.find(call, arn, tell=True)
