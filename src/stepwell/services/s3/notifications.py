"""Event notifications: who is told of what, and AWS's event documents.

What happens to an object and the message about it are one turn: either both are on disk or none
is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.deliveries.delivery import Delivery, Retries
from stepwell.services.s3.errors import invalid_argument
from stepwell.services.s3.names import bucket_arn
from stepwell.services.s3.records import BucketRow, ObjectRow
from stepwell.services.s3.storage import (
    NULL,
    Storage,
    account_of,
    owner,
    region_of,
    set_setting,
    settings_of,
)
from stepwell.values import JsonObject, JsonValue, encode_text

KINDS = {
    "TopicConfigurations": ("TopicArn", "sns"),
    "QueueConfigurations": ("QueueArn", "sqs"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda"),
}
"""Member of the configuration -> the member with the target's ARN, its service."""

EVENTS = frozenset(
    f"s3:{name}"
    for name in (
        "ReducedRedundancyLostObject",
        "ObjectCreated:*",
        "ObjectCreated:Put",
        "ObjectCreated:Post",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectRemoved:*",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "ObjectRestore:*",
        "ObjectRestore:Post",
        "ObjectRestore:Completed",
        "ObjectRestore:Delete",
        "Replication:*",
        "Replication:OperationFailedReplication",
        "Replication:OperationNotTracked",
        "Replication:OperationMissedThreshold",
        "Replication:OperationReplicatedAfterThreshold",
        "LifecycleTransition",
        "IntelligentTiering",
        "ObjectAcl:Put",
        "LifecycleExpiration:*",
        "LifecycleExpiration:Delete",
        "LifecycleExpiration:DeleteMarkerCreated",
        "ObjectTagging:*",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
    )
)
RETRIES = Retries(attempts_max=12, age_seconds_max=6 * 3600)
_TARGETS = {"TopicArn": "TopicArn", "QueueArn": "QueueArn", "LambdaFunctionArn": "FunctionArn"}

_DETAILS = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "LifecycleExpiration:Delete": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleExpiration:DeleteMarkerCreated": ("Object Deleted", "Lifecycle Expiration"),
    "ObjectTagging:Put": ("Object Tags Added", ""),
    "ObjectTagging:Delete": ("Object Tags Deleted", ""),
}
"""Event -> EventBridge's detail-type and the reason it names."""


class Happened(NamedTuple):
    """Something happened to an object."""

    event: str
    """`ObjectCreated:Put`, without `s3:`."""
    bucket: BucketRow
    row: ObjectRow


# The operations


