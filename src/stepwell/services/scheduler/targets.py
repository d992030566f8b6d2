"""Which targets a schedule may have: those that this server can call."""

from __future__ import annotations

from typing import Any

from stepwell.services.scheduler.calls import TEMPLATED, UNIVERSAL
from stepwell.services.scheduler.names import invalid
from stepwell.services.scheduler.scheduler import Scheduler
from stepwell.values import BadJson, decode

MEMBERS_ELSEWHERE = (
    "EcsParameters",
    "KinesisParameters",
    "SageMakerPipelineParameters",
    "EventBridgePutEventsV2Parameters",
    "EventBridgePutRawEventsParameters",
)
"""Members for targets that do not exist here."""


def checked_target(scheduler: Scheduler, target: dict[str, Any]) -> dict[str, Any]:
    """The target, if it can be called. Raises ServiceError."""
    arn = target["Arn"]
    for member in MEMBERS_ELSEWHERE:
        if target.get(member):
            raise invalid(f"{member} is not supported by this server.")
    if arn.startswith(UNIVERSAL):
        _check_universal(scheduler, target)
    else:
        _check_templated(scheduler, target)
    dead = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead and dead.split(":", 3)[2:3] != ["sqs"]:
        raise invalid("Provided Arn is not in correct format.")
    return target


def _check_universal(scheduler: Scheduler, target: dict[str, Any]) -> None:
    service, colon, action = target["Arn"].removeprefix(UNIVERSAL).partition(":")
    if not colon or not action:
        raise invalid("Provided Arn is not in correct format.")
    if not scheduler.runs_action(service, action):
        raise invalid(f"{service}:{action} is not supported by this server.")
    if target.get("Input") is not None:
        _check_json(target["Input"])


def _check_templated(scheduler: Scheduler, target: dict[str, Any]) -> None:
    arn = target["Arn"]
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
        raise invalid("Provided Arn is not in correct format.")
    service = parts[2]
    if service not in TEMPLATED or not scheduler.parts.deliveries.reaches(arn):
        raise invalid(f"Targets of the service {service} are not supported by this server.")
    if service == "events":
        _check_bus(target, parts[5])
    has_group = bool((target.get("SqsParameters") or {}).get("MessageGroupId"))
    if service == "sqs" and parts[5].endswith(".fifo") and not has_group:
        raise invalid("SqsParameters.MessageGroupId is required for FIFO queues.")
    if service in ("lambda", "states") and target.get("Input") is not None:
        _check_json(target["Input"])


def _check_bus(target: dict[str, Any], resource: str) -> None:
    if not resource.startswith("event-bus/"):
        raise invalid("Provided Arn is not in correct format.")
    if not target.get("EventBridgeParameters"):
        raise invalid("EventBridgeParameters is required for EventBridge targets.")
    if target.get("Input") is None:
        raise invalid("Input is required for EventBridge targets.")
    _check_json(target["Input"])


def _check_json(text: str) -> None:
    try:
        decode(text)
    except BadJson as error:
        raise invalid("Invalid RequestJson provided. Reason: Input is not valid JSON.") from error
