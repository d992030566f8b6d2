"""The rules of Assign: names of variables, and who may assign them.

A name is an identifier of Unicode. A scope within another reads the variables around it, but may
not assign one of their names. What only the state around it assigns (Assign of a Parallel or its
catchers) it may, because that happens when the scope has ended.
"""

from __future__ import annotations

from collections import Counter

from stepwell.language.findings import Findings
from stepwell.language.places import PART_CHARACTERS_MAX
from stepwell.language.references import assigned_names, inner_scopes, variable_name
from stepwell.language.templates import template_findings
from stepwell.values import JsonObject, JsonValue

VARIABLE_NAME_LENGTH_MAX = 80
_RESERVED = frozenset({"states"})
_NAME_HINT = "a name begins with a letter and goes on with letters, digits and '_'"
_DEPTH_MAX = 100


def check_assign(findings: Findings, assign: JsonValue, place: str, language: str) -> None:
    """The value of an Assign field. Expressions within are for others to check."""
    if not isinstance(assign, dict):
        findings.error("Expected value of type Object", place)
        return
    for key in assign:
        name = variable_name(key, language)
        _check_name(findings, name, place)
    if language == "JSONPath":
        findings.extend(template_findings(assign, place))


def _check_name(findings: Findings, name: str, place: str) -> None:
    """An identifier as Unicode has it: a letter, then letters, digits and underscores."""
    if name in _RESERVED:
        message = f"Cannot assign to reserved variable '${name}'."
        findings.coded("RESERVED_VARIABLE_NAME", message, place)
        return
    wrong = ""
    if not name.isidentifier() or name.startswith("_"):
        wrong = "the variable name contains invalid characters."
    elif len(name) > VARIABLE_NAME_LENGTH_MAX:
        wrong = f"the variable name exceeds {VARIABLE_NAME_LENGTH_MAX} characters."
    if wrong:
        message = f"Invalid variable name '{name[:PART_CHARACTERS_MAX]}': {wrong}"
        findings.coded("INVALID_VARIABLE_NAME", message, place, _NAME_HINT)


def check_variable_scopes(findings: Findings, definition: JsonObject) -> None:
    """No scope assigns a variable of a scope around it."""
    _check_scope(findings, definition, "", frozenset(), 0)


def _check_scope(
    findings: Findings, scope: JsonObject, pointer: str, outer: frozenset[str], depth: int
) -> None:
    states = scope.get("States")
    if not isinstance(states, dict) or depth > _DEPTH_MAX:
        return
    assigned: dict[str, set[str]] = {}
    for name, state in states.items():
        if isinstance(state, dict):
            assigned[name] = assigned_names(state, findings.language_of(state))
            for taken in sorted(assigned[name] & outer):
                findings.error(
                    f"The variable '{taken}' is assigned in an outer scope and cannot be "
                    "assigned here",
                    f"{pointer}/States/{name}/Assign",
                )
    counted = Counter(variable for names in assigned.values() for variable in names)
    for name, state in states.items():
        if isinstance(state, dict):
            around = outer | {v for v, count in counted.items() if count > (v in assigned[name])}
            for inner, place in _inner(state, f"{pointer}/States/{name}"):
                seen = frozenset() if _is_distributed(inner) else frozenset(around)
                _check_scope(findings, inner, place, seen, depth + 1)


def _inner(state: JsonObject, pointer: str) -> list[tuple[JsonObject, str]]:
    """The scopes within a state, each with its place."""
    scopes = list(inner_scopes(state))
    if isinstance(state.get("Branches"), list):
        return [(scope, f"{pointer}/Branches[{index}]") for index, scope in enumerate(scopes)]
    name = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    return [(scope, f"{pointer}/{name}") for scope in scopes]


def _is_distributed(scope: JsonObject) -> bool:
    """Executions of their own see nothing of the variables here, and may use every name."""
    config = scope.get("ProcessorConfig")
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
