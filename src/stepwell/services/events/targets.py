"""Operations on the targets of rules."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.dispatch import SERVICES, is_bus
from stepwell.services.events.errors import invalid, limit_exceeded, not_here
from stepwell.services.events.events import Events
from stepwell.services.events.inputs import input_trouble
from stepwell.services.events.paging import page
from stepwell.services.events.records import TargetRow
from stepwell.services.events.rules import find_rule
from stepwell.values import decode, encode_text

TARGETS_MAX = 100
"""How many targets a rule may have: AWS has 5, and gives more."""
MEMBERS_ELSEWHERE = (
    "AppSyncParameters",
    "BatchParameters",
    "EcsParameters",
    "KinesisParameters",
    "RedshiftDataParameters",
    "RunCommandParameters",
    "SageMakerPipelineParameters",
)
"""Members for targets that do not exist here."""


def put_targets(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """PutTargets: a target whose Id is known is replaced."""
    bus, rule = find_rule(events, call, params, params["Rule"])
    path = bus.rule_path(rule.name)
    for target in params["Targets"]:
        _check(events, target)
    known = {row.id for row in events.targets.of(path)}
    if len(known | {target["Id"] for target in params["Targets"]}) > TARGETS_MAX:
        raise limit_exceeded()
    for target in params["Targets"]:
        events.targets.put(turn, TargetRow(path, target["Id"], encode_text(target)))
    return {"FailedEntryCount": 0, "FailedEntries": []}


def remove_targets(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """RemoveTargets."""
    bus, rule = find_rule(events, call, params, params["Rule"])
    for each in params["Ids"]:
        events.targets.delete(turn, bus.rule_path(rule.name), each)
    return {"FailedEntryCount": 0, "FailedEntries": []}


def list_targets_by_rule(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListTargetsByRule."""
    bus, rule = find_rule(events, call, params, params["Rule"])
    rows = events.targets.of(bus.rule_path(rule.name))
    shown, more = page(rows, params, lambda row: row.id)
    return {"Targets": [decode(row.target) for row in shown], **more}


def _check(events: Events, target: dict[str, Any]) -> None:
    arn, name = target["Arn"], target["Id"]
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
        raise _bad_arn(arn)
    if parts[2] not in SERVICES or not events.parts.deliveries.reaches(arn):
        raise not_here(f"Targets of the service {parts[2]} are")
    if parts[2] == "events" and not is_bus(arn) and not parts[5].startswith("api-destination/"):
        raise not_here(f"The target {arn} is")
    for member in MEMBERS_ELSEWHERE:
        if target.get(member):
            raise not_here(f"{member} is")
    _check_queue(target, parts[5])
    trouble = input_trouble(target)
    if trouble is not None:
        raise invalid(trouble)
    if is_bus(arn) and any(target.get(k) for k in ("Input", "InputPath", "InputTransformer")):
        raise invalid(f"Input transformations are not supported for event bus target {name}.")
    dead = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead and dead.split(":", 3)[2:3] != ["sqs"]:
        raise _bad_arn(dead)


def _bad_arn(arn: str) -> ServiceError:
    reason = "Provided Arn is not in correct format."
    return invalid(f"Parameter {arn} is not valid. Reason: {reason}")


def _check_queue(target: dict[str, Any], queue: str) -> None:
    has_group = bool((target.get("SqsParameters") or {}).get("MessageGroupId"))
    if ":sqs:" in target["Arn"] and queue.endswith(".fifo") and not has_group:
        raise ServiceError(
            "ValidationException",
            f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.",
        )
