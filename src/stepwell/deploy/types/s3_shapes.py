"""The configurations of a bucket as the parameters of its API, from what templates write.

CloudFormation names and nests some of them in its own way: a rule's filter is spread over the
rule, singular and plural forms stand beside each other.
"""

from __future__ import annotations

from typing import Any

from stepwell.deploy.shaping import is_true, only
from stepwell.values import JsonObject, JsonValue

_NOTIFICATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
"""The template's list -> the API's, the template's member for the target, the API's."""


def notification(given: Any) -> JsonObject:
    """PutBucketNotificationConfiguration."""
    only(given, (*_NOTIFICATIONS, "EventBridgeConfiguration"), "#/NotificationConfiguration")
    asked: JsonObject = {}
    for member, (name, target, arn) in _NOTIFICATIONS.items():
        entries = [_entry(each, target, arn) for each in given.get(member) or []]
        if entries:
            asked[name] = [*entries]
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and is_true(bridge.get("EventBridgeEnabled", True)):
        asked["EventBridgeConfiguration"] = {}
    return {"NotificationConfiguration": asked}


def _entry(given: Any, target: str, arn: str) -> JsonObject:
    only(given, ("Event", "Filter", target), "#/NotificationConfiguration")
    entry: JsonObject = {arn: given.get(target), "Events": [given.get("Event")]}
    rules = ((given.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        entry["Filter"] = {"Key": {"FilterRules": rules}}
    return entry


def encryption(given: Any) -> JsonObject:
    """PutBucketEncryption."""
    rules: list[JsonValue] = []
    for each in given.get("ServerSideEncryptionConfiguration") or []:
        rule = {name: value for name, value in each.items() if name != _BY_DEFAULT}
        if each.get(_BY_DEFAULT):
            rule["ApplyServerSideEncryptionByDefault"] = each[_BY_DEFAULT]
        rules.append(rule)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


_BY_DEFAULT = "ServerSideEncryptionByDefault"
_CORS = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}


def cors(given: Any) -> JsonObject:
    """PutBucketCors."""
    rules: list[JsonValue] = [
        {_CORS.get(name, name): value for name, value in each.items()}
        for each in given.get("CorsRules") or []
    ]
    return {"CORSConfiguration": {"CORSRules": rules}}


def lifecycle(given: Any) -> JsonObject:
    """PutBucketLifecycleConfiguration."""
    only(given, ("Rules", _LEAST), "#/LifecycleConfiguration")
    rules: list[JsonValue] = [_lifecycle_rule(each) for each in given.get("Rules") or []]
    return {"LifecycleConfiguration": {"Rules": rules}, _LEAST: given.get(_LEAST)}


_LEAST = "TransitionDefaultMinimumObjectSize"


_RULE = (
    "AbortIncompleteMultipartUpload",
    "ExpirationDate",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "Id",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "NoncurrentVersionTransition",
    "NoncurrentVersionTransitions",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
    "Prefix",
    "Status",
    "TagFilters",
    "Transition",
    "Transitions",
)


def _lifecycle_rule(given: Any) -> JsonObject:
    only(given, _RULE, "#/LifecycleConfiguration/Rules")
    expiration = {
        "Date": given.get("ExpirationDate"),
        "Days": given.get("ExpirationInDays"),
        "ExpiredObjectDeleteMarker": given.get("ExpiredObjectDeleteMarker"),
    }
    versions = given.get("NoncurrentVersionExpiration") or {
        "NoncurrentDays": given.get("NoncurrentVersionExpirationInDays")
    }
    moves = [_transition(each) for each in _several(given, "Transition")]
    rule: JsonObject = {
        "ID": given.get("Id"),
        "Status": given.get("Status"),
        "Filter": _filter(given),
        "Expiration": _present(expiration),
        "Transitions": [*moves],
        "NoncurrentVersionExpiration": _present(versions),
        "NoncurrentVersionTransitions": [
            _noncurrent(each) for each in _several(given, "NoncurrentVersionTransition")
        ],
        "AbortIncompleteMultipartUpload": given.get("AbortIncompleteMultipartUpload"),
    }
    # A rule for everything has an empty filter, which stays.
    return {name: value for name, value in rule.items() if value or name == "Filter"}


def _several(given: Any, name: str) -> list[Any]:
    """What stands under a name's plural and its older singular form."""
    one = given.get(name)
    return [*(given.get(f"{name}s") or []), *([one] if one else [])]


def _transition(given: Any) -> JsonObject:
    return _present(
        {
            "Date": given.get("TransitionDate"),
            "Days": given.get("TransitionInDays"),
            "StorageClass": given.get("StorageClass"),
        }
    )


def _noncurrent(given: Any) -> JsonObject:
    return _present(
        {
            "NoncurrentDays": given.get("TransitionInDays"),
            "NewerNoncurrentVersions": given.get("NewerNoncurrentVersions"),
            "StorageClass": given.get("StorageClass"),
        }
    )


def _filter(given: Any) -> JsonObject:
    """One condition stands alone, several stand in `And`."""
    tags = given.get("TagFilters") or []
    others = _present(
        {
            "Prefix": given.get("Prefix"),
            "ObjectSizeGreaterThan": given.get("ObjectSizeGreaterThan"),
            "ObjectSizeLessThan": given.get("ObjectSizeLessThan"),
        }
    )
    if len(tags) + len(others) > 1:
        return {"And": {**others, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else others


def _present(values: JsonObject) -> JsonObject:
    return {name: value for name, value in values.items() if value is not None}
