"""Event source mappings: created, shown, changed, deleted."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.batches import wanted_by
from stepwell.services.lambda_.errors import broken_constraint, conflict, invalid, not_here
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.names import function_arn, partition_of
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.pollers import ENABLED
from stepwell.services.lambda_.records import MappingRow, PositionRow
from stepwell.services.lambda_.registry import Found, configuration
from stepwell.services.lambda_.stream_mapping import SHARD
from stepwell.services.lambda_.tagging import check_tags
from stepwell.values import decode, encode_text

DISABLED = "Disabled"
_BOTH = (
    "BatchSize",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MetricsConfig",
    "ScalingConfig",
)
_OF_STREAMS = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
)
_NOT_HERE = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Topics",
)
_QUEUE_BATCH_MAX = 10_000
_WINDOWLESS_BATCH_MAX = 10


async def create_event_source_mapping(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """CreateEventSourceMapping."""
    await functions.ready()
    found = functions.find(functions.named(call, params["FunctionName"]))
    source = params.get("EventSourceArn") or ""
    members = _members(params, source)
    _check(functions, found, source, members)
    if source.split(":")[2] == "dynamodb" and not params.get("StartingPosition"):
        raise broken_constraint("null", "startingPosition", "not be null")
    named = found.named
    for other in functions.mappings.of(call.scope):
        if other.source == source and other.function == found.place:
            kind = "SQS" if source.split(":")[2] == "sqs" else "DynamoDB"
            raise conflict(
                f'An event source mapping with {kind} arn (" {source} ") and function'
                f' (" {named.name} ") already exists. Please update or delete the existing mapping'
                f" with UUID {other.uuid}"
            )
    if params.get("StartingPosition"):
        members["StartingPosition"] = params["StartingPosition"]
    if params.get("Tags"):
        members["_tags"] = check_tags(params["Tags"])
    enabled = params.get("Enabled") is not False
    parts = functions.parts
    row = MappingRow(
        call.scope,
        parts.ids.uuid(),
        found.place,
        named.qualifier or "",
        source,
        ENABLED if enabled else DISABLED,
        parts.clock.now(),
        encode_text(members),
    )
    with parts.ledger.stage() as turn:
        if members.get("StartingPosition") == "LATEST":
            # Positions of records are ids too: everything that comes later has a greater one.
            now = PositionRow(row.uuid, SHARD, str(parts.ids.next_id()))
            functions.positions.put(turn, now)
        functions.mappings.put(turn, row)
        functions.pollers.changed(turn, row)
    await parts.ledger.committed()
    return _shown(row, "Creating")


def _members(params: Params, source: str) -> dict[str, Any]:
    """What a request sets of a mapping. Raises ServiceError."""
    for name in _NOT_HERE:
        if params.get(name):
            raise not_here(name)
    if params.get("TumblingWindowInSeconds"):
        raise not_here("TumblingWindowInSeconds")
    service = source.split(":")[2] if source.count(":") >= 5 else ""
    if service not in ("sqs", "dynamodb"):
        raise not_here(f"The event source {source or '(none)'}")
    members = {name: params[name] for name in _BOTH if params.get(name) is not None}
    for name in _OF_STREAMS:
        if params.get(name) is None:
            continue
        if service == "sqs":
            raise invalid(f"{name} is not supported for SQS event sources.")
        members[name] = params[name]
    if service == "sqs" and params.get("StartingPosition"):
        raise invalid("StartingPosition is not valid for SQS event sources.")
    if params.get("StartingPosition") == "AT_TIMESTAMP":
        raise invalid(
            "Unsupported starting position for arn type. Please specify TRIM_HORIZON or LATEST."
        )
    return members


def _check(functions: Lambda, found: Found, source: str, members: dict[str, Any]) -> None:
    """Whether source, function and settings go together. Raises ServiceError."""
    wanted_by(members.get("FilterCriteria"))
    is_queue = source.split(":")[2] == "sqs"
    members.setdefault("BatchSize", 10 if is_queue else 100)
    members.setdefault("MaximumBatchingWindowInSeconds", 0)
    members.setdefault("FunctionResponseTypes", [])
    if is_queue:
        _check_queue(functions, found, source, members)
        return
    if members.get("ScalingConfig"):
        raise invalid("ScalingConfig is not supported for DynamoDB event sources.")
    if functions.sources.streams is None or not functions.sources.streams.exists(source):
        raise invalid(f"Stream not found: {source}. Please provide a valid event source ARN.")
    defaults = {
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "TumblingWindowInSeconds": 0,
    }
    for name, value in defaults.items():
        members.setdefault(name, value)


def _check_queue(functions: Lambda, found: Found, source: str, members: dict[str, Any]) -> None:
    queues = functions.sources.queues
    facts = None if queues is None else queues.facts(source)
    if facts is None:
        raise invalid(
            "Error occurred while ReceiveMessage. SQS Error Code:"
            " AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does"
            " not exist."
        )
    timeout = int(str(configuration(found.version)["Timeout"]))
    if facts.visibility_seconds < timeout:
        raise invalid(
            f"Queue visibility timeout: {facts.visibility_seconds} seconds is less than Function"
            f" timeout: {timeout} seconds"
        )
    size, window = members["BatchSize"], members["MaximumBatchingWindowInSeconds"]
    if facts.fifo and window:
        raise invalid("Batching window is not supported for FIFO queues")
    if size > _QUEUE_BATCH_MAX or (facts.fifo and size > _WINDOWLESS_BATCH_MAX):
        most = _WINDOWLESS_BATCH_MAX if facts.fifo else _QUEUE_BATCH_MAX
        raise broken_constraint(size, "batchSize", f"have value less than or equal to {most}")
    if size > _WINDOWLESS_BATCH_MAX and not window:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            " greater than 10"
        )


async def update_event_source_mapping(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """UpdateEventSourceMapping."""
    await functions.ready()
    row = functions.mapping(call.scope, params["UUID"])
    if params.get("FunctionName"):
        found = functions.find(functions.named(call, params["FunctionName"]))
    else:
        name = function_arn(row.function, row.qualifier or None)
        found = functions.find(functions.named(call, name))
    members = cast("dict[str, Any]", decode(row.configuration)) | _members(params, row.source)
    _check(functions, found, row.source, members)
    state = row.state
    if params.get("Enabled") is not None:
        state = ENABLED if params["Enabled"] else DISABLED
    later = row._replace(
        function=found.place,
        qualifier=found.named.qualifier or "",
        state=state,
        modified_at=functions.parts.clock.now(),
        configuration=encode_text(members),
    )
    with functions.parts.ledger.stage() as turn:
        functions.mappings.put(turn, later)
        functions.pollers.changed(turn, later)
    await functions.parts.ledger.committed()
    between = "Updating"
    if state != row.state:
        between = "Enabling" if state == ENABLED else "Disabling"
    return _shown(later, between)


async def get_event_source_mapping(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetEventSourceMapping."""
    await functions.ready()
    return _shown(functions.mapping(call.scope, params["UUID"]))


