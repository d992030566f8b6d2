"""The section `Rules`: what the parameters must be to one another, checked before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.deploy.findings import RULE, Finding, pointer
from stepwell.deploy.intrinsics import resolve
from stepwell.deploy.refusals import template_error
from stepwell.deploy.scope import Scope
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Template
from stepwell.errors import ServiceError
from stepwell.values import JsonValue

_OPERANDS = {
    "Fn::And": (2, 10),
    "Fn::Contains": (2, 2),
    "Fn::EachMemberEquals": (2, 2),
    "Fn::EachMemberIn": (2, 2),
    "Fn::Equals": (2, 2),
    "Fn::Not": (1, 1),
    "Fn::Or": (2, 10),
}


def broken_rules(template: Template, scope: Scope) -> Iterator[Finding]:
    """A finding for each assertion that does not hold, and for each that can't be evaluated."""
    for name, rule in template.rules.items():
        try:
            for description in _broken(rule, template, scope):
                yield Finding(RULE, f"Rule {name}: {description}", pointer=pointer("Rules", name))
        except ServiceError as error:
            yield Finding(RULE, error.message, pointer=pointer("Rules", name))


def _broken(rule: JsonValue, template: Template, scope: Scope) -> Iterator[str]:
    assertions = rule.get("Assertions") if isinstance(rule, dict) else None
    if not isinstance(rule, dict) or not isinstance(assertions, list):
        raise template_error("every Rules member must have a list of Assertions.")
    condition = rule.get("RuleCondition")
    if condition is not None and not _holds(condition, template, scope):
        return
    for assertion in assertions:
        if not isinstance(assertion, dict) or "Assert" not in assertion:
            raise template_error("every Assertions member must have an Assert.")
        if not _holds(assertion["Assert"], template, scope):
            yield as_text(assertion.get("AssertDescription")) or "an assertion does not hold"


def _holds(value: JsonValue, template: Template, scope: Scope) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return as_text(value).lower() == "true"
    name, argument = next(iter(value.items()))
    bounds = _OPERANDS.get(name)
    if bounds is None:
        raise template_error(f"{name} is not supported in rules")
    if not isinstance(argument, list) or not bounds[0] <= len(argument) <= bounds[1]:
        raise template_error(f"{name} has a wrong number of parameters")
    if name in ("Fn::And", "Fn::Or", "Fn::Not"):
        truths = [_holds(item, template, scope) for item in argument]
        if name == "Fn::Not":
            return not truths[0]
        return all(truths) if name == "Fn::And" else any(truths)
    left, right = (_value(item, template, scope) for item in argument)
    return _compared(name, left, right)


def _compared(name: str, left: JsonValue, right: JsonValue) -> bool:
    if name == "Fn::Equals":
        return as_text(left) == as_text(right)
    members = [as_text(item) for item in (left if isinstance(left, list) else [left])]
    if name == "Fn::Contains":
        return as_text(right) in members
    if name == "Fn::EachMemberEquals":
        return all(member == as_text(right) for member in members)
    others = [as_text(item) for item in (right if isinstance(right, list) else [right])]
    return all(member in others for member in members)


def _value(value: JsonValue, template: Template, scope: Scope) -> JsonValue:
    if isinstance(value, dict) and "Fn::RefAll" in value:
        kind = value["Fn::RefAll"]
        return [
            scope.parameters[name]
            for name, parameter in template.parameters.items()
            if parameter.type in (kind, f"List<{kind}>") and name in scope.parameters
        ]
    return resolve(value, scope)
