"""Event source mappings: queues and streams that functions are called from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import ask
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, merged_tags
from stepwell.deploy.types.lambda_shared import GONE, TAKEN, retag_lambda
from stepwell.values import JsonObject, JsonValue

_OF_BOTH: Mapping[str, JsonValue] = {
    "BatchSize": 10,
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionName": None,
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MetricsConfig": {"Metrics": []},
}
_OF_QUEUES: Mapping[str, JsonValue] = {"ScalingConfig": {}}
_OF_STREAMS: Mapping[str, JsonValue] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}
"""What a member becomes again when a template does not give it any more."""

_CHANGEABLE = (*_OF_BOTH, *_OF_QUEUES, *_OF_STREAMS)

_CREATE = "CreateEventSourceMapping"
_KAFKA = "Kafka, MQ and DocumentDB are not embedded."
_REFUSED = {
    "AmazonManagedKafkaEventSourceConfig": _KAFKA,
    "DocumentDBEventSourceConfig": _KAFKA,
    "LoggingConfig": "Mappings write no log of their own.",
    "ProvisionedPollerConfig": "Pollers can't be provisioned here.",
    "Queues": _KAFKA,
    "SelfManagedEventSource": _KAFKA,
    "SelfManagedKafkaEventSourceConfig": _KAFKA,
    "SourceAccessConfigurations": _KAFKA,
    "StartingPositionTimestamp": "Streams of tables are read from TRIM_HORIZON or LATEST.",
    "Topics": _KAFKA,
    "TumblingWindowInSeconds": "Tumbling windows are not supported by Stepwell.",
}

_ELSEWHERE = frozenset({"SelfManagedEventSource", "EventSourceArn"})
"""One of them says where events come from."""


def _members(properties: JsonObject) -> dict[str, Any]:
    """What may change, as the API takes it, of what is given."""
    return {
        "KMSKeyArn" if name == "KmsKeyArn" else name: properties[name]
        for name in _CHANGEABLE
        if properties.get(name) is not None
    }


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    params = {
        "EventSourceArn": properties.get("EventSourceArn"),
        "StartingPosition": properties.get("StartingPosition"),
        "Tags": merged_tags(wanted),
        **_members(properties),
    }
    taken = TAKEN if wanted.repeated else ()
    answer = await ask(cloud, "lambda", _CREATE, params, taken)
    if answer is not None:
        return _made(answer)
    on = {"EventSourceArn": params["EventSourceArn"], "FunctionName": params["FunctionName"]}
    found = (await cloud.call("lambda", "ListEventSourceMappings", on))["EventSourceMappings"]
    # None of this very function: then it is refused once more, and for good.
    return _made(found[0] if found else await cloud.call("lambda", _CREATE, params))


def _made(answer: Mapping[str, Any]) -> Made:
    uuid = str(answer["UUID"])
    return Made(uuid, {"Id": uuid, "EventSourceMappingArn": str(answer["EventSourceMappingArn"])})


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    is_queue = as_text(after.get("EventSourceArn")).split(":")[2:3] == ["sqs"]
    defaults = {**_OF_BOTH, **(_OF_QUEUES if is_queue else _OF_STREAMS)}
    dropped: JsonObject = {
        name: value for name, value in defaults.items() if before.get(name) is not None
    }
    params = {"UUID": existing.id, **_members(dropped), **_members(after)}
    answer = await cloud.call("lambda", "UpdateEventSourceMapping", params)
    await retag_lambda(cloud, wanted, str(answer["EventSourceMappingArn"]))
    return _made(answer)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "lambda", "DeleteEventSourceMapping", {"UUID": existing.id}, GONE)


def _review(properties: JsonObject) -> list[str]:
    source = properties.get("EventSourceArn")
    if source is None and not _ELSEWHERE & properties.keys():
        return ["EventSourceArn is missing, and no source is managed elsewhere."]
    if not isinstance(source, str) or not source.startswith("arn:"):
        return []
    if source.split(":")[2:3] in (["sqs"], ["dynamodb"]):
        return []
    return [f"The event source {source} is not embedded: SQS and DynamoDB streams are."]


TYPES = (
    ResourceType(
        "AWS::Lambda::EventSourceMapping",
        _create,
        _delete,
        _update,
        required=frozenset({"FunctionName"}),
        optional=frozenset({"EventSourceArn", "StartingPosition", "Tags", *_CHANGEABLE})
        - {"FunctionName", "KmsKeyArn", "MetricsConfig"},
        without_effect=frozenset({"KmsKeyArn", "MetricsConfig"}),
        refused=_REFUSED,
        replaces=frozenset({"EventSourceArn", "StartingPosition"}),
        attributes=frozenset({"EventSourceMappingArn", "Id"}),
        review=_review,
    ),
)
