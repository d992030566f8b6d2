"""Definitions of the recorded cases: what AWS refused and accepted, we refuse and accept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepwell.language.check import check_definition
from stepwell.language.compile import compile_definition
from stepwell.language.diagnostics import Diagnostic, InvalidDefinition
from stepwell.values import JsonObject, JsonValue, decode
from tests.shared import require_shared, shared_path

CASES = ("conformance", "cases", "open")
REFUSAL = re.compile(r"Invalid State Machine Definition: '.*'", re.DOTALL)
PLACEHOLDER = "Value is not a valid resource ARN"
"""Some recorded definitions hold a placeholder where a function's ARN was."""


def cases() -> list[Path]:
    """The recorded cases; nothing when they are not there."""
    return sorted(shared_path(*CASES).glob("*/*.json"))


def load(path: Path) -> JsonObject:
    """A recorded case."""
    value = decode(path.read_bytes())
    assert isinstance(value, dict)
    return value


def texts(value: JsonValue) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from texts(element)
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts(member)


def refusals(case: JsonObject) -> set[str]:
    """The sentences with which AWS refused a definition."""
    found = (REFUSAL.search(text) for text in texts(case["expected"]))
    return {match[0] for match in found if match}


def machines(case: JsonObject) -> Iterator[tuple[str, str]]:
    """The text and type of each state machine of the case."""
    entries = case.get("state_machines") or []
    assert isinstance(entries, list)
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry["definition"], dict):
            yield json.dumps(entry["definition"]), str(entry.get("type") or "STANDARD")


def validations(case: JsonObject) -> Iterator[tuple[str, str, JsonValue]]:
    """The text, type and recorded diagnostics of each validation of the case."""
    steps, expected = case["steps"], case["expected"]
    assert isinstance(steps, list)
    assert isinstance(expected, dict)
    for step in steps:
        if not isinstance(step, dict):
            continue
        if step.get("call") != "states.validate_state_machine_definition":
            continue
        parameters, answer = step["params"], expected[str(step["expect"])]
        assert isinstance(parameters, dict)
        assert isinstance(answer, dict)
        definition = parameters["definition"]
        text = definition if isinstance(definition, str) else ""
        if isinstance(definition, dict):
            text = json.dumps(definition["$json"])
        yield text, str(parameters["type"]), answer["diagnostics"]


def is_here(finding: Diagnostic) -> bool:
    """Whether AWS speaks of this too, and the definition is as it was."""
    mine = "This server does not run" in finding.message
    return finding.severity == "ERROR" and not mine and finding.message != PLACEHOLDER


def test_the_recordings_are_there() -> None:
    """Enough of them to mean something."""
    require_shared(*CASES)
    assert len(cases()) > 500


def test_every_recorded_refusal_is_met_to_the_letter() -> None:
    """The whole sentence of the API's answer."""
    require_shared(*CASES)
    met = 0
    for path in cases():
        case = load(path)
        for sentence in refusals(case):
            ours = {
                InvalidDefinition(check_definition(text, machine_type=machine_type)).message
                for text, machine_type in machines(case)
            }
            if ours:
                assert (
                    sentence
                    in {text.replace("arn:aws:", "arn:<partition>:") for text in ours} | ours
                )
                met += 1
    assert met >= 10


def test_every_recorded_validation_is_met_to_the_letter() -> None:
    """Code, text, place and severity of each diagnostic, but for what is not run here yet."""
    require_shared(*CASES)
    met = 0
    for path in cases():
        for text, machine_type, recorded in validations(load(path)):
            ours = [
                {
                    "code": finding.code,
                    "message": finding.message,
                    "severity": finding.severity,
                    **({"location": finding.location} if finding.location else {}),
                }
                for finding in check_definition(text, machine_type=machine_type)
                if is_here(finding)
            ]
            assert ours == recorded, path.name
            met += 1
    assert met >= 8


def test_what_aws_accepted_is_not_refused_in_its_name() -> None:
    """No recorded definition that AWS ran gives a finding that AWS did not have."""
    require_shared(*CASES)
    compiled = 0
    for path in cases():
        case = load(path)
        if refusals(case):
            continue
        for text, machine_type in machines(case):
            errors = check_definition(text, machine_type=machine_type)
            assert [finding for finding in errors if is_here(finding)] == [], path.name
            if not any(finding.severity == "ERROR" for finding in errors):
                compile_definition(text)
                compiled += 1
    assert compiled >= 150


def test_the_recorded_cases_are_found_by_pattern() -> None:
    """A refusal is recognised in the middle of a text."""
    case: JsonObject = {"expected": {"a": ["An error: Invalid State Machine Definition: 'X at /'"]}}
    assert refusals(case) == {"Invalid State Machine Definition: 'X at /'"}
    with pytest.raises(InvalidDefinition):
        compile_definition("{}")