async def list_event_source_mappings(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """ListEventSourceMappings: all, or those of a source or a function."""
    await functions.ready()
    rows = functions.mappings.of(call.scope)
    if params.get("EventSourceArn"):
        rows = [row for row in rows if row.source == params["EventSourceArn"]]
    if params.get("FunctionName"):
        named = functions.named(call, params["FunctionName"])
        rows = [
            row
            for row in rows
            if row.function == named.place and named.qualifier in (None, row.qualifier)
        ]
    found, marker = page(rows, params, lambda row: row.uuid, 100)
    return {"EventSourceMappings": [_shown(row) for row in found], **marker}


async def delete_event_source_mapping(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """DeleteEventSourceMapping: it is gone at once."""
    await functions.ready()
    row = functions.mapping(call.scope, params["UUID"])
    with functions.parts.ledger.stage() as turn:
        functions.mappings.delete(turn, row.scope, row.uuid)
        functions.positions.delete(turn, row.uuid, SHARD)
        functions.pollers.deleted(turn, row.uuid)
    await functions.parts.ledger.committed()
    return _shown(row, "Deleting")


def _shown(row: MappingRow, state: str | None = None) -> dict[str, Any]:
    members = cast("dict[str, Any]", decode(row.configuration))
    account, region = row.scope.split(":")
    shown = {
        "UUID": row.uuid,
        "EventSourceArn": row.source,
        "FunctionArn": function_arn(row.function, row.qualifier or None),
        "LastModified": row.modified_at / 1000,
        "State": state or row.state,
        "StateTransitionReason": "USER_INITIATED",
        "EventSourceMappingArn": f"arn:{partition_of(region)}:lambda:{region}:{account}"
        f":event-source-mapping:{row.uuid}",
        **{name: value for name, value in members.items() if name[0] != "_"},
    }
    if row.source.split(":")[2] == "dynamodb":
        shown["LastProcessingResult"] = "No records processed"
    return shown
