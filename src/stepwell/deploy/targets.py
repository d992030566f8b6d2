"""Which targets rules and schedules can have here, as far as a template says it.

The services refuse the others themselves, when a target is put; a review tells them beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.values import JsonValue

RULE_SERVICES = frozenset({"events", "lambda", "logs", "sns", "sqs", "states"})
"""The services, as ARNs name them, whose resources a rule can send to."""
SCHEDULE_SERVICES = RULE_SERVICES - {"logs"}
"""Those that a schedule can call, besides the operations of embedded services."""
_OPERATIONS = ("arn:aws:scheduler:::aws-sdk:",)
RULE_MEMBERS_ELSEWHERE = (
    "AppSyncParameters",
    "BatchParameters",
    "EcsParameters",
    "KinesisParameters",
    "RedshiftDataParameters",
    "RunCommandParameters",
    "SageMakerPipelineParameters",
)
"""Members of a rule's target for what does not exist here."""
SCHEDULE_MEMBERS_ELSEWHERE = (
    "EcsParameters",
    "KinesisParameters",
    "SageMakerPipelineParameters",
    "EventBridgePutEventsV2Parameters",
    "EventBridgePutRawEventsParameters",
)
"""Those of a schedule's target."""


def rule_target_troubles(target: JsonValue, place: str) -> list[str]:
    """What of a rule's target can't be honoured, in sentences. Functions in it are left alone."""
    return _troubles(target, RULE_SERVICES, RULE_MEMBERS_ELSEWHERE, place)


def schedule_target_troubles(target: JsonValue, place: str) -> list[str]:
    """The same of a schedule's target."""
    return _troubles(target, SCHEDULE_SERVICES, SCHEDULE_MEMBERS_ELSEWHERE, place)


def _troubles(
    target: JsonValue, services: frozenset[str], elsewhere: tuple[str, ...], place: str
) -> list[str]:
    if not isinstance(target, Mapping):
        return []
    troubles = [
        f"{place}.{member}: there are no such targets on this server."
        for member in elsewhere
        if target.get(member)
    ]
    arn = target.get("Arn")
    if isinstance(arn, str) and arn.startswith("arn:") and not arn.startswith(_OPERATIONS):
        service = arn.split(":")[2:3]
        if service and service[0] not in services:
            troubles.append(f"{place}.Arn: {service[0]} has no targets on this server.")
    return troubles
