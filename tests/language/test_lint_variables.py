"""Variables that nothing assigns are warned of; whatever binds a name itself is not."""

from __future__ import annotations

import json

import pytest

from stepwell.language.lint import lint_definition
from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import machine, passing


def told(text: str) -> list[tuple[str, str]]:
    """Places and hints of the warnings about variables."""
    return [
        (finding.location, finding.hint)
        for finding in lint_definition(text)
        if finding.code == "VARIABLE_NOT_ASSIGNED"
    ]


@pytest.mark.parametrize(
    "state",
    [
        passing(InputPath="$order"),
        passing(Parameters={"a": [{"b.$": "States.Format('{}', $order.id)"}]}),
        passing(QueryLanguage="JSONata", Output="{% $order.id %}"),
        {"Type": "Fail", "CausePath": "$order"},
        {
            "Type": "Choice",
            "Choices": [{"Not": {"Variable": "$order", "IsNull": True}, "Next": "X"}],
        },
        {"Type": "Wait", "SecondsPath": "$order.seconds", "End": True},
    ],
)
def test_a_variable_that_nothing_assigns(state: JsonObject) -> None:
    """Wherever it is read; the hint is the path that was probably meant."""
    [(location, hint)] = told(machine(state))
    assert location == "/States/X"
    meant = "$states.input.order" if "QueryLanguage" in state else "$.order"
    assert meant in hint


@pytest.mark.parametrize(
    "expression",
    [
        "($order := 1; $order)",
        "$map([1], function($order) { $order })",
        "[1]@$order.($order)",
        "[1]#$order.($order)",
        "$states.input.order",
        "$sum($states.input.order)",
    ],
)
def test_names_that_an_expression_binds_itself(expression: str) -> None:
    """They are no variables of the machine."""
    state = passing(QueryLanguage="JSONata", Output=f"{{% {expression} %}}")
    assert told(machine(state)) == []


@pytest.mark.parametrize("where", ["state", "rule", "catcher", "within", "jsonata"])
def test_a_variable_that_is_assigned_somewhere(where: str) -> None:
    """By a state, a choice rule, a catcher, within a branch, in the other language."""
    assign: JsonObject = {"order.$": "$.order"}
    assigning: JsonValue = passing(Assign=assign)
    if where == "jsonata":
        assigning = passing(QueryLanguage="JSONata", Assign={"order": 1})
    if where == "rule":
        rule: JsonObject = {"Variable": "$.a", "IsNull": True, "Next": "X", "Assign": assign}
        assigning = {"Type": "Choice", "Choices": [rule], "Default": "X"}
    if where == "catcher":
        catcher: JsonObject = {"ErrorEquals": ["States.ALL"], "Next": "X", "Assign": assign}
        assigning = {"Type": "Parallel", "Branches": [], "Catch": [catcher], "Next": "X"}
    if where == "within":
        scope: JsonObject = {"StartAt": "In", "States": {"In": passing(Assign=assign)}}
        assigning = {"Type": "Parallel", "Branches": [scope], "Next": "X"}
    states = {"A": assigning, "X": passing(InputPath="$order")}
    assert told(json.dumps({"StartAt": "A", "States": states})) == []


def test_a_comment_silences_it() -> None:
    """As every warning."""
    state = passing(InputPath="$order", Comment="lint-allow: VARIABLE_NOT_ASSIGNED")
    assert told(machine(state)) == []
