"""The rules of JSONata in a state: well-formed expressions that see only what there is.

`$states.result` is there once the work is done, `$states.errorOutput` in a catcher. There is no
context item, so bare names and `$` have no meaning at the top of an expression.
"""

from __future__ import annotations

import re

from stepwell.language.check_variables import check_assign
from stepwell.language.choice_findings import ONE_SELECTOR
from stepwell.language.choice_operators import OPERATORS
from stepwell.language.compile_jsonata import WITH_RESULT
from stepwell.language.findings import Findings
from stepwell.language.hints import TIMESTAMP
from stepwell.language.jsonata import JsonataSyntaxError
from stepwell.language.jsonata.adapter import Compiled, pattern_trouble
from stepwell.language.jsonata.patterns import patterns_of
from stepwell.language.jsonata.templates import (
    CLOSING,
    DEPTH_MAX,
    OPENING,
    expression,
    is_expression,
    is_half_expression,
    texts,
)
from stepwell.language.jsonata.wording import reference_words
from stepwell.language.syntax import is_timestamp
from stepwell.values import JsonObject, JsonValue

INVALID = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
_CODE = re.compile(r"([A-Z]\d{4}): ")

PATTERN_CHARACTERS_MAX = 300
"""Longer regular expressions are not looked at: what is wrong with them shows when they are met."""
_NOTHING_MORE = frozenset({"input", "context"})
_RESULT = _NOTHING_MORE | {"result"}
_ERROR = _NOTHING_MORE | {"errorOutput"}
_SPECIAL = frozenset({"result", "errorOutput"})


def members_after(state: JsonObject) -> frozenset[str]:
    """The members of `$states` that Output and Assign of a state see."""
    return _RESULT if state.get("Type") in WITH_RESULT else _NOTHING_MORE


