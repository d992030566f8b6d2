"""The rules of a single state: its fields, their types, ranges and syntax.

Graph rules and the scopes within a state are elsewhere (`check_graph`, `check`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stepwell.language.check_errors import check_catch, check_retry
from stepwell.language.check_item_reader import check_item_reader
from stepwell.language.check_jsonata import (
    check_jsonata_assign,
    check_jsonata_output,
    check_jsonata_rule,
    check_jsonata_template,
    check_jsonata_text,
    check_jsonata_timestamp,
    is_computed,
)
from stepwell.language.check_map import (
    check_item_batcher,
    check_label,
    check_processor,
    check_result_writer,
)
from stepwell.language.check_variables import check_assign
from stepwell.language.check_warnings import (
    warn_of_missing_mark,
    warn_of_missing_path,
    warn_of_static_result,
)
from stepwell.language.choices import rule_findings
from stepwell.language.fields import (
    EXCLUSIVE_FIELDS,
    FLOWING_TYPES,
    ONE_OF_FIELDS,
    REQUIRED_FIELDS,
    STATE_FIELDS,
    STATE_TYPES,
)
from stepwell.language.findings import Findings
from stepwell.language.hints import NEXT_OR_END, TIMESTAMP
from stepwell.language.jsonata.templates import is_expression as is_expression_text
from stepwell.language.program import Resource
from stepwell.language.resources import (
    parameter_findings,
    parse_resource,
    resource_findings,
)
from stepwell.language.syntax import ALL_ROOTS, INPUT, VARIABLES, is_expression, is_timestamp
from stepwell.language.templates import template_findings
from stepwell.values import JsonObject, JsonValue

Check = Callable[[Findings, JsonObject, str, str], None]
"""(findings, state, field name, state's place)."""


INTRINSIC_NAME = re.compile(r"\s*States\.(\w+)")
TEXT_FUNCTIONS = (
    "ArrayGetItem",
    "Base64Encode",
    "Base64Decode",
    "Format",
    "JsonToString",
    "Hash",
    "UUID",
)
_TEXT_EXPRESSION_WANTED = (
    "The value for the field must be a valid JSONPath or an intrinsic function expression that "
    f"returns a string ({', '.join(TEXT_FUNCTIONS[:-1])}, or {TEXT_FUNCTIONS[-1]})."
)


def check_state(findings: Findings, state: JsonObject, pointer: str) -> None:
    """Everything about one state but its place in the graph."""
    language = _language(findings, state, pointer)
    findings.text(state, "Comment", pointer)
    if "Type" not in state:
        findings.required(["Type"], pointer, state)
        return
    kind = state["Type"]
    if not isinstance(kind, str) or kind not in STATE_TYPES:
        message = f"The field 'Type' should have one of these values: [{', '.join(STATE_TYPES)}]"
        findings.error(message, f"{pointer}/Type", findings.nearest(kind, STATE_TYPES))
        return
    fields = STATE_FIELDS[kind]
    findings.known_fields(state, fields, pointer, language)
    _check_groups(findings, state, kind, pointer)
    checks = _CHECKS if language == "JSONPath" else _JSONATA_CHECKS
    for name in state:
        check = checks.get(name)
        if check is not None and name in fields:
            check(findings, state, name, pointer)


def _language(findings: Findings, state: JsonObject, pointer: str) -> str:
    """The state's query language; a JSONata machine has no JSONPath states."""
    language = findings.query_language(state, pointer, findings.machine_language)
    if language == "JSONPath" and findings.machine_language == "JSONata":
        message = (
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        )
        findings.error(message, pointer)
    return language


def _check_groups(findings: Findings, state: JsonObject, kind: str, pointer: str) -> None:
    """Required fields, fields of which one is required, and fields that exclude each other."""
    missing = [name for name in REQUIRED_FIELDS.get(kind, ()) if name not in state]
    findings.required(missing, pointer)
    if kind in FLOWING_TYPES:
        _check_flow(findings, state, pointer)
    wanted = ONE_OF_FIELDS.get(kind, ())
    if wanted and not any(name in state for name in wanted):
        findings.error(_one_of_these(wanted), pointer)
    for group in EXCLUSIVE_FIELDS.get(kind, ()):
        if sum(name in state for name in group) > 1:
            findings.error(_only_one_of(group), pointer)


def _check_flow(findings: Findings, state: JsonObject, pointer: str) -> None:
    """Next, or End with true, but not both."""
    ends = state.get("End", False) is not False
    if "Next" in state and ends:
        findings.error(_only_one_of(("Next", "End")), pointer, NEXT_OR_END)
    elif "Next" not in state and not ends:
        findings.error(_one_of_these(("Next", "End")), pointer, NEXT_OR_END)


def _one_of_these(names: tuple[str, ...]) -> str:
    return f"This object should have only one of the following fields: [{', '.join(names)}]"


def _only_one_of(names: tuple[str, ...]) -> str:
    return f"There should only be one of the following fields: [{', '.join(names)}]"


def _check_text(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.text(state, name, pointer)


def _check_error_text(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    if (text := findings.text(state, name, pointer)) is not None:
        warn_of_missing_path(findings, {name: text}, pointer)


def _check_end(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    if not isinstance(state[name], bool):
        hint = "write true, without quotes" if state[name] == "true" else ""
        findings.error("Expected value of type Boolean", f"{pointer}/{name}", hint)


def _check_path(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.path(state[name], f"{pointer}/{name}")


def _check_nullable_path(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    if state[name] is not None:
        _check_path(findings, state, name, pointer)


def _check_reference(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.reference_path(state[name], f"{pointer}/{name}", ALL_ROOTS)


def _check_number_path(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """The numbers of a Map come from its input or from variables, not from the context object."""
    findings.reference_path(state[name], f"{pointer}/{name}", (INPUT, VARIABLES))


def _check_result_path(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    if state[name] is not None:
        findings.reference_path(state[name], f"{pointer}/{name}")


def _check_text_expression(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """A path, or a call of one of the functions that can give a text."""
    value = state[name]
    called = INTRINSIC_NAME.match(value) if isinstance(value, str) else None
    if not is_expression(value) or (called and called[1] not in TEXT_FUNCTIONS):
        findings.error(_TEXT_EXPRESSION_WANTED, f"{pointer}/{name}")


def _check_template(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.extend(template_findings(state[name], f"{pointer}/{name}"))
    warn_of_missing_mark(findings, state[name], f"{pointer}/{name}")


def _check_assign(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    check_assign(findings, state[name], f"{pointer}/{name}", "JSONPath")
    warn_of_missing_mark(findings, state[name], f"{pointer}/{name}")


def _check_result(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    warn_of_static_result(findings, state[name], f"{pointer}/{name}")


def _check_timestamp(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    if findings.text(state, name, pointer) is not None and not is_timestamp(state[name]):
        place = f"{pointer}/{name}"
        findings.error("String does not match RFC3339 timestamp", place, TIMESTAMP)


def _check_seconds(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.integer(state, name, pointer, 0)


def _check_timeout(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.integer(state, name, pointer, 1)


def _check_heartbeat(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """A heartbeat must be shorter than the timeout."""
    heartbeat = findings.integer(state, name, pointer, 1)
    timeout = state.get("TimeoutSeconds")
    if heartbeat is None or isinstance(timeout, bool) or not isinstance(timeout, int):
        return
    if heartbeat >= timeout:
        message = "The value of 'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'"
        findings.error(message, f"{pointer}/{name}")


def _check_resource(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """The Resource, and the Parameters that the integration it names wants."""
    arn = findings.text(state, name, pointer)
    if arn is None:
        return
    express = findings.machine_type == "EXPRESS"
    place = f"{pointer}/{name}"
    findings.extend(resource_findings(arn, place, express=express, find=findings.nearest))
    resource = parse_resource(arn)
    if resource is None:
        return
    if not findings.runs(resource):
        findings.add_not_yet(f"the resource {arn}", f"{pointer}/{name}", _outside_hint(resource))
    if resource.kind == "activity" and "Credentials" in state:
        message = "The field 'Credentials' is not supported for activities"
        findings.error(message, f"{pointer}/Credentials")
    if resource.kind == "service":
        _check_parameters(findings, state, resource, pointer)


def _outside_hint(resource: Resource) -> str:
    """The setting that would let a resource run that is not embedded."""
    service = resource.service.removeprefix("aws-sdk:")
    key = f"{resource.service}:{resource.action}"
    return (
        f"`stepwell start --integrations FILE` can send it to an upstream (upstream.{service}), or"
        f' answer it with a mock (mocks."{key}")'
    )


def _check_parameters(
    findings: Findings, state: JsonObject, resource: Resource, pointer: str
) -> None:
    """A service integration has Parameters (Arguments in JSONata), and AWS knows their names."""
    name = "Parameters" if findings.language_of(state) == "JSONPath" else "Arguments"
    if name not in state:
        message = f"{name} field is required for resource ARN: {resource.arn}"
        findings.error(message, f"{pointer}/Resource")
    else:
        place = f"{pointer}/{name}"
        findings.extend(parameter_findings(resource, state[name], place, findings.nearest))


def _check_credentials(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Credentials name a role, fixed or by an expression."""
    value = state[name]
    place = f"{pointer}/{name}"
    if not isinstance(value, dict):
        findings.error("Expected value of type Object", place)
    elif "RoleArn" not in value and "RoleArn.$" not in value:
        findings.error("The field 'RoleArn' is required but was missing", place)
    elif not all(isinstance(part, str) for part in value.values()):
        findings.error("Expected value of type String", f"{place}/RoleArn")
    elif findings.language_of(state) == "JSONata":
        check_jsonata_template(findings, state, name, pointer)
    else:
        findings.extend(template_findings(value, place))


def _check_choices(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    for rule, place in _elements(findings, state[name], f"{pointer}/{name}"):
        if findings.errors.is_full:
            return
        findings.extend(rule_findings(rule, place, True, findings.nearest))
        if isinstance(rule, dict):
            warn_of_missing_path(findings, rule, place)
        if isinstance(rule, dict) and "Assign" in rule:
            check_assign(findings, rule["Assign"], f"{place}/Assign", "JSONPath")


def _check_branches(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    _elements(findings, state[name], f"{pointer}/{name}")


def _elements(findings: Findings, value: JsonValue, place: str) -> list[tuple[JsonValue, str]]:
    """The elements of an array that may not be empty, each with its place."""
    if not isinstance(value, list):
        findings.error("Expected value of type Array", place)
        return []
    if not value:
        findings.error("Value cannot be empty", place)
    return [(element, f"{place}[{index}]") for index, element in enumerate(value)]


def _check_count(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    findings.integer(state, name, pointer, 0, 2**31 - 1)


def _check_percentage(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    value = state[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        findings.error("Expected value of type Number", f"{pointer}/{name}")
    elif not 0 <= value <= 100:
        bound = "Minimum value is 0.0" if value < 0 else "Maximum value is 100.0"
        findings.error(bound, f"{pointer}/{name}")


_COMMON_CHECKS: dict[str, Check] = {
    "Next": _check_text,
    "End": _check_end,
    "Default": _check_text,
    "Resource": _check_resource,
    "Credentials": _check_credentials,
    "Branches": _check_branches,
    "Retry": check_retry,
    "Catch": check_catch,
    "ItemProcessor": check_processor,
    "Iterator": check_processor,
    "Label": check_label,
    "ItemReader": check_item_reader,
    "ItemBatcher": check_item_batcher,
    "ResultWriter": check_result_writer,
}

_CHECKS: dict[str, Check] = {
    **_COMMON_CHECKS,
    "InputPath": _check_nullable_path,
    "OutputPath": _check_nullable_path,
    "ResultPath": _check_result_path,
    "Parameters": _check_template,
    "ResultSelector": _check_template,
    "ItemSelector": _check_template,
    "Assign": _check_assign,
    "Result": _check_result,
    "Seconds": _check_seconds,
    "SecondsPath": _check_reference,
    "Timestamp": _check_timestamp,
    "TimestampPath": _check_reference,
    "TimeoutSeconds": _check_timeout,
    "TimeoutSecondsPath": _check_reference,
    "HeartbeatSeconds": _check_heartbeat,
    "HeartbeatSecondsPath": _check_reference,
    "Choices": _check_choices,
    "Error": _check_error_text,
    "Cause": _check_error_text,
    "ErrorPath": _check_text_expression,
    "CausePath": _check_text_expression,
    "ItemsPath": _check_reference,
    "MaxConcurrency": _check_count,
    "MaxConcurrencyPath": _check_number_path,
    "ToleratedFailureCount": _check_count,
    "ToleratedFailureCountPath": _check_number_path,
    "ToleratedFailurePercentage": _check_percentage,
    "ToleratedFailurePercentagePath": _check_number_path,
}


def _unless_computed(check: Check) -> Check:
    """The check of a number that an expression may stand for."""

    def check_number(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
        if not is_computed(findings, state, name, pointer):
            check(findings, state, name, pointer)

    return check_number


def _check_jsonata_choices(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    for rule, place in _elements(findings, state[name], f"{pointer}/{name}"):
        check_jsonata_rule(findings, rule, place)


def _check_items(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Items is an array, an object, or an expression that gives one."""
    if not isinstance(state[name], list | dict) and not is_expression_text(state[name]):
        findings.error("Expected value of type Array", f"{pointer}/{name}")
    check_jsonata_template(findings, state, name, pointer)


_JSONATA_CHECKS: dict[str, Check] = {
    **_COMMON_CHECKS,
    "Choices": _check_jsonata_choices,
    "Arguments": check_jsonata_template,
    "Output": check_jsonata_output,
    "Assign": check_jsonata_assign,
    "ItemSelector": check_jsonata_template,
    "Items": _check_items,
    "Error": check_jsonata_text,
    "Cause": check_jsonata_text,
    "Timestamp": check_jsonata_timestamp,
    "Seconds": _unless_computed(_check_seconds),
    "TimeoutSeconds": _unless_computed(_check_timeout),
    "HeartbeatSeconds": _unless_computed(_check_heartbeat),
    "MaxConcurrency": _unless_computed(_check_count),
    "ToleratedFailureCount": _unless_computed(_check_count),
    "ToleratedFailurePercentage": _unless_computed(_check_percentage),
}
