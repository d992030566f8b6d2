"""Everything that is wrong with a template, at once, before anything of it is created.

The template is evaluated as if all of its resources were there (`guesses`). The stack service
refuses with what comes out here (`findings.refusal`); `stepwell doctor` shows it (`survey`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from stepwell.deploy.catalog import TYPES, find_type
from stepwell.deploy.findings import (
    FINDINGS_MAX,
    PROPERTY,
    REFERENCE,
    TYPE,
    WARNING,
    Finding,
    pointer,
)
from stepwell.deploy.guesses import guessed
from stepwell.deploy.intrinsics import resolve
from stepwell.deploy.order import dependencies
from stepwell.deploy.references import references
from stepwell.deploy.resource_type import ResourceType
from stepwell.deploy.rules import broken_rules
from stepwell.deploy.scope import (
    PSEUDO_PARAMETERS,
    Scope,
    undefined_in_get_att,
    unresolved_dependencies,
)
from stepwell.deploy.template import Resource, Template
from stepwell.deploy.template_limits import limit_findings
from stepwell.errors import ServiceError
from stepwell.language.hints import nearest
from stepwell.values import JsonObject, JsonValue


def review(template: Template, scope: Scope) -> list[Finding]:
    """All findings, refusals and warnings, in the template's order.

    The template's transforms were carried out; `scope` is its own (`conditions.scope_of`), with
    the exports of other stacks. Resources behind a false condition are not looked at, but for
    references to what the template does not have at all.
    """
    return list(islice(_findings(template, scope), FINDINGS_MAX))


def evaluated(template: Template, scope: Scope) -> dict[str, JsonObject]:
    """The properties of each active resource as if all were there, without those that can't be
    evaluated."""
    guess = replace(scope, resources=guessed(template, scope), unknown=None)
    return {name: _properties(resource, guess)[0] for name, resource in scope.declared.items()}


def _findings(template: Template, scope: Scope) -> Iterator[Finding]:
    yield from limit_findings(template)
    yield from broken_rules(template, scope)
    lost = _lost(template)
    for block, names in lost.items():
        if names:
            yield Finding(REFERENCE, unresolved_dependencies(names, block).message)
    told = {sentence for names in lost.values() for name in names for sentence in _sentences(name)}
    guess = replace(scope, resources=guessed(template, scope), unknown=None)
    yield from (found for found in _one_by_one(template, guess) if found.message not in told)
    if not lost["Resources"]:
        try:
            dependencies(template, scope)
        except ServiceError as error:
            yield Finding(REFERENCE, error.message)


def _one_by_one(template: Template, scope: Scope) -> Iterator[Finding]:
    for resource in template.resources.values():
        yield from _of_condition(resource, template)
    for resource in scope.declared.values():
        yield from _of_resource(resource, scope)
    yield from _of_outputs(template, replace(scope, block="Outputs"))


def _lost(template: Template) -> dict[str, dict[str, None]]:
    """By section, the names that its members refer to and the template does not have."""
    known = {*template.resources, *template.parameters, *PSEUDO_PARAMETERS}
    resources: dict[str, None] = {}
    for resource in template.resources.values():
        names = [name for name in resource.depends_on if name not in template.resources]
        resources.update(dict.fromkeys([*names, *_unknown_names(resource.properties, known)]))
    outputs: dict[str, None] = {}
    for output in template.outputs.values():
        value: JsonValue = [output.value, output.export_name]
        outputs.update(dict.fromkeys(_unknown_names(value, known)))
    return {"Resources": resources, "Outputs": outputs}


def _unknown_names(value: JsonValue, known: set[str]) -> list[str]:
    try:
        return [found.name for found in references(value) if found.name not in known]
    except ServiceError:
        # A function with wrong arguments: told where the value is evaluated.
        return []


def _sentences(name: str) -> Iterator[str]:
    """What each place would say of a name that was told as lost already."""
    for block in ("Resources", "Outputs"):
        yield unresolved_dependencies([name], block).message
    yield undefined_in_get_att(name).message


def _of_condition(resource: Resource, template: Template) -> Iterator[Finding]:
    condition, logical_id = resource.condition, resource.logical_id
    if condition is not None and condition not in template.conditions:
        yield Finding(
            REFERENCE,
            f"Template format error: Unresolved condition dependency {condition} in the Resources "
            "block of the template",
            logical_id,
            pointer("Resources", logical_id, "Condition"),
        )


def _of_resource(resource: Resource, scope: Scope) -> Iterator[Finding]:
    known = find_type(resource.type)
    if known is None:
        yield _unknown_type(resource)
    properties, troubles = _properties(resource, scope)
    yield from troubles
    if known is not None and not known.stored_only:
        # A property that can't be evaluated is there all the same.
        failed = [name for name in resource.properties if name not in properties and troubles]
        yield from _of_properties(resource, known, {**dict.fromkeys(failed), **properties})


def _unknown_type(resource: Resource) -> Finding:
    return Finding(
        TYPE,
        f"This server has no resource type {resource.type}",
        resource.logical_id,
        pointer("Resources", resource.logical_id, "Type"),
        hint=nearest(resource.type, TYPES),
        subject=resource.type,
    )


def _properties(resource: Resource, scope: Scope) -> tuple[JsonObject, list[Finding]]:
    """The properties that can be evaluated, and what is wrong with the others."""
    properties: JsonObject = {}
    troubles = []
    for name, value in resource.properties.items():
        try:
            found = resolve(value, scope)
        except ServiceError as error:
            place = pointer("Resources", resource.logical_id, "Properties", name)
            troubles.append(Finding(REFERENCE, error.message, resource.logical_id, place))
        else:
            if found is not None:
                properties[name] = found
    return properties, troubles


def _of_properties(
    resource: Resource, known: ResourceType, properties: Mapping[str, JsonValue]
) -> Iterator[Finding]:
    place = pointer("Resources", resource.logical_id, "Properties")
    names = {*known.required, *known.optional, *known.without_effect}
    for name in sorted(known.required - properties.keys()):
        message = f"{resource.type}: required property {name} is missing"
        yield Finding(PROPERTY, message, resource.logical_id, place)
    for name in properties:
        at = f"{place}{pointer(name)}"
        if name in known.refused:
            message = f"{resource.type}: this server can't honour {name}: {known.refused[name]}"
            yield Finding(PROPERTY, message, resource.logical_id, at)
        elif not known.knows(name):
            message = f"Encountered unsupported property {name}"
            hint = nearest(name, names)
            yield Finding(PROPERTY, message, resource.logical_id, at, hint=hint)
        elif name in known.without_effect:
            message = f"{resource.type}: {name} is kept, without effect"
            yield Finding(PROPERTY, message, resource.logical_id, at, WARNING)
    if known.review is not None:
        evaluated_ones: JsonObject = {
            name: item for name, item in properties.items() if item is not None
        }
        for sentence in known.review(evaluated_ones):
            message = f"{resource.type}: {sentence}"
            yield Finding(PROPERTY, message, resource.logical_id, place)


def _of_outputs(template: Template, scope: Scope) -> Iterator[Finding]:
    for name, output in template.outputs.items():
        place = pointer("Outputs", name)
        try:
            if output.condition is not None and not scope.condition(output.condition):
                continue
            value = resolve(output.value, scope)
            resolve(output.export_name, scope)
        except ServiceError as error:
            yield Finding(REFERENCE, error.message, pointer=place)
            continue
        if value is None or isinstance(value, (dict, list)):
            message = (
                f"Template format error: Output {name} is malformed. The Value field of every "
                "Outputs member must evaluate to a String."
            )
            yield Finding(REFERENCE, message, pointer=place)
