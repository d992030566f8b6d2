"""What is wrong with a choice rule, found when a machine is created."""

from __future__ import annotations

from typing import Final

from stepwell.language.choice_operators import DEPTH_MAX, OPERATORS
from stepwell.language.diagnostics import Diagnostic, schema_error
from stepwell.language.findings import Bounded, nearest
from stepwell.language.paths import PathSyntaxError, compile_path
from stepwell.language.paths.equality import is_number
from stepwell.language.places import Place
from stepwell.language.timestamps import is_timestamp
from stepwell.values import JsonObject, JsonValue

COMBINERS: Final = ("And", "Or", "Not")
COMMON_FIELDS: Final = frozenset(("Variable", "Next", "Comment", "Assign"))
JSONATA_FIELDS: Final = ("Condition", "Output")


def rule_findings(rule: JsonValue, pointer: str, top_level: bool) -> list[Diagnostic]:
    """What is wrong with the rule. `pointer` is its place: `/States/X/Choices[0]`."""
    findings = Bounded()
    pending: list[tuple[JsonValue, Place, int]] = [(rule, Place(pointer), 0)]
    while pending and not findings.is_full:
        part, place, depth = pending.pop()
        if not isinstance(part, dict):
            findings.add(schema_error("Expected value of type Object", str(place)))
        elif depth > DEPTH_MAX:
            findings.add(schema_error("The choice rule is too deeply nested", str(place)))
        else:
            _check_rule(part, place, top_level and depth == 0, findings)
            pending.extend(reversed(_parts(part, place, depth + 1)))
    return findings.found


def _parts(rule: JsonObject, place: Place, depth: int) -> list[tuple[JsonValue, Place, int]]:
    parts: list[tuple[JsonValue, Place, int]] = []
    for name in ("And", "Or"):
        inner = rule.get(name)
        if isinstance(inner, list):
            array = place.member(name)
            parts += [(part, array.item(index), depth) for index, part in enumerate(inner)]
    if "Not" in rule:
        parts.append((rule["Not"], place.member("Not"), depth))
    return parts


def _check_rule(rule: JsonObject, place: Place, top_level: bool, findings: Bounded) -> None:
    _check_next(rule, place, top_level, findings)
    names = [name for name in rule if name in OPERATORS or name in COMBINERS]
    for name in rule:
        if name not in COMMON_FIELDS and name not in names and not findings.is_full:
            findings.add(_unknown(name, place))
    if len(names) != 1:
        message = f"A choice rule has exactly one operator, but has {len(names)}"
        findings.add(schema_error(message, str(place)))
    elif names[0] in ("And", "Or"):
        _check_array(rule[names[0]], place.member(names[0]), findings)
    elif names[0] != "Not":
        _check_leaf(rule, names[0], place, findings)


def _unknown(name: str, place: Place) -> Diagnostic:
    if name in JSONATA_FIELDS:
        message = (
            f"The QueryLanguage is set to 'JSONPath', but field '{name}' is only supported for the "
            "'JSONata' QueryLanguage"
        )
        return schema_error(message, str(place))
    hint = nearest(name, (*OPERATORS, *COMBINERS, *COMMON_FIELDS))
    return schema_error(f"Field '{name}' is not supported", str(place.member(name)), hint)


def _check_next(rule: JsonObject, place: Place, top_level: bool, findings: Bounded) -> None:
    if not top_level:
        for name in ("Next", "Assign"):
            if name in rule:
                message = f"Field '{name}' is not supported"
                findings.add(schema_error(message, str(place.member(name))))
    elif "Next" not in rule:
        findings.add(schema_error("The field 'Next' is required but was missing", str(place)))
    elif not isinstance(rule["Next"], str):
        findings.add(schema_error("Expected value of type String", str(place.member("Next"))))


def _check_array(parts: JsonValue, place: Place, findings: Bounded) -> None:
    if not isinstance(parts, list):
        findings.add(schema_error("Expected value of type Array", str(place)))
    elif not parts:
        findings.add(schema_error("Value cannot be empty", str(place)))


def _check_leaf(rule: JsonObject, name: str, place: Place, findings: Bounded) -> None:
    if "Variable" not in rule:
        findings.add(schema_error("The field 'Variable' is required but was missing", str(place)))
        return
    _check_path(rule["Variable"], place.member("Variable"), findings)
    if name.endswith("Path"):
        _check_path(rule[name], place.member(name), findings)
        return
    message = _literal_problem(name, rule[name])
    if message:
        findings.add(schema_error(message, str(place.member(name))))


def _literal_problem(name: str, literal: JsonValue) -> str:
    """Why the literal does not fit the operator, "" when it does."""
    if name.startswith("Is") or name == "BooleanEquals":
        return "" if isinstance(literal, bool) else "Expected value of type Boolean"
    if name.startswith("Numeric"):
        return "" if is_number(literal) else "Expected value of type Number"
    if not isinstance(literal, str):
        return "Expected value of type String"
    if name.startswith("Timestamp") and not is_timestamp(literal):
        return "String does not match RFC3339 timestamp"
    return ""


def _check_path(value: JsonValue, place: Place, findings: Bounded) -> None:
    if not isinstance(value, str):
        findings.add(schema_error("Expected value of type String", str(place)))
        return
    try:
        compile_path(value)
    except PathSyntaxError as error:
        findings.add(schema_error("Value is not a valid JSONPath", str(place), error.message))
