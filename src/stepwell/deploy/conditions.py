"""Conditions, and the scope of a stack, for which all of them are evaluated once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stepwell.deploy.intrinsics import holds
from stepwell.deploy.refusals import format_error, template_error
from stepwell.deploy.scope import Scope
from stepwell.deploy.template import Output, Resource, Template

CHAIN_MAX = 100
"""Conditions that build on one another."""


def scope_of(template: Template, bare: Scope) -> Scope:
    """The scope with what the template declares: mappings, conditions, active resources.

    `bare` brings the rest: account, region, stack, parameters, exports, made resources.
    Raises ServiceError for a condition that can't be evaluated.
    """
    early = replace(bare, mappings=template.mappings, declared={}, block="Conditions")
    truths = _evaluate_all(template, early)
    evaluated = replace(early, conditions=truths, block=bare.block)
    return replace(evaluated, declared=active_resources(template, evaluated))


def active_resources(template: Template, scope: Scope) -> Mapping[str, Resource]:
    """The resources without a condition, or with one that holds."""
    return {
        name: resource
        for name, resource in template.resources.items()
        if resource.condition is None or scope.condition(resource.condition)
    }


def active_outputs(template: Template, scope: Scope) -> Mapping[str, Output]:
    """The outputs without a condition, or with one that holds."""
    return {
        name: output
        for name, output in template.outputs.items()
        if output.condition is None or scope.condition(output.condition)
    }


def _evaluate_all(template: Template, scope: Scope) -> dict[str, bool]:
    truths: dict[str, bool] = {}
    under_way: list[str] = []

    def truth(name: str) -> bool:
        if name in truths:
            return truths[name]
        if name not in template.conditions:
            raise format_error(
                f"Unresolved condition dependency {name} in the Conditions block of the template"
            )
        if name in under_way or len(under_way) >= CHAIN_MAX:
            raise template_error(f"Found circular condition dependency between {name} and others")
        under_way.append(name)
        truths[name] = holds(template.conditions[name], scope, truth)
        under_way.pop()
        return truths[name]

    for name in template.conditions:
        truth(name)
    return truths
