"""Choice rules and payload templates answer as AWS was recorded to answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stepwell.language.choices import compile_rule, rule_findings
from stepwell.language.templates import compile_template, template_findings
from stepwell.values import JsonObject, JsonValue, decode, encode_text
from tests.language.data_environment import DataEnvironment
from tests.shared import require_shared

CASES = ("conformance", "cases", "open")
CHANCE = ("test_math_random", "test_uuid", "test_nested_calls", "escaped_argument")
"""Cases whose recorded results are placeholders."""


def cases(category: str) -> Iterator[tuple[str, JsonObject]]:
    """The JSONPath cases of a category."""
    for file in sorted(require_shared(*CASES, category).glob("*.json")):
        case = decode(file.read_bytes())
        assert isinstance(case, dict)
        if case["features"] == [] and not any(mark in file.name for mark in CHANCE):
            yield file.name, case


def played(case: JsonObject) -> Iterator[tuple[JsonObject, JsonValue, JsonValue]]:
    """(first state, input, recorded answer) of each execution."""
    machines, executions = case["state_machines"], case["executions"]
    assert isinstance(machines, list)
    assert isinstance(executions, list)
    for place, execution in enumerate(executions):
        machine = machines[place if len(machines) == len(executions) else 0]
        assert isinstance(machine, dict)
        assert isinstance(execution, dict)
        definition = machine["definition"]
        assert isinstance(definition, dict)
        states = definition["States"]
        assert isinstance(states, dict)
        first = next(iter(states.values()))
        assert isinstance(first, dict)
        yield first, execution["input"], _recorded(case["expected"], place)


def _recorded(expected: JsonValue, place: int) -> JsonValue:
    """The output of the execution at this place, as the two styles of recording hold it."""
    assert isinstance(expected, dict)
    lists = [held.get("cases") if isinstance(held, dict) else held for held in expected.values()]
    for held in lists:
        if isinstance(held, list):
            one = held[place]
            assert isinstance(one, dict)
            return one["output"]
    histories = [held for held in expected.values() if isinstance(held, dict) and "events" in held]
    events = histories[place]["events"]
    assert isinstance(events, list)
    for event in reversed(events):
        assert isinstance(event, dict)
        details = event.get("executionSucceededEventDetails")
        if isinstance(details, dict):
            return details["output"]
    raise AssertionError("nothing recorded")


def chosen(state: JsonObject, data: JsonValue) -> JsonValue:
    """The state that the Choice state goes to."""
    rules = state["Choices"]
    assert isinstance(rules, list)
    for rule in rules:
        assert isinstance(rule, dict)
        assert rule_findings(rule, "/Choices", True) == []
        if compile_rule(rule)(data, DataEnvironment()):
            return rule["Next"]
    return state["Default"]


def test_choices_go_where_aws_went() -> None:
    """Every operator that was recorded, over hundreds of inputs."""
    count = 0
    for name, case in cases("choice"):
        for state, data, answer in played(case):
            if isinstance(answer, dict) and "TestResult.$" in answer:
                assert chosen(state, data) == answer["TestResult.$"], (name, data)
                count += 1
    assert count > 300


@pytest.mark.parametrize(("category", "fewest"), [("intrinsic_functions", 80), ("base", 10)])
def test_templates_give_what_aws_gave(category: str, fewest: int) -> None:
    """Functions and paths in Parameters, down to the order of members and the kind of number."""
    count = 0
    for name, case in cases(category):
        for state, data, answer in played_if_passing(case):
            template = state["Parameters"]
            assert template_findings(template, "/Parameters") == []
            built = compile_template(template, "Parameters")(data, DataEnvironment())
            assert encode_text(built) == encode_text(answer), (name, data)
            count += 1
    assert count >= fewest


def played_if_passing(case: JsonObject) -> list[tuple[JsonObject, JsonValue, JsonValue]]:
    """The executions of a single Pass state with Parameters."""
    machines = case["state_machines"]
    assert isinstance(machines, list)
    if '"Parameters"' not in encode_text(machines) or '"Fail"' in encode_text(machines):
        return []
    return list(played(case))