async def put_configuration(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketNotificationConfiguration. Queues and topics get a test event."""
    bucket = storage.bucket(params)
    asked = params.get("NotificationConfiguration") or {}
    kept = _checked(storage, asked)
    set_setting(storage, bucket, "notification", kept)
    if not params.get("SkipDestinationValidation"):
        with storage.parts.ledger.stage() as turn:
            for kind, target in sorted(_told_of_test(kept)):
                body = encode_text(_test_event(storage, bucket, call))
                _send(storage, turn, bucket, kind, target, body)
    return None


async def get_configuration(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketNotificationConfiguration."""
    kept = settings_of(storage.bucket(params)).get("notification")
    return kept if isinstance(kept, dict) else {}


def _checked(storage: Storage, asked: Mapping[str, Any]) -> JsonObject:
    kept: JsonObject = {}
    for member, (arn, service) in KINDS.items():
        entries: list[JsonValue] = [
            _entry(storage, item, arn, service) for item in asked.get(member, [])
        ]
        if entries:
            kept[member] = entries
    if asked.get("EventBridgeConfiguration") is not None:
        kept["EventBridgeConfiguration"] = {}
    _check_overlap(kept)
    return kept


def _entry(storage: Storage, item: Mapping[str, Any], arn: str, service: str) -> JsonObject:
    target, events = str(item.get(arn, "")), list(item.get("Events", []))
    if not target.startswith("arn:") or target.split(":")[2:3] != [service]:
        raise invalid_argument("The ARN could not be parsed", _TARGETS[arn], target)
    if not storage.parts.deliveries.reaches(target):
        text = "Unable to validate the following destination configurations"
        raise invalid_argument(text, target, "null")
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        named = unknown[0] if unknown else ""
        raise invalid_argument("The event is not supported for notifications", "Event", named)
    entry: JsonObject = {"Id": item.get("Id") or storage.parts.ids.uuid(), arn: target}
    entry["Events"] = list(events)
    rules = item.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    if rules:
        entry["Filter"] = {"Key": {"FilterRules": [_rule(rule) for rule in rules]}}
    return entry


def _rule(rule: Mapping[str, str]) -> JsonObject:
    name = str(rule.get("Name", "")).lower()
    if name not in ("prefix", "suffix"):
        text = "filter rule name must be either prefix or suffix"
        raise invalid_argument(text, "FilterRule.Name", str(rule.get("Name")))
    return {"Name": name.capitalize(), "Value": str(rule.get("Value", ""))}


def _check_overlap(kept: JsonObject) -> None:
    """Two configurations must not both be told of the same event of the same object."""
    seen: list[tuple[set[str], str, str]] = []
    for _, entry in _entries(kept):
        events = {str(event) for event in entry["Events"]}
        prefix, suffix = _filters(entry)
        for others, other_prefix, other_suffix in seen:
            same = any(_covers(a, b) or _covers(b, a) for a in events for b in others)
            prefixes = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
            suffixes = suffix.endswith(other_suffix) or other_suffix.endswith(suffix)
            if same and prefixes and suffixes:
                text = (
                    "Configurations overlap. Configurations on the same bucket cannot share a "
                    "common event type."
                )
                raise ServiceError("InvalidArgument", text)
        seen.append((events, prefix, suffix))


def _covers(pattern: str, event: str) -> bool:
    return pattern == event or (pattern.endswith("*") and event.startswith(pattern[:-1]))


def _entries(kept: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for member in KINDS:
        for entry in kept.get(member, []):
            yield member, entry


def _filters(entry: Mapping[str, Any]) -> tuple[str, str]:
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    found = {rule["Name"]: rule["Value"] for rule in rules}
    return found.get("Prefix", ""), found.get("Suffix", "")


def _told_of_test(kept: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (member, str(entry[KINDS[member][0]]))
        for member, entry in _entries(kept)
        if member != "LambdaFunctionConfigurations"
    }


# What is sent


def notify(storage: Storage, turn: Turn, call: Call, happened: Happened) -> None:
    """Tell everyone who wants to know, as part of the turn."""
    kept = settings_of(happened.bucket).get("notification")
    if not isinstance(kept, dict):
        return
    for member, entry in _wanting(kept, happened):
        body = encode_text(_event(storage, call, happened, str(entry["Id"])))
        _send(storage, turn, happened.bucket, member, str(entry[KINDS[member][0]]), body)
    if "EventBridgeConfiguration" in kept:
        _send_to_bus(storage, turn, call, happened)


def _wanting(
    kept: Mapping[str, Any], happened: Happened
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    event, key = f"s3:{happened.event}", happened.row.key
    for member, entry in _entries(kept):
        prefix, suffix = _filters(entry)
        told = any(_covers(pattern, event) for pattern in entry["Events"])
        if told and key.startswith(prefix) and key.endswith(suffix):
            yield member, entry


def _send(
    storage: Storage, turn: Turn, bucket: BucketRow, member: str, target: str, body: str
) -> None:
    request: JsonObject = {"MessageBody": body}
    if member == "TopicConfigurations":
        request = {"Message": body, "Subject": "Amazon S3 Notification"}
    elif member == "LambdaFunctionConfigurations":
        request = {"Payload": body}
    storage.parts.deliveries.send(turn, _delivery(bucket, target, request))


def _delivery(bucket: BucketRow, target: str, request: JsonObject) -> Delivery:
    return Delivery(
        target,
        request,
        account_of(bucket),
        region_of(bucket),
        bucket_arn(bucket.name),
        retries=RETRIES,
    )


def _event(storage: Storage, call: Call, happened: Happened, configuration: str) -> JsonObject:
    bucket, row = happened.bucket, happened.row
    whose = {"principalId": owner(account_of(bucket))["ID"][:14].upper()}
    shown: JsonObject = {"key": quote_plus(row.key, safe="/!'()*")}
    if happened.event.startswith("ObjectCreated"):
        shown |= {"size": row.size}
    if not happened.event.startswith("ObjectRemoved"):
        shown |= {"eTag": row.etag}
    elif row.is_marker:
        shown |= {"eTag": "d41d8cd98f00b204e9800998ecf8427e"}
    if row.version != NULL:
        shown["versionId"] = row.version
    shown["sequencer"] = _sequencer(row)
    record: JsonObject = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region_of(bucket),
        "eventTime": _time(storage.parts.clock.now()),
        "eventName": happened.event,
        "userIdentity": {"principalId": f"AWS:{call.account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": call.request_id,
            "x-amz-id-2": call.request_id,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": dict(whose),
                "arn": bucket_arn(bucket.name),
            },
            "object": shown,
        },
    }
    return {"Records": [record]}


def _send_to_bus(storage: Storage, turn: Turn, call: Call, happened: Happened) -> None:
    bucket, row = happened.bucket, happened.row
    account, region = account_of(bucket), region_of(bucket)
    kind, reason = _DETAILS[happened.event]
    shown: JsonObject = {"key": row.key}
    if happened.event.startswith("ObjectCreated"):
        shown["size"] = row.size
    if row.etag:
        shown["etag"] = row.etag
    if row.version != NULL:
        shown["version-id"] = row.version
    shown["sequencer"] = _sequencer(row)
    detail: JsonObject = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": shown,
        "request-id": call.request_id,
        "requester": call.account,
        "source-ip-address": "127.0.0.1",
    }
    if reason:
        detail["reason"] = reason
    if kind == "Object Deleted":
        marker = "Delete Marker Created" if row.is_marker else "Permanently Deleted"
        detail["deletion-type"] = marker
    entry: JsonObject = {
        "Source": "aws.s3",
        "DetailType": kind,
        "Detail": encode_text(detail),
        "Resources": [bucket_arn(bucket.name)],
        "Time": storage.parts.clock.now() / 1000,
    }
    target = f"arn:aws:events:{region}:{account}:event-bus/default"
    storage.parts.deliveries.send(turn, _delivery(bucket, target, {"Entries": [entry]}))


def _test_event(storage: Storage, bucket: BucketRow, call: Call) -> JsonObject:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _time(storage.parts.clock.now()),
        "Bucket": bucket.name,
        "RequestId": call.request_id,
        "HostId": call.request_id,
    }


def _sequencer(row: ObjectRow) -> str:
    return f"{row.sequence:018X}"


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
