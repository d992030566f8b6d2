"""Whether a table can be as it is asked for: keys, indexes, throughput, streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.services.dynamodb.errors import invalid, invalid_values, unsupported

LOCAL_MAX, GLOBAL_MAX = 5, 20
_ELSEWHERE = (
    "VectorIndexes",
    "VectorIndexUpdates",
    "GlobalTableSourceArn",
    "GlobalTableSettingsReplicationMode",
    "GlobalTableWitnessUpdates",
    "MultiRegionConsistency",
    "ReplicaUpdates",
    "ResourcePolicy",
)


def check_supported(params: Mapping[str, Any]) -> None:
    """Refuse what this server has not, by name."""
    for name in _ELSEWHERE:
        if params.get(name):
            raise unsupported(name)


def check_table(
    attributes: Sequence[Mapping[str, str]],
    keys: Sequence[Mapping[str, str]],
    local: Sequence[Mapping[str, Any]],
    global_: Sequence[Mapping[str, Any]],
) -> None:
    """Refuse keys and indexes that do not fit each other and the definitions."""
    names = [each["AttributeName"] for each in attributes]
    if len(set(names)) < len(names):
        raise invalid_values(f"Duplicate AttributeName in AttributeDefinitions: {_list(names)}")
    _check_keys(keys, names, "")
    used = {each["AttributeName"] for each in keys}
    if local and len(keys) < 2:
        raise invalid_values(
            "Table KeySchema does not have a range key, which is required when specifying a"
            " LocalSecondaryIndex"
        )
    _check_counts(local, global_)
    for index in (*local, *global_):
        _check_keys(index["KeySchema"], names, index["IndexName"])
        _check_projection(index["Projection"])
        used |= {each["AttributeName"] for each in index["KeySchema"]}
    for index in local:
        _check_local(index, keys)
    if used != set(names):
        raise invalid_values(
            "Some AttributeDefinitions are not used. AttributeDefinitions:"
            f" {_list(names)}, keys used: {_list(sorted(used))}"
        )


def _check_counts(local: Sequence[Mapping[str, Any]], global_: Sequence[Mapping[str, Any]]) -> None:
    if len(local) > LOCAL_MAX:
        raise invalid_values(
            f"Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_MAX}"
        )
    if len(global_) > GLOBAL_MAX:
        raise invalid_values(
            f"Number of GlobalSecondaryIndexes exceeds per-table limit of {GLOBAL_MAX}"
        )
    seen: set[str] = set()
    for index in (*local, *global_):
        if index["IndexName"] in seen:
            raise invalid_values(f"Duplicate index name: {index['IndexName']}")
        seen.add(index["IndexName"])


def _check_keys(keys: Sequence[Mapping[str, str]], defined: list[str], index: str) -> None:
    names = [each["AttributeName"] for each in keys]
    if keys[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(keys) > 2:
        raise invalid("Invalid KeySchema: The key schema has too many KeySchemaElements")
    if len(keys) == 2 and keys[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if len(set(names)) < len(names):
        raise invalid(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    if not set(names) <= set(defined):
        missing = [name for name in names if name not in defined]
        raise invalid_values(
            "Some index key attributes are not defined in AttributeDefinitions. Keys:"
            f" {_list(missing if index else names)}, AttributeDefinitions: {_list(defined)}"
        )


def _check_local(index: Mapping[str, Any], keys: Sequence[Mapping[str, str]]) -> None:
    name = index["IndexName"]
    if len(index["KeySchema"]) < 2:
        raise invalid_values(f"Index KeySchema does not have a range key for index: {name}")
    mine, table = index["KeySchema"][0]["AttributeName"], keys[0]["AttributeName"]
    if mine != table:
        raise invalid_values(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index:"
            f" {name}. index hash key: {mine}, table hash key: {table}"
        )


def _check_projection(projection: Mapping[str, Any]) -> None:
    kind, extra = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise invalid_values("Unknown ProjectionType: null")
    if kind == "INCLUDE" and not extra:
        raise invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and extra:
        raise invalid_values(f"ProjectionType is {kind}, but NonKeyAttributes is specified")


def check_throughput(billing: str, table: Any, indexes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse throughput that does not go with the billing mode."""
    if billing == "PAY_PER_REQUEST":
        if table is not None:
            raise invalid_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode"
                " is PAY_PER_REQUEST"
            )
        for index in indexes:
            if index.get("ProvisionedThroughput") is not None:
                raise invalid_values(
                    "ProvisionedThroughput should not be specified for index:"
                    f" {index['IndexName']} when BillingMode is PAY_PER_REQUEST"
                )
        return
    if table is None:
        raise invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is"
            " PROVISIONED"
        )
    for index in indexes:
        if index.get("ProvisionedThroughput") is None:
            raise invalid_values(
                f"ProvisionedThroughput must be specified for index: {index['IndexName']}"
            )


def check_stream(given: Mapping[str, Any] | None) -> str | None:
    """The view type of the stream that is wanted; None for none."""
    if given is None:
        return None
    view = given.get("StreamViewType")
    if not given["StreamEnabled"]:
        if view is not None:
            raise invalid_values("StreamViewType cannot be specified when StreamEnabled is false")
        return None
    if view is None:
        raise invalid_values("StreamViewType must be specified when StreamEnabled is true")
    return str(view)


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"
