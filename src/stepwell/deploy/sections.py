"""The sections of a template, from its document to the data types of `template`.

A document whose transforms were not carried out yet may hold what only they understand (`Globals`,
loops among the resources); it is passed over here and read again afterwards.
"""

from __future__ import annotations

import re

from stepwell.deploy.refusals import format_error, refused
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Output, Parameter, Resource, Template
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

VERSION = "2010-09-09"
SAM = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"

SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
_RESOURCE_MEMBERS = frozenset(
    {
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
    }
)
_PARAMETER_MEMBERS = frozenset(
    {
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    }
)
_POLICIES = ("Delete", "Retain", "Snapshot", "RetainExceptOnCreate")
_NAME = re.compile(r"[a-zA-Z0-9]+\Z")


def template_of(document: JsonObject) -> Template:
    """The template. Raises ServiceError ValidationError at the first member of a wrong shape."""
    transforms = _transforms(document.get("Transform"))
    unknown = [name for name in document if name not in SECTIONS and not _later(name, transforms)]
    if unknown:
        raise refused(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = document.get("AWSTemplateFormatVersion", VERSION)
    if version != VERSION:
        raise format_error(f"Unsupported template version {as_text(version)}.")
    resources = _resources(_section(document, "Resources"), transforms)
    return Template(
        document=document,
        description=_description(document.get("Description", "")),
        transforms=transforms,
        parameters=_parameters(_section(document, "Parameters"), transforms),
        mappings=_section(document, "Mappings"),
        conditions=_section(document, "Conditions"),
        rules=_section(document, "Rules"),
        resources=resources,
        outputs=_outputs(_section(document, "Outputs"), transforms),
        metadata=_section(document, "Metadata"),
    )


def _transforms(value: JsonValue) -> tuple[JsonValue, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _later(name: str, transforms: tuple[JsonValue, ...]) -> bool:
    if name == "Globals":
        return SAM in transforms
    return _is_replaced(name, transforms)


def _is_replaced(name: str, transforms: tuple[JsonValue, ...]) -> bool:
    """Whether a transform puts something else in this member's place: a snippet, a loop's turns."""
    return name == "Fn::Transform" or (bool(transforms) and name.startswith("Fn::"))


def _section(document: JsonObject, name: str) -> JsonObject:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise format_error(f"{name} section must be an object.")
    return value


def _description(value: JsonValue) -> str:
    if isinstance(value, (dict, list)):
        raise format_error("Template Description section must be a string.")
    return as_text(value)


def _member(section: str, name: str, value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise format_error(f"[/{section}/{name}] Any {section} member must be an object.")
    if not _NAME.match(name):
        kind = section.removesuffix("s")
        raise format_error(f"{kind} name {name} is non alphanumeric.")
    return value


def _resources(section: JsonObject, transforms: tuple[JsonValue, ...]) -> dict[str, Resource]:
    if not section:
        raise format_error("At least one Resources member must be defined.")
    return {
        name: _resource(name, _member("Resources", name, value), transforms)
        for name, value in section.items()
        if not _is_replaced(name, transforms)
    }


def _resource(logical_id: str, value: JsonObject, transforms: tuple[JsonValue, ...]) -> Resource:
    kind = value.get("Type")
    if not isinstance(kind, str) or not kind:
        place = f"[/Resources/{logical_id}]"
        raise format_error(f"{place} Every Resources object must contain a Type member.")
    for name in value:
        # What the serverless types may have beside is gone after the transform.
        if name not in _RESOURCE_MEMBERS and not transforms:
            raise refused(f"Invalid template resource property '{name}'")
    properties = value.get("Properties", {})
    if not isinstance(properties, dict):
        raise format_error(f"[/Resources/{logical_id}/Properties] must be an object.")
    metadata = value.get("Metadata", {})
    return Resource(
        logical_id=logical_id,
        type=kind,
        properties=properties,
        condition=_condition(value),
        depends_on=_depends_on(value.get("DependsOn", [])),
        deletion_policy=_policy(logical_id, value, "DeletionPolicy", transforms),
        update_replace_policy=_policy(logical_id, value, "UpdateReplacePolicy", transforms),
        metadata=metadata if isinstance(metadata, dict) else {},
        creation_policy=value.get("CreationPolicy"),
        update_policy=value.get("UpdatePolicy"),
    )


def _condition(value: JsonObject) -> str | None:
    condition = value.get("Condition")
    if condition is None or isinstance(condition, str):
        return condition
    raise format_error("Every Condition member must be a string.")


def _depends_on(value: JsonValue) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    texts = tuple(name for name in names if isinstance(name, str))
    if len(texts) < len(names):
        raise format_error("Every DependsOn value must be a string.")
    return texts


def _policy(
    logical_id: str, value: JsonObject, name: str, transforms: tuple[JsonValue, ...]
) -> str | None:
    policy = value.get(name)
    if policy is None or (isinstance(policy, dict) and LANGUAGE_EXTENSIONS in transforms):
        return None
    if isinstance(policy, str) and policy in _POLICIES:
        return policy
    if isinstance(policy, str):
        raise format_error(f"Unrecognized {name} {policy} for resource {logical_id}")
    raise format_error(f"Every {name} member must be a string.")


def _parameters(section: JsonObject, transforms: tuple[JsonValue, ...]) -> dict[str, Parameter]:
    return {
        name: _parameter(name, _member("Parameters", name, value))
        for name, value in section.items()
        if not _is_replaced(name, transforms)
    }


def _parameter(name: str, value: JsonObject) -> Parameter:
    kind = value.get("Type")
    if not isinstance(kind, str) or not kind:
        raise format_error("Every Parameters object must contain a Type member.")
    unknown = [member for member in value if member not in _PARAMETER_MEMBERS]
    if unknown:
        raise refused(f"Invalid template parameter property '{unknown[0]}'")
    if isinstance(value.get("Default"), (dict, list)):
        raise format_error("Every Default member must be a string.")
    allowed = value.get("AllowedValues")
    if allowed is not None and not isinstance(allowed, list):
        raise format_error("Every AllowedValues value must be a list.")
    return Parameter(
        name=name,
        type=kind,
        default=value.get("Default"),
        description=as_text(value.get("Description")),
        no_echo=as_text(value.get("NoEcho")).lower() == "true",
        allowed_values=None if allowed is None else tuple(as_text(item) for item in allowed),
        allowed_pattern=_optional_text(value.get("AllowedPattern")),
        constraint_description=_optional_text(value.get("ConstraintDescription")),
        min_length=_whole(value, "MinLength"),
        max_length=_whole(value, "MaxLength"),
        min_value=_number(value, "MinValue"),
        max_value=_number(value, "MaxValue"),
    )


def _optional_text(value: JsonValue) -> str | None:
    return None if value is None else as_text(value)


def _number(value: JsonObject, name: str) -> float | None:
    if name not in value:
        return None
    try:
        return float(as_text(value[name]))
    except ValueError as error:
        raise _not_a_number(name) from error


def _whole(value: JsonObject, name: str) -> int | None:
    if name not in value:
        return None
    try:
        return int(as_text(value[name]))
    except ValueError as error:
        raise _not_a_number(name) from error


def _not_a_number(name: str) -> ServiceError:
    return format_error(f"Every {name} member must be a number.")


def _outputs(section: JsonObject, transforms: tuple[JsonValue, ...]) -> dict[str, Output]:
    return {
        name: _output(name, _member("Outputs", name, value))
        for name, value in section.items()
        if not _is_replaced(name, transforms)
    }


def _output(name: str, value: JsonObject) -> Output:
    if "Value" not in value:
        raise format_error("Every Outputs member must contain a Value object")
    export = value.get("Export")
    if export is not None and not (isinstance(export, dict) and set(export) == {"Name"}):
        raise format_error(f"[/Outputs/{name}/Export] must be an object with the member Name.")
    return Output(
        name=name,
        value=value["Value"],
        description=as_text(value.get("Description")),
        condition=_condition(value),
        export_name=export["Name"] if isinstance(export, dict) else None,
    )
