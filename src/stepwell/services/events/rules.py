"""Operations on rules."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.buses import existing
from stepwell.services.events.errors import (
    invalid,
    limit_exceeded,
    rule_does_not_exist,
)
from stepwell.services.events.events import Events
from stepwell.services.events.names import DEFAULT, BusName, bus_of
from stepwell.services.events.paging import page
from stepwell.services.events.putting import checked_pattern
from stepwell.services.events.records import RuleRow
from stepwell.services.events.tagging import read_tags
from stepwell.services.schedules.expressions import BadSchedule, Once, parse
from stepwell.values import encode_text

RULES_MAX = 2_000
"""How many rules a bus may have: AWS has 100 to 300 by region, and gives more."""


def put_rule(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """PutRule: what is not given is as for a new rule; targets and tags stay."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    name = params["Name"]
    pattern, schedule = params.get("EventPattern") or None, _schedule(params, bus)
    if pattern is None and schedule is None:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern is not None:
        checked_pattern(pattern)
    known = events.rules.get(bus.path, name)
    if known is None and len(events.rules.of(bus.path)) >= RULES_MAX:
        raise limit_exceeded()
    same_schedule = known is not None and known.schedule == schedule
    rule = RuleRow(
        bus=bus.path,
        name=name,
        pattern=pattern,
        schedule=schedule,
        state=params.get("State") or "ENABLED",
        description=params.get("Description"),
        role_arn=params.get("RoleArn"),
        tags=known.tags if known else encode_text(read_tags(params)),
        anchor_at=known.anchor_at if known and same_schedule else events.parts.clock.now(),
        due_at=None,
    )
    _put(events, turn, rule)
    return {"RuleArn": bus.rule_arn(name)}


def describe_rule(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeRule."""
    bus, rule = find_rule(events, call, params, params["Name"])
    return _shown(bus, rule) | {"CreatedBy": bus.account}


def list_rules(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListRules."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    prefix = params.get("NamePrefix") or ""
    rules = [rule for rule in events.rules.of(bus.path) if rule.name.startswith(prefix)]
    shown, more = page(rules, params, lambda rule: rule.name)
    return {"Rules": [_shown(bus, rule) for rule in shown], **more}


def list_rule_names_by_target(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListRuleNamesByTarget."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    wanted = encode_text(params["TargetArn"])
    names = [
        rule.name
        for rule in events.rules.of(bus.path)
        if any(
            f'"Arn":{wanted}' in row.target for row in events.targets.of(bus.rule_path(rule.name))
        )
    ]
    shown, more = page(names, params, str)
    return {"RuleNames": list(shown), **more}


def enable_rule(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """EnableRule."""
    _, rule = find_rule(events, call, params, params["Name"])
    _put(events, turn, rule._replace(state="ENABLED"))


def disable_rule(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """DisableRule."""
    _, rule = find_rule(events, call, params, params["Name"])
    _put(events, turn, rule._replace(state="DISABLED"))


def delete_rule(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """DeleteRule: one that is not there is no trouble, one with targets is."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    rule = events.rules.get(bus.path, params["Name"])
    if rule is None:
        return
    if events.targets.of(bus.rule_path(rule.name)):
        raise invalid("Rule can't be deleted since it has targets.")
    events.rules.delete(turn, rule.bus, rule.name)
    events.changed()
    events.ticking.arm(turn, rule)


def find_rule(events: Events, call: Call, params: Params, name: str) -> tuple[BusName, RuleRow]:
    """The rule that a request names."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    rule = events.rules.get(bus.path, name)
    if rule is None:
        raise rule_does_not_exist(name, bus.name)
    return bus, rule


def _put(events: Events, turn: Turn, rule: RuleRow) -> None:
    rule = events.ticking.scheduled(rule)
    events.rules.put(turn, rule)
    events.changed()
    events.ticking.arm(turn, rule)


def _schedule(params: Params, bus: BusName) -> str | None:
    text: str | None = params.get("ScheduleExpression") or None
    if text is None:
        return None
    if bus.name != DEFAULT:
        raise invalid("ScheduleExpression is supported only on the default event bus.")
    try:
        if isinstance(parse(text), Once):
            raise BadSchedule(text)
    except BadSchedule as error:
        raise invalid("Parameter ScheduleExpression is not valid.") from error
    return text


def _shown(bus: BusName, rule: RuleRow) -> dict[str, Any]:
    shown = {
        "Name": rule.name,
        "Arn": bus.rule_arn(rule.name),
        "EventPattern": rule.pattern,
        "State": rule.state,
        "Description": rule.description,
        "ScheduleExpression": rule.schedule,
        "RoleArn": rule.role_arn,
        "EventBusName": bus.name,
    }
    return {name: value for name, value in shown.items() if value is not None}
