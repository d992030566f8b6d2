"""Which enrichments and targets a pipe may have, and which settings belong to which."""

from __future__ import annotations

from enum import Enum

from stepwell.services.pipes.errors import invalid, not_here


class Partner(Enum):
    """What is at the other end."""

    FUNCTION = "LambdaFunctionParameters"
    MACHINE = "StepFunctionStateMachineParameters"
    QUEUE = "SqsQueueParameters"
    BUS = "EventBridgeEventBusParameters"
    LOGS = "CloudWatchLogsParameters"
    TOPIC = "TopicParameters"
    DESTINATION = "HttpParameters"
    API = "ApiParameters"


TAKES_BATCHES = frozenset({Partner.FUNCTION, Partner.MACHINE})
"""Those that get a list of events; the others get one event at a time."""
OVER_HTTP = frozenset({Partner.DESTINATION, Partner.API})
_ENRICHMENTS = TAKES_BATCHES | OVER_HTTP
_BY_SERVICE = {
    "execute-api": Partner.API,
    "lambda": Partner.FUNCTION,
    "logs": Partner.LOGS,
    "sns": Partner.TOPIC,
    "sqs": Partner.QUEUE,
    "states": Partner.MACHINE,
}


def member_of(partner: Partner) -> str | None:
    """The member of the parameters that is its own."""
    if partner in OVER_HTTP:
        return "HttpParameters"
    return None if partner is Partner.TOPIC else partner.value


def target_of(arn: str) -> Partner:
    """What a target is. Raises ServiceError."""
    found = _find(arn)
    if found is None:
        raise not_here(f"targets of the service {_service(arn)}: {arn}")
    if found is Partner.TOPIC and arn.endswith(".fifo"):
        raise invalid("FIFO topics are not supported as targets of pipes.")
    return found


def enrichment_of(arn: str) -> Partner:
    """What an enrichment is. Raises ServiceError."""
    found = _find(arn)
    if found not in _ENRICHMENTS:
        raise not_here(f"enrichments of the service {_service(arn)}: {arn}")
    return found


def _service(arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
        raise invalid(f"{arn} is not a valid ARN.")
    return parts[2]


def _find(arn: str) -> Partner | None:
    service, resource = _service(arn), arn.split(":", 5)[5]
    if service == "events":
        if resource.startswith("event-bus/"):
            return Partner.BUS
        return Partner.DESTINATION if resource.startswith("api-destination/") else None
    return _BY_SERVICE.get(service)
