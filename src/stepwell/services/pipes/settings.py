"""The settings of a pipe: checked, and completed with what AWS takes when nothing is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.api import Params
from stepwell.services.feeds.filters import BadFilter, compile_filters
from stepwell.services.pipes.errors import invalid, not_here
from stepwell.services.pipes.partners import (
    OVER_HTTP,
    Partner,
    enrichment_of,
    member_of,
    target_of,
)
from stepwell.services.pipes.ports import Surroundings

QUEUE_MEMBER = "SqsQueueParameters"
STREAM_MEMBER = "DynamoDBStreamParameters"
SOURCES = {"sqs": QUEUE_MEMBER, "dynamodb": STREAM_MEMBER}
"""The services that can be sources, each with the member of its settings."""
SETTINGS = (
    "Description",
    "SourceParameters",
    "Enrichment",
    "EnrichmentParameters",
    "TargetParameters",
    "RoleArn",
    "LogConfiguration",
    "KmsKeyIdentifier",
)
ASYNCHRONOUS = "FIRE_AND_FORGET"
SYNCHRONOUS = "REQUEST_RESPONSE"
_WINDOWLESS_BATCH_MAX = 10
_QUEUE_DEFAULTS = {"BatchSize": 10}
_STREAM_DEFAULTS = {"BatchSize": 100}
"""The only default that AWS shows."""


def source_service(arn: str) -> str:
    """The service of a source. Raises ServiceError for those that are not here."""
    service = arn.split(":", 3)[2] if arn.startswith("arn:") else "self-managed Kafka"
    if service not in SOURCES:
        raise not_here(f"sources of the service {service}: {arn}")
    return service


def checked(
    around: Surroundings, source: str, target: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings of a pipe, completed. Raises ServiceError."""
    kept = {name: settings[name] for name in SETTINGS if settings.get(name) not in (None, "")}
    kept["SourceParameters"] = _source(around, source, kept.get("SourceParameters") or {})
    if kept.get("Enrichment"):
        _check_enrichment(around, kept["Enrichment"], kept.get("EnrichmentParameters") or {})
    elif kept.get("EnrichmentParameters"):
        raise invalid("EnrichmentParameters are given, and there is no Enrichment.")
    _check_target(around, target, kept.get("TargetParameters") or {})
    _check_logging(kept.get("LogConfiguration") or {})
    return kept


def _source(around: Surroundings, source: str, given: Params) -> dict[str, Any]:
    own = SOURCES[source_service(source)]
    for member in given:
        if member not in (own, "FilterCriteria"):
            raise invalid(f"{member} is not valid for the source {source}.")
    try:
        compile_filters(given.get("FilterCriteria"))
    except BadFilter as error:
        raise invalid(str(error)) from error
    # An empty DeadLetterConfig takes one away.
    settings = {name: value for name, value in (given.get(own) or {}).items() if value != {}}
    if own == QUEUE_MEMBER:
        completed = {**_QUEUE_DEFAULTS, **settings}
        _check_queue(around, source, completed)
    else:
        completed = {**_STREAM_DEFAULTS, **settings}
        _check_stream(around, source, completed)
    return {**given, own: completed}


def _check_queue(around: Surroundings, source: str, settings: Params) -> None:
    facts = around.queues.facts(source)
    if facts is None:
        raise invalid(f"The source {source} does not exist.")
    size, window = settings["BatchSize"], settings.get("MaximumBatchingWindowInSeconds") or 0
    if facts.fifo and window:
        raise invalid("Batching window is not supported for FIFO queues")
    if facts.fifo and size > _WINDOWLESS_BATCH_MAX:
        raise invalid(f"BatchSize must not exceed {_WINDOWLESS_BATCH_MAX} for FIFO queues.")
    if size > _WINDOWLESS_BATCH_MAX and not window:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            f" greater than {_WINDOWLESS_BATCH_MAX}"
        )


def _check_stream(around: Surroundings, source: str, settings: Params) -> None:
    if not around.streams.exists(source):
        raise invalid(f"The source {source} does not exist.")
    if not settings.get("StartingPosition"):
        raise invalid("StartingPosition is required for DynamoDB streams.")
    dead = (settings.get("DeadLetterConfig") or {}).get("Arn")
    if dead and dead.split(":", 3)[2] not in ("sqs", "sns"):
        raise invalid(f"{dead} is neither a queue nor a topic.")


def _check_enrichment(around: Surroundings, arn: str, given: Params) -> None:
    partner = enrichment_of(arn)
    if given.get("HttpParameters") and partner not in OVER_HTTP:
        raise invalid(f"HttpParameters is not valid for the enrichment {arn}.")
    if partner is Partner.MACHINE:
        _check_express(around, arn, "An enrichment")


def _check_express(around: Surroundings, arn: str, what: str) -> None:
    if around.ways.is_express(arn) is False:
        raise invalid(
            f"{what} invokes a state machine synchronously, and only EXPRESS state machines can be"
            f" invoked so: {arn}"
        )


def _check_target(around: Surroundings, arn: str, given: Params) -> None:
    partner = target_of(arn)
    own = member_of(partner)
    for member in given:
        if member not in (own, "InputTemplate"):
            raise invalid(f"{member} is not valid for the target {arn}.")
    settings = given.get(own or "") or {}
    if partner is Partner.MACHINE and settings.get("InvocationType", SYNCHRONOUS) == SYNCHRONOUS:
        _check_express(around, arn, f"The InvocationType {SYNCHRONOUS}")
    if partner is Partner.QUEUE and arn.endswith(".fifo") and not settings.get("MessageGroupId"):
        raise invalid(f"SqsQueueParameters.MessageGroupId is required for the target {arn}.")
    if settings.get("EndpointId"):
        raise not_here("EndpointId of event buses")


def _check_logging(given: Params) -> None:
    for member in ("S3LogDestination", "FirehoseLogDestination"):
        if given.get(member):
            raise not_here(f"{member} of pipes")
    logs = given.get("Level", "OFF") != "OFF"
    if logs and not (given.get("CloudwatchLogsLogDestination") or {}).get("LogGroupArn"):
        raise invalid("LogConfiguration needs a CloudwatchLogsLogDestination.")
