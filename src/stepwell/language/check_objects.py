"""What the checks of an ItemReader, an ItemBatcher and a ResultWriter share."""

from __future__ import annotations

import re
from collections.abc import Collection

from stepwell.language.check_jsonata import check_jsonata_template, is_computed
from stepwell.language.findings import Findings
from stepwell.language.syntax import INPUT, VARIABLES
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
        actions = allowed.pattern.rpartition(":")[2].strip("()").split("|")
        wanted = " or ".join(f"arn:aws:states:::s3:{action}" for action in actions)
        findings.error(message, f"{place}/Resource", wanted)


def check_parameters(
    findings: Findings, state: JsonObject, value: JsonObject, known: Collection[str], place: str
) -> None:
    """What S3 is asked with: a template in JSONPath, with parameters that are of use here."""
    name = "Parameters" if findings.language_of(state) == "JSONPath" else "Arguments"
    given = value.get(name)
    check_template(findings, state, value, name, place)
    if isinstance(given, dict):
        for parameter in given:
            if parameter.removesuffix(".$") not in known:
                what = f"the parameter '{parameter}' of {place.rpartition('/')[2]}"
                findings.add_not_yet(what, f"{place}/{name}/{parameter}")


def check_template(
    findings: Findings, state: JsonObject, value: JsonObject, name: str, place: str
) -> None:
    """What is filled in before items are read, batched or written, in the state's language."""
    if name not in value:
        return
    if findings.language_of(state) == "JSONata":
        check_jsonata_template(findings, value, name, place)
    else:
        findings.extend(template_findings(value[name], f"{place}/{name}"))


def check_limit(
    findings: Findings, state: JsonObject, value: JsonObject, name: str, most: int, place: str
) -> None:
    """A whole number, or a path to one, but not both; JSONata may compute it. Zero fails later."""
    path = f"{name}Path"
    jsonata = findings.language_of(state) == "JSONata"
    if name in value and path in value:
        message = f"There should only be one of the following fields: [{name}, {path}]"
        findings.error(message, place)
    if not (jsonata and name in value and is_computed(findings, value, name, place)):
        findings.integer(value, name, place, 0, most)
    if path in value and not jsonata:
        findings.reference_path(value[path], f"{place}/{path}", (INPUT, VARIABLES))
