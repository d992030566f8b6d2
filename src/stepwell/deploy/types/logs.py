"""Log groups, streams, subscriptions, resource policies; metric filters and deliveries are kept."""

from __future__ import annotations

from stepwell.deploy.calling import ask, create_own, or_undo, retag
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import (
    already_exists,
    as_text,
    is_true,
    merged_tags,
    picked,
    small_first,
)
from stepwell.deploy.stored import stored_type
from stepwell.errors import ServiceError
from stepwell.values import JsonObject

_GROUP = "AWS::Logs::LogGroup"
_STREAM = "AWS::Logs::LogStream"
_POLICY = "AWS::Logs::ResourcePolicy"
_SUBSCRIPTION = "AWS::Logs::SubscriptionFilter"
_GONE = ("ResourceNotFoundException",)
_TAKEN = "ResourceAlreadyExistsException"
_NAME_MAX = 512


def _arn(cloud: Cloud, name: str) -> str:
    return f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:{name}"


async def _create_group(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("LogGroupName"), _NAME_MAX)
    params = {
        "logGroupName": name,
        "logGroupClass": properties.get("LogGroupClass"),
        "tags": merged_tags(wanted) or None,
    }
    await create_own(cloud, wanted, (_GROUP, name), ("logs", "CreateLogGroup", params), _TAKEN)
    await or_undo(
        _follow(cloud, name, {}, properties),
        lambda: cloud.call("logs", "DeleteLogGroup", {"logGroupName": name}),
    )
    return Made(name, {"Arn": f"{_arn(cloud, name)}:*"})


async def _follow(cloud: Cloud, name: str, before: JsonObject, after: JsonObject) -> None:
    """Retention, and protection against deletion."""
    days = after.get("RetentionInDays")
    if days is not None and days != before.get("RetentionInDays"):
        params = {"logGroupName": name, "retentionInDays": days}
        await cloud.call("logs", "PutRetentionPolicy", params)
    elif days is None and before.get("RetentionInDays") is not None:
        await cloud.call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
    protected = is_true(after.get("DeletionProtectionEnabled", False))
    if protected != is_true(before.get("DeletionProtectionEnabled", False)):
        params = {"logGroupIdentifier": name, "deletionProtectionEnabled": protected}
        await cloud.call("logs", "PutLogGroupDeletionProtection", params)


