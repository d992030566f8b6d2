"""The rules a definition must keep, all broken ones found at once.

`check_definition` is what ValidateStateMachineDefinition shows. The texts are AWS's where one is
known. What AWS would take and this server does not run yet is only spoken of when AWS itself
finds nothing wrong, so that AWS's answers stay AWS's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from stepwell.language.check_graph import check_graph
from stepwell.language.check_map import has_express_children
from stepwell.language.check_states import check_state
from stepwell.language.check_variables import check_variable_scopes
from stepwell.language.diagnostics import Diagnostic, has_errors
from stepwell.language.fields import (
    BRANCH_FIELDS,
    PROCESSOR_FIELDS,
    SECONDS_MAX,
    STATE_NAME_LENGTH_MAX,
    TOP_FIELDS,
)
from stepwell.language.findings import Findings
from stepwell.language.parse import parse_definition
from stepwell.language.resources import Runs, runs_here
from stepwell.language.source import line_and_column, offset_within, scan_places
from stepwell.values import JsonObject, JsonValue


def check_definition(
    text: str, *, machine_type: str = "STANDARD", refuse_unreachable: bool = True
) -> list[Diagnostic]:
    """Everything there is to say about a definition, errors and warnings, with their places.

    `refuse_unreachable` False lets states stand that nothing leads to.
    """
    _, diagnostics = check_text(text, machine_type, refuse_unreachable)
    return with_places(diagnostics, text)


def check_text(
    text: str,
    machine_type: str,
    refuse_unreachable: bool,
    runs: Runs = runs_here,
    *,
    all_at_once: bool = False,
) -> tuple[JsonObject | None, list[Diagnostic]]:
    """The definition's object, when it is one, and the findings, without line and column.

    `all_at_once` names what is not run here also when AWS would refuse the definition.
    """
    definition, diagnostics = parse_definition(text)
    if definition is None:
        return None, diagnostics
    findings = Findings(machine_type, refuse_unreachable, runs)
    _check_machine(findings, definition)
    diagnostics += findings.errors.found
    if all_at_once or not has_errors(diagnostics):
        diagnostics += findings.not_yet.found
    return definition, diagnostics + findings.warnings.found


def with_places(diagnostics: list[Diagnostic], text: str) -> list[Diagnostic]:
    """The findings with line and column, where they have none yet."""
    if all(finding.line for finding in diagnostics):
        return diagnostics
    places = scan_places(text)
    placed = []
    for finding in diagnostics:
        line, column = places.line_and_column(finding.place)
        if finding.character:
            start = places.line_starts[line - 1] + column - 1
            offset = offset_within(text, start, finding.character)
            line, column = line_and_column(text, offset)
        placed.append(dataclasses.replace(finding, line=line, column=column))
    return placed


def _check_machine(findings: Findings, definition: JsonObject) -> None:
    """The whole machine."""
    language = findings.query_language(definition, "/", "JSONPath")
    findings.machine_language = language
    findings.integer(definition, "TimeoutSeconds", "", 0, SECONDS_MAX)
    findings.one_of(definition.get("Version", "1.0"), ("1.0",), "/Version")
    _check_scope(findings, definition, "", TOP_FIELDS)
    check_variable_scopes(findings, definition)


def _check_scope(
    findings: Findings, scope: JsonObject, pointer: str, fields: dict[str, str]
) -> None:
    """One `States` object: the machine, a branch or an item processor, and all within."""
    location = pointer or "/"
    missing = [name for name in ("States", "StartAt") if name not in scope]
    findings.required(missing, location, scope)
    findings.known_fields(scope, fields, location, findings.machine_language)
    findings.text(scope, "Comment", pointer)
    findings.text(scope, "StartAt", pointer)
    if "States" not in scope:
        return
    states = scope["States"]
    if not isinstance(states, dict):
        findings.error("Expected value of type Object", f"{pointer}/States")
        return
    if not states:
        findings.error("Value cannot be empty", f"{pointer}/States")
    for name, state in states.items():
        _check_named_state(findings, name, state, f"{pointer}/States/{name}")
    check_graph(findings, scope, pointer)


def _check_named_state(findings: Findings, name: str, state: JsonValue, pointer: str) -> None:
    """A state, its name, and the scopes within it."""
    if not name:
        findings.coded("INVALID_STATE_NAME", "State name cannot be empty", pointer)
    if len(name) > STATE_NAME_LENGTH_MAX:
        message = (
            f"Invalid State name: State '{name}' exceeds the {STATE_NAME_LENGTH_MAX}-character "
            "limit allowed by the service"
        )
        findings.coded("INVALID_STATE_NAME", message, pointer)
    if name in findings.state_names:
        findings.coded("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", pointer)
    findings.state_names.add(name)
    if not isinstance(state, dict):
        findings.error("Expected value of type Object", pointer)
        return
    check_state(findings, state, pointer)
    machine_type = findings.machine_type
    if has_express_children(state):
        # What such a Map runs is held to the rules of an express machine.
        findings.machine_type = "EXPRESS"
    for inner, inner_pointer, fields in _inner_scopes(state, pointer):
        if isinstance(inner, dict):
            _check_scope(findings, inner, inner_pointer, fields)
        else:
            findings.error("Expected value of type Object", inner_pointer)
    findings.machine_type = machine_type


def _inner_scopes(
    state: JsonObject, pointer: str
) -> Iterable[tuple[JsonValue, str, dict[str, str]]]:
    """What a state holds that should be a scope: its place and its fields."""
    branches = state.get("Branches")
    if state.get("Type") == "Parallel" and isinstance(branches, list):
        for index, branch in enumerate(branches):
            yield branch, f"{pointer}/Branches[{index}]", BRANCH_FIELDS
    if state.get("Type") == "Map":
        for name in ("ItemProcessor", "Iterator"):
            if name in state:
                yield state[name], f"{pointer}/{name}", PROCESSOR_FIELDS