def check_jsonata_template(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """A field that is evaluated before the work."""
    check_expressions(findings, state[name], f"{pointer}/{name}", _NOTHING_MORE)


def check_jsonata_output(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Output."""
    check_expressions(findings, state[name], f"{pointer}/{name}", members_after(state))


def check_jsonata_assign(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Assign."""
    check_assign(findings, state[name], f"{pointer}/{name}", "JSONata")
    check_expressions(findings, state[name], f"{pointer}/{name}", members_after(state))


def check_jsonata_catcher(findings: Findings, catcher: JsonObject, place: str) -> None:
    """Output and Assign of a catcher."""
    if "Output" in catcher:
        check_expressions(findings, catcher["Output"], f"{place}/Output", _ERROR)
    if "Assign" in catcher:
        check_assign(findings, catcher["Assign"], f"{place}/Assign", "JSONata")
        check_expressions(findings, catcher["Assign"], f"{place}/Assign", _ERROR)


def check_expressions(
    findings: Findings, template: JsonValue, place: str, members: frozenset[str]
) -> None:
    """Every expression within a template; `members` of `$states` are there."""
    if _too_deep(template):
        findings.error("The template is too deeply nested", place)
        return
    for text, where in texts(template, place):
        if is_expression(text):
            _check_expression(findings, text, where, members)
        elif is_half_expression(text):
            message = f"JSONata string must start with {OPENING} and end with {CLOSING}"
            findings.error(message, where)


def _too_deep(template: JsonValue) -> bool:
    """Whether a template nests deeper than one may."""
    layer = [template]
    for _ in range(DEPTH_MAX + 1):
        layer = [
            inner
            for part in layer
            if isinstance(part, list | dict)
            for inner in (part.values() if isinstance(part, dict) else part)
        ]
        if not layer:
            return False
    return True


def _check_expression(findings: Findings, text: str, place: str, members: frozenset[str]) -> None:
    try:
        compiled = expression(text)
    except JsonataSyntaxError as error:
        _invalid(findings, text, place, error.message, error.position)
        return
    _check_patterns(findings, text, place, compiled)
    analysis = compiled.analysis
    for message in analysis.refused:
        findings.coded(UNSUPPORTED, message, place)
    for member in sorted((analysis.members or set()) & _SPECIAL - members):
        message = f"Reference to '$states.{member}' is not supported."
        findings.coded(UNSUPPORTED, message, place)


def _invalid(findings: Findings, text: str, place: str, said: str, position: int | None) -> None:
    """AWS leaves the code of the error out, so the hint has it."""
    code = _CODE.match(said)
    hint = f"the JSONata expression is not valid ({code[1]})" if code else "this is no JSONata"
    character = 0
    if position is not None:
        start = len(text) - len(text[len(OPENING) :].lstrip())
        character = start + position + 1
        hint += f": look at character {character} of the text"
    message = reference_words(_CODE.sub("", said, count=1))
    findings.coded(INVALID, message, place, hint, character)


def _check_patterns(findings: Findings, text: str, place: str, compiled: Compiled) -> None:
    """Regular expressions that no engine takes. Of a definition that is full of them, the first."""
    if "/" not in text or not findings.patterns_left:
        return
    for pattern in patterns_of(compiled.text):
        if len(pattern.text) <= PATTERN_CHARACTERS_MAX and findings.patterns_left > 0:
            findings.patterns_left -= 1
            said = pattern_trouble(pattern)
            if said is not None:
                message = f"S0301: The regular expression cannot be read: {said}"
                _invalid(findings, text, place, message, pattern.position)


def check_jsonata_text(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Text that may be computed."""
    if findings.text(state, name, pointer) is not None:
        check_jsonata_template(findings, state, name, pointer)


def check_jsonata_timestamp(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """A timestamp that may be computed."""
    text = findings.text(state, name, pointer)
    if text is None:
        return
    check_jsonata_template(findings, state, name, pointer)
    if not is_expression(text) and not is_half_expression(text) and not is_timestamp(text):
        place = f"{pointer}/{name}"
        findings.error("String does not match RFC3339 timestamp", place, TIMESTAMP)


def is_computed(findings: Findings, state: JsonObject, name: str, pointer: str) -> bool:
    """Whether a number is computed; then its expression is checked."""
    if not isinstance(state[name], str):
        return False
    if not is_expression(state[name]) and not is_half_expression(state[name]):
        return False
    check_jsonata_template(findings, state, name, pointer)
    return True


def check_jsonata_rule(findings: Findings, rule: JsonValue, place: str) -> None:
    """A choice rule."""
    if not isinstance(rule, dict):
        findings.error("Expected value of type Object", place)
        return
    _check_rule_fields(findings, rule, place)
    if "Condition" in rule:
        condition = rule["Condition"]
        if not isinstance(condition, bool) and not is_expression(condition):
            findings.error("Expected value of type Boolean", f"{place}/Condition")
        check_expressions(findings, condition, f"{place}/Condition", _NOTHING_MORE)
    if "Output" in rule:
        check_expressions(findings, rule["Output"], f"{place}/Output", _NOTHING_MORE)
    if "Assign" in rule:
        check_assign(findings, rule["Assign"], f"{place}/Assign", "JSONata")
        check_expressions(findings, rule["Assign"], f"{place}/Assign", _NOTHING_MORE)


_RULE_FIELDS = {
    "Comment": "B",
    "Condition": "A",
    "Next": "B",
    "Output": "A",
    "Assign": "B",
    **dict.fromkeys(("Variable", "And", "Or", "Not", *OPERATORS), "P"),
}


def _check_rule_fields(findings: Findings, rule: JsonObject, place: str) -> None:
    findings.known_fields(rule, _RULE_FIELDS, place, "JSONata")
    if not any(name in rule for name in ("Condition", "Variable", "And", "Or", "Not")):
        findings.error(ONE_SELECTOR, place, "a rule has a Condition here")
    findings.required([] if "Next" in rule else ["Next"], place)
    findings.text(rule, "Next", place)
    findings.text(rule, "Comment", place)
