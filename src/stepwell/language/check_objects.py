"""What the checks of an ItemReader, an ItemBatcher and a ResultWriter share."""

from __future__ import annotations

import re
from collections.abc import Collection

from stepwell.language.findings import Findings
from stepwell.language.templates import template_findings
from stepwell.values import JsonObject, JsonValue


def object_at(findings: Findings, value: JsonValue, place: str) -> JsonObject | None:
    """The value when it is an object."""
    if isinstance(value, dict):
        return value
    findings.error("Expected value of type Object", place)
    return None


def check_resource(
    findings: Findings, value: JsonObject, allowed: re.Pattern[str], place: str
) -> None:
    """The Resource must be one of the few that can be used here."""
    if "Resource" not in value:
        findings.required(["Resource"], place)
        return
    resource = value["Resource"]
    if not isinstance(resource, str) or not allowed.fullmatch(resource):
        message = "The field 'Resource' does not match any of the allowed values"
        findings.error(message, f"{place}/Resource")


def check_parameters(
    findings: Findings, state: JsonObject, value: JsonObject, known: Collection[str], place: str
) -> None:
    """What S3 is asked with: a template in JSONPath, with parameters that are of use here."""
    name = "Parameters" if findings.language_of(state) == "JSONPath" else "Arguments"
    given = value.get(name)
    if name == "Parameters" and name in value:
        findings.extend(template_findings(given, f"{place}/{name}"))
    if isinstance(given, dict):
        for parameter in given:
            if parameter.removesuffix(".$") not in known:
                what = f"the parameter '{parameter}' of {place.rpartition('/')[2]}"
                findings.add_not_yet(what, f"{place}/{name}/{parameter}")


def check_limit(findings: Findings, value: JsonObject, name: str, most: int, place: str) -> None:
    """A whole number, or a path to one, but not both; JSONata may compute it. Zero fails later."""
    path = f"{name}Path"
    if name in value and path in value:
        message = f"There should only be one of the following fields: [{name}, {path}]"
        findings.error(message, place)
    computed = value.get(name)
    if not (isinstance(computed, str) and computed.startswith("{%")):
        findings.integer(value, name, place, 0, most)
    if path in value:
        findings.path(value[path], f"{place}/{path}")
