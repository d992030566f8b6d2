"""A table's properties, as the operations of DynamoDB take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.deploy.shaping import as_text, is_true, picked
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_SETTINGS = (
    "BillingMode",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
RECOVERY_DAYS = 35
"""How long a table can be recovered, if a template does not say so."""
_OF_INDEXES = (
    "IndexName",
    "KeySchema",
    "OnDemandThroughput",
    "Projection",
    "ProvisionedThroughput",
    "WarmThroughput",
)


def settings_of(properties: JsonObject) -> dict[str, Any]:
    """What is the same in a template and in a request."""
    return dict(picked(properties, _SETTINGS))


def indexes_of(properties: JsonObject) -> dict[str, dict[str, Any]]:
    """The global indexes by name, without what only AWS watches of them."""
    given = properties.get("GlobalSecondaryIndexes")
    return {
        as_text(each.get("IndexName")): dict(picked(each, _OF_INDEXES))
        for each in (given if isinstance(given, list) else [])
        if isinstance(each, dict)
    }


def stream_view(properties: JsonObject) -> str | None:
    """What the stream shows; None when there should be none."""
    given = properties.get("StreamSpecification")
    if not isinstance(given, dict) or given.get("StreamViewType") is None:
        return None
    return as_text(given["StreamViewType"])


def encryption(properties: JsonObject) -> dict[str, Any] | None:
    """How the table is encrypted, as it is asked for."""
    given = properties.get("SSESpecification")
    if not isinstance(given, dict):
        return None
    return {
        "Enabled": given.get("SSEEnabled"),
        **picked(given, ("KMSMasterKeyId", "SSEType")),
    }


def expiry_of(properties: JsonObject) -> str | None:
    """The attribute that says when an item ends; None when nothing says so."""
    given = properties.get("TimeToLiveSpecification")
    if not isinstance(given, dict) or not is_true(given.get("Enabled", False)):
        return None
    return as_text(given.get("AttributeName"))


def recovery_of(properties: JsonObject) -> JsonObject | None:
    """Point-in-time recovery as it is asked for; None when nothing is said of it."""
    given = properties.get("PointInTimeRecoverySpecification")
    if not isinstance(given, dict) or given.get("PointInTimeRecoveryEnabled") is None:
        return None
    return picked(given, ("PointInTimeRecoveryEnabled", "RecoveryPeriodInDays"))


def policy_of(properties: JsonObject) -> str | None:
    """The text of the table's policy; None when there should be none."""
    given = properties.get("ResourcePolicy")
    document = given.get("PolicyDocument") if isinstance(given, dict) else None
    return None if document is None else as_text(document)


def review_stream(properties: JsonObject, name: str) -> list[str]:
    """Streams have no policies of their own here."""
    given = properties.get(name)
    if isinstance(given, dict) and "ResourcePolicy" in given:
        return [f"{name}.ResourcePolicy is not supported: streams have no policies here."]
    return []


def same_throughput(one: JsonValue, other: JsonValue) -> bool:
    """Whether two are the same, however they are written."""
    units = ("ReadCapacityUnits", "WriteCapacityUnits")
    return all(
        as_text(_member(one, name) or 0) == as_text(_member(other, name) or 0) for name in units
    )


def _member(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None


class Indexes:
    """The global indexes that a table has, and those that it should have."""

    def __init__(
        self, now: Sequence[Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._now = {str(each["IndexName"]): each for each in now}
        self._wanted = wanted

    def check(self) -> None:
        """Raise what AWS says of changes that are too many or too deep."""
        for name in self._now.keys() & self._wanted.keys():
            if _essence(self._now[name]) != _essence(self._wanted[name]):
                raise ServiceError(
                    "InvalidRequest",
                    "CloudFormation cannot update a GSI's properties other than Provisioned "
                    "Throughput and Contributor Insights Specification. You can create a new GSI "
                    "with a different name.",
                )
        if len(self._now.keys() ^ self._wanted.keys()) > 1:
            raise ServiceError(
                "InvalidRequest",
                "Cannot perform more than one GSI creation or deletion in a single update",
            )

    def throughputs(self) -> list[dict[str, Any]]:
        """Updates of those that only get another throughput."""
        found = []
        for name, wanted in self._wanted.items():
            given, now = wanted.get("ProvisionedThroughput"), self._now.get(name)
            if given is None or now is None:
                continue
            if not same_throughput(given, now.get("ProvisionedThroughput")):
                change = {"IndexName": name, "ProvisionedThroughput": given}
                found.append({"Update": change})
        return found

    def more_or_less(self) -> list[dict[str, Any]]:
        """Updates that make or delete one."""
        gone = [{"Delete": {"IndexName": name}} for name in self._now if name not in self._wanted]
        new = [
            {"Create": dict(wanted)}
            for name, wanted in self._wanted.items()
            if name not in self._now
        ]
        return [*gone, *new]


def _essence(index: Mapping[str, Any]) -> Any:
    """What cannot change of an index."""
    projection = index.get("Projection") or {}
    keys = [
        (as_text(each.get("AttributeName")), as_text(each.get("KeyType")))
        for each in index.get("KeySchema") or []
    ]
    also = sorted(as_text(each) for each in projection.get("NonKeyAttributes") or [])
    return keys, as_text(projection.get("ProjectionType")), also
