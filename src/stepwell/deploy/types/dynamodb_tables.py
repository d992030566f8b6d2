"""Tables of DynamoDB. An update looks at the table first, so that it may run again half done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import ask, create_own, or_undo, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, is_true, picked, tag_list
from stepwell.deploy.types.dynamodb_shapes import (
    RECOVERY_DAYS,
    Indexes,
    encryption,
    expiry_of,
    indexes_of,
    policy_of,
    recovery_of,
    review_stream,
    same_throughput,
    settings_of,
    stream_view,
)
from stepwell.values import JsonObject

_TABLE = "AWS::DynamoDB::Table"
_NAME_MAX = 255
_GONE = ("ResourceNotFoundException",)
_TAKEN = "ResourceInUseException"


async def create_table(cloud: Cloud, wanted: Wanted, type_name: str = _TABLE) -> Made:
    """Make a table whose properties are those of `AWS::DynamoDB::Table`."""
    properties = wanted.properties
    name = wanted.name(properties.get("TableName"), _NAME_MAX)
    view = stream_view(properties)
    params = {
        "TableName": name,
        **picked(properties, ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes")),
        **settings_of(properties),
        "GlobalSecondaryIndexes": list(indexes_of(properties).values()) or None,
        "StreamSpecification": view and {"StreamEnabled": True, "StreamViewType": view},
        "SSESpecification": encryption(properties),
        "Tags": tag_list(wanted),
    }
    await create_own(cloud, wanted, (type_name, name), ("dynamodb", "CreateTable", params), _TAKEN)
    drop = {"TableName": name}
    await or_undo(
        _follow_further(cloud, name, {}, properties),
        lambda: cloud.call("dynamodb", "DeleteTable", drop),
    )
    return await _made(cloud, name)


async def _made(cloud: Cloud, name: str) -> Made:
    shown = await _shown(cloud, name)
    attributes: JsonObject = {"Arn": shown["TableArn"], "TableId": shown["TableId"]}
    if "StreamSpecification" in shown:
        attributes["StreamArn"] = shown["LatestStreamArn"]
    return Made(name, attributes)


async def _shown(cloud: Cloud, name: str) -> Mapping[str, Any]:
    answer = await cloud.call("dynamodb", "DescribeTable", {"TableName": name})
    table: Mapping[str, Any] = answer["Table"]
    return table


async def _follow_further(cloud: Cloud, name: str, before: JsonObject, after: JsonObject) -> None:
    """What has operations of its own: time to live, recovery, the policy."""
    await _follow_expiry(cloud, name, after)
    await _follow_recovery(cloud, name, after)
    await _follow_policy(cloud, name, policy_of(before), policy_of(after))


async def _follow_recovery(cloud: Cloud, name: str, properties: JsonObject) -> None:
    """Bring point-in-time recovery to what it should be."""
    on = {"TableName": name}
    answer = await cloud.call("dynamodb", "DescribeContinuousBackups", on)
    shown = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    wanted = recovery_of(properties)
    is_on = shown["PointInTimeRecoveryStatus"] == "ENABLED"
    given = wanted or {"PointInTimeRecoveryEnabled": False}
    same_days = as_text(given.get("RecoveryPeriodInDays", RECOVERY_DAYS)) == as_text(
        shown.get("RecoveryPeriodInDays", RECOVERY_DAYS)
    )
    if is_on == is_true(given["PointInTimeRecoveryEnabled"]) and (same_days or not is_on):
        return
    params = {**on, "PointInTimeRecoverySpecification": given}
    await cloud.call("dynamodb", "UpdateContinuousBackups", params)


async def _follow_policy(cloud: Cloud, name: str, before: str | None, after: str | None) -> None:
    """Bring the policy to what it should be."""
    if after is None and before is None:
        return
    on = {"ResourceArn": (await _shown(cloud, name))["TableArn"]}
    if after is None:
        await cloud.call("dynamodb", "DeleteResourcePolicy", on)
    else:
        await cloud.call("dynamodb", "PutResourcePolicy", {**on, "Policy": after})


async def _follow_expiry(cloud: Cloud, name: str, properties: JsonObject) -> None:
    """Bring time to live to what it should be."""
    on = {"TableName": name}
    shown = await cloud.call("dynamodb", "DescribeTimeToLive", on)
    now = shown["TimeToLiveDescription"].get("AttributeName")
    wanted = expiry_of(properties)
    if now == wanted:
        return
    for attribute, enabled in ((now, False), (wanted, True)):
        if attribute is not None:
            change = {"AttributeName": attribute, "Enabled": enabled}
            params = {**on, "TimeToLiveSpecification": change}
            await cloud.call("dynamodb", "UpdateTimeToLive", params)


async def update_table(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    """Change a table in place."""
    before, after, name = existing.properties, wanted.properties, existing.id
    shown = await _shown(cloud, name)
    indexes = Indexes(shown.get("GlobalSecondaryIndexes") or [], indexes_of(after))
    indexes.check()
    changes = _settings(shown, before, after, indexes)
    if changes:
        await cloud.call("dynamodb", "UpdateTable", {"TableName": name, **changes})
    await _follow_stream(cloud, name, shown, stream_view(after))
    for change in indexes.more_or_less():
        params = {
            "TableName": name,
            "AttributeDefinitions": after.get("AttributeDefinitions"),
            "GlobalSecondaryIndexUpdates": [change],
        }
        await cloud.call("dynamodb", "UpdateTable", params)
    await _follow_further(cloud, name, before, after)
    on = {"ResourceArn": shown["TableArn"]}
    operations = ("ListTagsOfResource", "TagResource", "UntagResource")
    await retag_pairs(cloud, wanted, "dynamodb", on, operations)
    return await _made(cloud, name)


def _settings(
    shown: Mapping[str, Any], before: JsonObject, after: JsonObject, indexes: Indexes
) -> dict[str, Any]:
    """What of the settings changes, as one request."""
    changes: dict[str, Any] = {}
    old, new = settings_of(before), settings_of(after)
    for name in ("OnDemandThroughput", "WarmThroughput"):
        if new.get(name) is not None and new.get(name) != old.get(name):
            changes[name] = new[name]
    table_class = new.get("TableClass") or "STANDARD"
    if table_class != (shown.get("TableClassSummary") or {}).get("TableClass", "STANDARD"):
        changes["TableClass"] = table_class
    protected = is_true(new.get("DeletionProtectionEnabled", False))
    if protected != shown["DeletionProtectionEnabled"]:
        changes["DeletionProtectionEnabled"] = protected
    if encryption(before) != encryption(after):
        changes["SSESpecification"] = encryption(after) or {"Enabled": False}
    billing = new.get("BillingMode") or "PROVISIONED"
    if billing != (shown.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED"):
        changes["BillingMode"] = billing
    throughput = new.get("ProvisionedThroughput")
    if throughput and not same_throughput(throughput, shown["ProvisionedThroughput"]):
        changes["ProvisionedThroughput"] = throughput
    if updates := indexes.throughputs():
        changes["GlobalSecondaryIndexUpdates"] = updates
    return changes


async def _follow_stream(
    cloud: Cloud, name: str, shown: Mapping[str, Any], wanted: str | None
) -> None:
    """Begin, end, or end and begin anew: a stream keeps its view as long as it is."""
    now = (shown.get("StreamSpecification") or {}).get("StreamViewType")
    if now == wanted:
        return
    steps: list[dict[str, Any]] = []
    if now is not None:
        steps.append({"StreamEnabled": False})
    if wanted is not None:
        steps.append({"StreamEnabled": True, "StreamViewType": wanted})
    for step in steps:
        params = {"TableName": name, "StreamSpecification": step}
        await cloud.call("dynamodb", "UpdateTable", params)


async def delete_table(cloud: Cloud, existing: Existing) -> None:
    """Delete a table; one that is gone is no error."""
    await ask(cloud, "dynamodb", "DeleteTable", {"TableName": existing.id}, _GONE)


def redefines_attributes(before: JsonObject, after: JsonObject) -> bool:
    """Whether an attribute that stays gets another type: that needs another table."""
    old, new = _types(before), _types(after)
    return any(old[name] != new[name] for name in old.keys() & new.keys())


def _types(properties: JsonObject) -> dict[str, str]:
    given = properties.get("AttributeDefinitions")
    return {
        as_text(each.get("AttributeName")): as_text(each.get("AttributeType"))
        for each in (given if isinstance(given, list) else [])
        if isinstance(each, dict)
    }


def _review(properties: JsonObject) -> list[str]:
    return review_stream(properties, "StreamSpecification")


TYPES = (
    ResourceType(
        _TABLE,
        create_table,
        delete_table,
        update_table,
        required=frozenset({"KeySchema"}),
        optional=frozenset(
            {
                "AttributeDefinitions",
                "BillingMode",
                "DeletionProtectionEnabled",
                "GlobalSecondaryIndexes",
                "LocalSecondaryIndexes",
                "ProvisionedThroughput",
                "SSESpecification",
                "StreamSpecification",
                "TableName",
                "Tags",
                "TimeToLiveSpecification",
            }
        ),
        without_effect=frozenset(
            {
                "ContributorInsightsSpecification",
                "OnDemandThroughput",
                "PointInTimeRecoverySpecification",
                "ResourcePolicy",
                "TableClass",
                "WarmThroughput",
            }
        ),
        refused={
            "ImportSourceSpecification": "Tables can't be filled from S3 here.",
            "KinesisStreamSpecification": "Kinesis is not embedded.",
        },
        replaces=frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"}),
        must_replace=redefines_attributes,
        attributes=frozenset({"Arn", "StreamArn", "TableId"}),
        review=_review,
    ),
)
