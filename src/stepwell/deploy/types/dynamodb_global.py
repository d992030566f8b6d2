"""Global tables, as far as they are one table: a single replica, in the stack's own region.

It becomes the table that `AWS::DynamoDB::Table` would make, with what the replica says of itself.
"""

from __future__ import annotations

from dataclasses import replace

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked
from stepwell.deploy.types.dynamodb_shapes import review_stream
from stepwell.deploy.types.dynamodb_tables import (
    create_table,
    delete_table,
    redefines_attributes,
    update_table,
)
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_GLOBAL = "AWS::DynamoDB::GlobalTable"
_SAME = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "WarmThroughput",
)
_OF_REPLICA = (
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)


def _table(cloud: Cloud, properties: JsonObject) -> JsonObject:
    """The same as a table's properties. Raises ServiceError for more than one replica."""
    replica = _replica(cloud, properties)
    table = picked(properties, _SAME) | picked(replica, _OF_REPLICA)
    provisioned = (properties.get("BillingMode") or "PROVISIONED") == "PROVISIONED"
    if provisioned:
        table["ProvisionedThroughput"] = _throughput(replica, properties)
    indexes = properties.get("GlobalSecondaryIndexes")
    if isinstance(indexes, list):
        reads = _by_name(replica.get("GlobalSecondaryIndexes"))
        table["GlobalSecondaryIndexes"] = [
            _index(index, reads, provisioned) for index in indexes if isinstance(index, dict)
        ]
    return table


def _replica(cloud: Cloud, properties: JsonObject) -> JsonObject:
    replicas = properties["Replicas"]
    first = replicas[0] if isinstance(replicas, list) and len(replicas) == 1 else None
    if not isinstance(first, dict) or first.get("Region") != cloud.region:
        raise ServiceError("InvalidRequest", _ONE)
    return first


_ONE = "A global table has one replica here, in the region of its stack: regions are not joined."


def _by_name(indexes: JsonValue) -> dict[str, JsonObject]:
    return {
        as_text(index.get("IndexName")): index
        for index in (indexes if isinstance(indexes, list) else [])
        if isinstance(index, dict)
    }


def _index(index: JsonObject, reads: dict[str, JsonObject], provisioned: bool) -> JsonObject:
    shown = picked(index, ("IndexName", "KeySchema", "Projection", "WarmThroughput"))
    if provisioned:
        read = reads.get(as_text(index.get("IndexName")), {})
        shown["ProvisionedThroughput"] = _throughput(read, index)
    return shown


def _throughput(replica: JsonObject, whole: JsonObject) -> JsonObject:
    """What a replica says of reading counts before what is said of all of them."""
    name = "ReadProvisionedThroughputSettings"
    return {
        "ReadCapacityUnits": _units(replica if replica.get(name) is not None else whole, "Read"),
        "WriteCapacityUnits": _units(whole, "Write"),
    }


def _units(given: JsonObject, kind: str) -> JsonValue:
    """The units given, or the least that scaling would leave: nothing scales here."""
    settings = _object(given.get(f"{kind}ProvisionedThroughputSettings"))
    fixed = settings.get(f"{kind}CapacityUnits")
    scaled = _object(settings.get(f"{kind}CapacityAutoScalingSettings"))
    return fixed if fixed is not None else scaled.get("MinCapacity", 1)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    properties = _table(cloud, wanted.properties)
    return await create_table(cloud, replace(wanted, properties=properties), _GLOBAL)


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before = replace(existing, properties=_table(cloud, existing.properties))
    after = replace(wanted, properties=_table(cloud, wanted.properties))
    return await update_table(cloud, after, before)


def _review(properties: JsonObject) -> list[str]:
    replicas = properties.get("Replicas")
    found = [_ONE] if isinstance(replicas, list) and len(replicas) > 1 else []
    for replica in replicas if isinstance(replicas, list) else []:
        if isinstance(replica, dict):
            found += review_stream(replica, "ReplicaStreamSpecification")
            if "KinesisStreamSpecification" in replica:
                found.append("KinesisStreamSpecification is not supported: Kinesis isn't embedded.")
    return found


_ELSEWHERE = "Regions are not joined."

TYPES = (
    ResourceType(
        _GLOBAL,
        _create,
        delete_table,
        _update,
        required=frozenset({"KeySchema", "Replicas"}),
        optional=frozenset(
            {
                *_SAME,
                "GlobalSecondaryIndexes",
                "ReadProvisionedThroughputSettings",
                "WriteProvisionedThroughputSettings",
            }
        )
        - {"KeySchema"},
        without_effect=frozenset(
            {"ReadOnDemandThroughputSettings", "WriteOnDemandThroughputSettings"}
        ),
        refused={
            "GlobalTableSourceArn": _ELSEWHERE,
            "GlobalTableWitnesses": _ELSEWHERE,
            "MultiRegionConsistency": _ELSEWHERE,
        },
        replaces=frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"}),
        must_replace=redefines_attributes,
        attributes=frozenset({"Arn", "StreamArn", "TableId"}),
        review=_review,
    ),
)
