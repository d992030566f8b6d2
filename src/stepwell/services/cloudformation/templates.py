"""GetTemplate, GetTemplateSummary, ValidateTemplate: templates as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stepwell.deploy.reading import read_template
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Parameter, Template
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation import capabilities, change_sets
from stepwell.services.cloudformation.creating import new_stack
from stepwell.services.cloudformation.errors import invalid, no_stack
from stepwell.services.cloudformation.records import TemplateRow
from stepwell.services.cloudformation.requests import read_body
from stepwell.services.cloudformation.settings import Settings
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import encode_text


async def get_template(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """GetTemplate: as it was given, or after its transforms; nothing of a stack in review."""
    row = await _stored(stacks, call, params)
    if row is None:
        return {"StagesAvailable": []}
    stage = params.get("TemplateStage") or "Original"
    text = row.processed or row.body if stage == "Processed" else row.body
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


async def _stored(stacks: Stacks, call: Call, params: Params) -> TemplateRow | None:
    if params.get("ChangeSetName"):
        _, change_set = change_sets.find(stacks, call, params)
        return await stacks.versions.template(change_set.stack, change_set.version)
    name = params.get("StackName")
    if not name:
        raise invalid("Either StackName or ChangeSetName must be specified.")
    stack = stacks.named(call.scope, name)
    if stack is None:
        raise no_stack(name)
    return await stacks.versions.template(stack.id, stack.version) if stack.version else None


async def template_summary(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """GetTemplateSummary, of a template or of a stack's."""
    if params.get("StackName"):
        row = await _stored(stacks, call, params)
        if row is None:
            raise invalid("This stack does not have a template.")
        template = await asyncio.to_thread(read_template, row.body)
    else:
        template = await _given(stacks, call, params)
    shown: dict[str, Any] = {
        "Parameters": [_declaration(each) for each in template.parameters.values()],
        "ResourceTypes": list(
            dict.fromkeys(resource.type for resource in template.resources.values())
        ),
        "ResourceIdentifierSummaries": [],
        **_capabilities(template),
    }
    version = template.document.get("AWSTemplateFormatVersion")
    optional = {
        "Description": template.description,
        "Version": as_text(version) if version else "",
        "Metadata": encode_text(template.metadata) if template.metadata else "",
    }
    return shown | {name: text for name, text in optional.items() if text}


async def _given(stacks: Stacks, call: Call, params: Params) -> Template:
    nobody = new_stack(stacks, call.scope, "template", Settings())
    body = await read_body(stacks, nobody, params)
    return await asyncio.to_thread(read_template, body)


def _capabilities(template: Template) -> Mapping[str, Any]:
    capability, types = capabilities.needed(template.resources)
    needed = [capability] if capability else []
    shown: dict[str, Any] = {}
    if capability:
        shown["CapabilitiesReason"] = (
            f"The following resource(s) require capabilities: [{', '.join(types)}]"
        )
    if template.transforms:
        needed.append(capabilities.AUTO_EXPAND)
        shown["DeclaredTransforms"] = [_transform_name(each) for each in template.transforms]
    if needed:
        shown["Capabilities"] = needed
    return shown


def _transform_name(transform: object) -> str:
    return str(transform.get("Name")) if isinstance(transform, dict) else str(transform)


def _declaration(parameter: Parameter) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if parameter.allowed_values is not None:
        constraints["AllowedValues"] = list(parameter.allowed_values)
    shown: dict[str, Any] = {
        "ParameterKey": parameter.name,
        "ParameterType": parameter.type,
        "NoEcho": parameter.no_echo,
        "ParameterConstraints": constraints,
    }
    if parameter.default is not None:
        shown["DefaultValue"] = as_text(parameter.default)
    if parameter.description:
        shown["Description"] = parameter.description
    return shown


async def validate_template(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ValidateTemplate: the text alone, not what would become of it."""
    template = await _given(stacks, call, params)
    parameters = []
    for parameter in template.parameters.values():
        shown: dict[str, Any] = {"ParameterKey": parameter.name, "NoEcho": parameter.no_echo}
        if parameter.default is not None:
            shown["DefaultValue"] = as_text(parameter.default)
        if parameter.description:
            shown["Description"] = parameter.description
        parameters.append(shown)
    return {
        "Parameters": parameters,
        "Description": template.description,
        **_capabilities(template),
    }