async def _update_group(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after, name = existing.properties, wanted.properties, existing.id
    if (before.get("LogGroupClass") or "STANDARD") != (after.get("LogGroupClass") or "STANDARD"):
        raise ServiceError("InvalidRequest", "The class of a log group cannot be changed.")
    await _follow(cloud, name, before, after)
    on = {"resourceArn": _arn(cloud, name)}
    shown = await cloud.call("logs", "ListTagsForResource", on)
    await retag(
        shown["tags"],
        merged_tags(wanted),
        lambda tags: cloud.call("logs", "TagResource", {**on, "tags": tags}),
        lambda keys: cloud.call("logs", "UntagResource", {**on, "tagKeys": keys}),
    )
    return Made(name, existing.attributes)


async def _delete_group(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "logs", "DeleteLogGroup", {"logGroupName": existing.id}, _GONE)


async def _create_stream(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("LogStreamName"), _NAME_MAX)
    params = {"logGroupName": properties["LogGroupName"], "logStreamName": name}
    await create_own(cloud, wanted, (_STREAM, name), ("logs", "CreateLogStream", params), _TAKEN)
    return Made(name)


async def _delete_stream(cloud: Cloud, existing: Existing) -> None:
    params = {
        "logGroupName": existing.properties["LogGroupName"],
        "logStreamName": existing.id,
    }
    await ask(cloud, "logs", "DeleteLogStream", params, _GONE)


async def _create_policy(cloud: Cloud, wanted: Wanted) -> Made:
    name = as_text(wanted.properties["PolicyName"])
    shown = await cloud.call("logs", "DescribeResourcePolicies", {"limit": 50})
    if not wanted.repeated and any(
        policy["policyName"] == name for policy in shown["resourcePolicies"]
    ):
        raise already_exists(_POLICY, name)
    await _put_policy(cloud, wanted.properties)
    return Made(name)


async def _put_policy(cloud: Cloud, properties: JsonObject) -> None:
    params = {
        "policyName": properties["PolicyName"],
        "policyDocument": as_text(properties["PolicyDocument"]),
    }
    await cloud.call("logs", "PutResourcePolicy", params)


async def _update_policy(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _put_policy(cloud, wanted.properties)
    return Made(existing.id)


async def _delete_policy(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "logs", "DeleteResourcePolicy", {"policyName": existing.id}, _GONE)


async def _create_subscription(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    group = as_text(properties["LogGroupName"])
    name = wanted.name(properties.get("FilterName"), _NAME_MAX)
    on = {"logGroupName": group, "filterNamePrefix": name}
    shown = await cloud.call("logs", "DescribeSubscriptionFilters", on)
    taken = any(each["filterName"] == name for each in shown["subscriptionFilters"])
    if taken and not wanted.repeated:
        raise already_exists(_SUBSCRIPTION, f"{name}|{group}")
    await _put_subscription(cloud, name, properties)
    return Made(name)


async def _put_subscription(cloud: Cloud, name: str, properties: JsonObject) -> None:
    given = picked(
        properties,
        ("DestinationArn", "Distribution", "FilterPattern", "LogGroupName", "RoleArn"),
    )
    params = small_first({**given, "FilterName": name})
    assert isinstance(params, dict)
    await cloud.call("logs", "PutSubscriptionFilter", params)


async def _update_subscription(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _put_subscription(cloud, existing.id, wanted.properties)
    return Made(existing.id)


async def _delete_subscription(cloud: Cloud, existing: Existing) -> None:
    params = {
        "logGroupName": existing.properties["LogGroupName"],
        "filterName": existing.id,
    }
    await ask(cloud, "logs", "DeleteSubscriptionFilter", params, _GONE)


def _review_subscription(properties: JsonObject) -> list[str]:
    destination = properties.get("DestinationArn")
    if not isinstance(destination, str) or not destination.startswith("arn:"):
        return []
    if destination.split(":")[2:3] == ["lambda"]:
        return []
    return [f"The destination {destination} is not embedded: functions are."]


def _delivery(kind: str, ending: str) -> ResourceType:
    arn = "arn:aws:logs:{region}:{account}:" + ending + ":{name}"
    return stored_type(f"AWS::Logs::{kind}", name_property="Name", attributes={"Arn": arn})


TYPES = (
    ResourceType(
        _GROUP,
        _create_group,
        _delete_group,
        _update_group,
        optional=frozenset(
            {
                "DeletionProtectionEnabled",
                "LogGroupClass",
                "LogGroupName",
                "RetentionInDays",
                "Tags",
            }
        ),
        without_effect=frozenset(
            {
                "BearerTokenAuthenticationEnabled",
                "FieldIndexPolicies",
                "KmsKeyId",
                "ResourcePolicyDocument",
            }
        ),
        refused={"DataProtectionPolicy": "Nothing is masked in the logs of this server."},
        replaces=frozenset({"LogGroupName"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        _STREAM,
        _create_stream,
        _delete_stream,
        required=frozenset({"LogGroupName"}),
        optional=frozenset({"LogStreamName"}),
        replaces=frozenset({"LogGroupName", "LogStreamName"}),
    ),
    ResourceType(
        _POLICY,
        _create_policy,
        _delete_policy,
        _update_policy,
        required=frozenset({"PolicyDocument", "PolicyName"}),
        replaces=frozenset({"PolicyName"}),
    ),
    ResourceType(
        _SUBSCRIPTION,
        _create_subscription,
        _delete_subscription,
        _update_subscription,
        required=frozenset({"DestinationArn", "FilterPattern", "LogGroupName"}),
        optional=frozenset({"FilterName"}),
        without_effect=frozenset({"Distribution", "RoleArn"}),
        refused={
            "ApplyOnTransformedLogs": "Lines are not transformed here.",
            "EmitSystemFields": "Lines are sent without fields of AWS's own.",
            "FieldSelectionCriteria": "Lines are chosen by their pattern alone.",
        },
        replaces=frozenset({"FilterName", "LogGroupName"}),
        review=_review_subscription,
    ),
    stored_type("AWS::Logs::MetricFilter", name_property="FilterName"),
    stored_type(
        "AWS::Logs::QueryDefinition",
        reference="{uuid}",
        attributes={"QueryDefinitionId": "{uuid}"},
    ),
    stored_type("AWS::Logs::LogAnomalyDetector", reference="{uuid}"),
    stored_type(
        "AWS::Logs::Delivery",
        reference="{uuid}",
        attributes={
            "Arn": "arn:aws:logs:{region}:{account}:delivery:{suffix}",
            "DeliveryId": "{suffix}",
        },
    ),
    _delivery("DeliveryDestination", "delivery-destination"),
    _delivery("DeliverySource", "delivery-source"),
)
