"""CloudFormation's bounds on a template, and the shape of its mappings."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.deploy.findings import FORMAT, Finding, pointer
from stepwell.deploy.template import Template
from stepwell.values import JsonValue

RESOURCES_MAX = 500
PARAMETERS_MAX = 200
OUTPUTS_MAX = 200
MAPPINGS_MAX = 200
MAPPING_ATTRIBUTES_MAX = 200
LOGICAL_ID_CHARACTERS_MAX = 255
DESCRIPTION_BYTES_MAX = 1_024


def limit_findings(template: Template) -> Iterator[Finding]:
    """A finding for each bound that the template exceeds."""
    counted = (
        ("resources", template.resources, RESOURCES_MAX),
        ("parameters", template.parameters, PARAMETERS_MAX),
        ("outputs", template.outputs, OUTPUTS_MAX),
        ("mappings", template.mappings, MAPPINGS_MAX),
    )
    for kind, members, most in counted:
        if len(members) > most:
            number = len(members)
            yield _found(f"Number of {kind}, {number}, is greater than maximum allowed, {most}")
        for name in members:
            if len(name) > LOGICAL_ID_CHARACTERS_MAX:
                most_characters = LOGICAL_ID_CHARACTERS_MAX
                yield _found(f"Name {name[:80]}... is longer than {most_characters} characters")
    if len(template.description.encode("utf-8", "surrogatepass")) > DESCRIPTION_BYTES_MAX:
        yield _found(f"'Description' length is greater than {DESCRIPTION_BYTES_MAX}.")
    for name, mapping in template.mappings.items():
        yield from _of_mapping(name, mapping)


def _of_mapping(name: str, mapping: JsonValue) -> Iterator[Finding]:
    place = pointer("Mappings", name)
    if not isinstance(mapping, dict):
        yield _found("Every Mappings member must be a map", place)
        return
    if len(mapping) > MAPPING_ATTRIBUTES_MAX:
        number, most = len(mapping), MAPPING_ATTRIBUTES_MAX
        yield _found(
            f"Number of mapping attributes, {number}, is greater than maximum allowed, {most}",
            place,
        )
    for key, attributes in mapping.items():
        if not isinstance(attributes, dict):
            yield _found("Every Mappings attribute must be a map", f"{place}{pointer(key)}")
        elif any(isinstance(value, dict) for value in attributes.values()):
            yield _found(
                "Every Mappings attribute must be a String or a List.", f"{place}{pointer(key)}"
            )


def _found(message: str, place: str = "") -> Finding:
    return Finding(FORMAT, f"Template format error: {message}", pointer=place)
