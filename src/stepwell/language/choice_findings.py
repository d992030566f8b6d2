"""What is wrong with a choice rule, found when a machine is created."""

from __future__ import annotations

from typing import Final

from stepwell.language.choice_operators import DEPTH_MAX, OPERATORS
from stepwell.language.diagnostics import Diagnostic, schema_error
from stepwell.language.findings import Bounded
from stepwell.language.hints import Nearest, literal, nearest
from stepwell.language.paths.equality import is_number
from stepwell.language.places import PART_CHARACTERS_MAX, Place
from stepwell.language.syntax import not_a_reference, reference_problem
from stepwell.language.timestamps import is_timestamp
from stepwell.values import JsonObject, JsonValue

COMBINERS: Final = ("And", "Or", "Not")
_FIELDS: Final = ("Variable", "Next", "Comment", "Assign")
COMMON_FIELDS: Final = frozenset(_FIELDS[1:])
_SELECTORS: Final = ("And", "Or", "Not", "Variable")
_NO_TEXT: Final = "Expected value of type String"
ONE_SELECTOR: Final = (
    "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]"
)
JSONATA_FIELDS: Final = ("Condition", "Output")


def rule_findings(
    rule: JsonValue, pointer: str, top_level: bool, find: Nearest = nearest
) -> list[Diagnostic]:
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
            _check_rule(part, place, top_level and depth == 0, findings, find)
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


def _check_rule(
    rule: JsonObject, place: Place, top_level: bool, findings: Bounded, find: Nearest
) -> None:
    _check_next(rule, place, top_level, findings)
    known = [name for name in rule if name in OPERATORS or name in _SELECTORS]
    for name in rule:
        if name not in COMMON_FIELDS and name not in known and not findings.is_full:
            findings.add(_unknown(name, place, find))
    if not isinstance(rule.get("Comment", ""), str):
        findings.add(schema_error(_NO_TEXT, str(place.member("Comment"))))
    _check_operation(rule, place, findings)


def _check_operation(rule: JsonObject, place: Place, findings: Bounded) -> None:
    """A rule compares one variable, or combines others."""
    if "Condition" in rule:
        return
    selectors = [name for name in _SELECTORS if name in rule]
    operators = [name for name in rule if name in OPERATORS]
    if len(selectors) != 1:
        if selectors or not operators:
            findings.add(schema_error(ONE_SELECTOR, str(place)))
        else:
            findings.add(schema_error("These fields are required: [Variable]", str(place)))
    elif selectors != ["Variable"]:
        for name in operators:
            findings.add(_not_supported(name, place, f"it has no place beside '{selectors[0]}'"))
        if selectors[0] != "Not":
            _check_array(rule[selectors[0]], place.member(selectors[0]), findings)
    elif len(operators) > 1:
        message = f"There should only be one of the following fields: [{', '.join(operators)}]"
        findings.add(schema_error(message, str(place)))
    elif operators:
        _check_leaf(rule, operators[0], place, findings)
    elif all(name in COMMON_FIELDS or name in _SELECTORS for name in rule):
        # Beside a field that nobody knows, which is named, this would say the same again.
        message = "A choice rule has exactly one operator, but has 0"
        findings.add(schema_error(message, str(place), "for example StringEquals or IsPresent"))


def _unknown(name: str, place: Place, find: Nearest) -> Diagnostic:
    if name == "End":
        return _not_supported(name, place, "a rule leads to a state with Next, and that may end")
    if name in JSONATA_FIELDS:
        message = (
            f"The QueryLanguage is set to 'JSONPath', but field '{name}' is only supported for the "
            "'JSONata' QueryLanguage"
        )
        return schema_error(message, str(place), at=_at(place, name))
    return _not_supported(name, place, find(name, (*OPERATORS, *COMBINERS, *_FIELDS)))


def _not_supported(name: str, place: Place, hint: str = "") -> Diagnostic:
    message = f"Field '{name}' is not supported"
    return schema_error(message, str(place), hint, at=_at(place, name))


def _at(place: Place, name: str) -> str:
    return str(place.member(name)) if len(name) <= PART_CHARACTERS_MAX else ""


def _check_next(rule: JsonObject, place: Place, top_level: bool, findings: Bounded) -> None:
    if not top_level:
        for name in ("Next", "Assign"):
            if name in rule:
                findings.add(_not_supported(name, place, "it stands in the outermost rule only"))
    elif "Next" not in rule:
        findings.add(schema_error("These fields are required: [Next]", str(place)))
    elif not isinstance(rule["Next"], str):
        findings.add(schema_error(_NO_TEXT, str(place.member("Next"))))


def _check_array(parts: JsonValue, place: Place, findings: Bounded) -> None:
    if not isinstance(parts, list):
        findings.add(schema_error("Expected value of type Array", str(place)))
    elif not parts:
        findings.add(schema_error("Value cannot be empty", str(place)))


def _check_leaf(rule: JsonObject, name: str, place: Place, findings: Bounded) -> None:
    _check_path(rule["Variable"], place.member("Variable"), findings)
    if name.endswith("Path"):
        _check_path(rule[name], place.member(name), findings)
        return
    message = _literal_problem(name, rule[name])
    if message:
        hint = literal(name, rule[name], has_path=f"{name}Path" in OPERATORS)
        findings.add(schema_error(message, str(place.member(name)), hint))


def _literal_problem(name: str, operand: JsonValue) -> str:
    """Why the literal does not fit the operator, "" when it does."""
    if name.startswith("Is") or name == "BooleanEquals":
        return "" if isinstance(operand, bool) else "Expected value of type Boolean"
    if name.startswith("Numeric"):
        return "" if is_number(operand) else "Expected value of type Number"
    if not isinstance(operand, str):
        return _NO_TEXT
    if name.startswith("Timestamp") and not is_timestamp(operand):
        return "String does not match RFC3339 timestamp"
    return ""


def _check_path(value: JsonValue, place: Place, findings: Bounded) -> None:
    if not isinstance(value, str):
        findings.add(schema_error(_NO_TEXT, str(place)))
        return
    problem = reference_problem(value)
    if problem is not None:
        findings.add(schema_error(not_a_reference(value), str(place), problem))
