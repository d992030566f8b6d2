"""Rules of EventBridge with their targets."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.calling import ask, must_be_free, or_undo, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked, tag_list
from stepwell.deploy.targets import rule_target_troubles
from stepwell.values import JsonObject

_KIND = "AWS::Events::Rule"
_DEFAULT = "default"
_GONE = ("ResourceNotFoundException",)
_TARGETS_AT_ONCE = 10
_KEPT = ("Description", "EventPattern", "RoleArn", "ScheduleExpression", "State")


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    rule = {"Name": name, "EventBusName": _bus(wanted.properties)}
    look = ("events", "DescribeRule", rule)
    if not wanted.repeated:
        await must_be_free(cloud, (_KIND, _reference(rule)), look, _GONE)
    params = {**rule, **picked(wanted.properties, _KEPT), "Tags": tag_list(wanted)}
    made = await cloud.call("events", "PutRule", params)
    await or_undo(
        _put_targets(cloud, rule, _targets(wanted.properties)), lambda: _delete_rule(cloud, rule)
    )
    return Made(_reference(rule), {"Arn": str(made["RuleArn"])})


def _bus(properties: JsonObject) -> str:
    """The name of the rule's bus, which may be given by its ARN."""
    return as_text(properties.get("EventBusName") or _DEFAULT).rsplit("/", 1)[-1]


def _reference(rule: dict[str, str]) -> str:
    bus, name = rule["EventBusName"], rule["Name"]
    return name if bus == _DEFAULT else f"{bus}|{name}"


def _rule(existing: Existing) -> dict[str, str]:
    name = existing.id.rsplit("|", 1)[-1]
    return {"Name": name, "EventBusName": _bus(existing.properties)}


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    rule = _rule(existing)
    made = await cloud.call("events", "PutRule", {**rule, **picked(wanted.properties, _KEPT)})
    before = {as_text(each["Id"]): each for each in _targets(existing.properties)}
    after = {as_text(each["Id"]): each for each in _targets(wanted.properties)}
    await _remove_targets(cloud, rule, [each for each in before if each not in after])
    changed = [target for each, target in after.items() if before.get(each) != target]
    await _put_targets(cloud, rule, changed)
    await retag_pairs(cloud, wanted, "events", {"ResourceARN": made["RuleArn"]})
    return Made(existing.id, {"Arn": str(made["RuleArn"])})


def _targets(properties: JsonObject) -> list[Any]:
    targets = properties.get("Targets") or []
    return targets if isinstance(targets, list) else [targets]


async def _put_targets(cloud: Cloud, rule: dict[str, str], targets: list[Any]) -> None:
    where = {"Rule": rule["Name"], "EventBusName": rule["EventBusName"]}
    for at in range(0, len(targets), _TARGETS_AT_ONCE):
        some = targets[at : at + _TARGETS_AT_ONCE]
        await cloud.call("events", "PutTargets", {**where, "Targets": some})


async def _remove_targets(cloud: Cloud, rule: dict[str, str], ids: list[str]) -> None:
    where = {"Rule": rule["Name"], "EventBusName": rule["EventBusName"]}
    for at in range(0, len(ids), _TARGETS_AT_ONCE):
        some = ids[at : at + _TARGETS_AT_ONCE]
        await ask(cloud, "events", "RemoveTargets", {**where, "Ids": some}, _GONE)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await _delete_rule(cloud, _rule(existing))


async def _delete_rule(cloud: Cloud, rule: dict[str, str]) -> None:
    where = {"Rule": rule["Name"], "EventBusName": rule["EventBusName"], "Limit": 100}
    shown = await ask(cloud, "events", "ListTargetsByRule", where, _GONE)
    if shown is not None:
        # Also those that somebody else put there: a rule with targets can't be deleted.
        await _remove_targets(cloud, rule, [each["Id"] for each in shown["Targets"]])
        await ask(cloud, "events", "DeleteRule", rule, _GONE)


def _review(properties: JsonObject) -> list[str]:
    return [
        trouble
        for at, target in enumerate(_targets(properties))
        for trouble in rule_target_troubles(target, f"Targets[{at}]")
    ]


TYPES = (
    ResourceType(
        _KIND,
        _create,
        _delete,
        _update,
        optional=frozenset({"EventBusName", "Name", "Tags", "Targets", *_KEPT}),
        replaces=frozenset({"EventBusName", "Name"}),
        attributes=frozenset({"Arn"}),
        review=_review,
    ),
)
