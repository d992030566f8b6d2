"""JSONata and variables in a definition: what is refused at creation, with which code and place."""

from __future__ import annotations

import json

import pytest

from stepwell.language.check import check_definition
from stepwell.language.diagnostics import ERROR
from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import SQS, machine, passing, task

UNSUPPORTED, INVALID = "UNSUPPORTED_JSONATA_EXPRESSION", "INVALID_JSONATA_EXPRESSION"
SCHEMA = "SCHEMA_VALIDATION_FAILED"
ONE_SELECTOR = (
    "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]"
)
WRONG_LANGUAGE = (
    "The QueryLanguage is set to 'JSONata', but field '{}' is only supported for the 'JSONPath' "
    "QueryLanguage"
)


def found(text: str) -> list[tuple[str, str, str]]:
    """Code, message and place of each error."""
    return [
        (finding.code, finding.message, finding.location)
        for finding in check_definition(text)
        if finding.severity == ERROR
    ]


def jsonata(state: JsonValue) -> str:
    """A JSONata machine of one state."""
    return machine(state, QueryLanguage="JSONata")


def choice(**rule: JsonValue) -> str:
    """A JSONata machine with one choice rule."""
    states: JsonObject = {
        "X": {"Type": "Choice", "Choices": [{"Next": "Y", **rule}], "Default": "Y"},
        "Y": {"Type": "Succeed"},
    }
    return json.dumps({"StartAt": "X", "States": states, "QueryLanguage": "JSONata"})


ACCEPTED = [
    jsonata(passing(Output="{% $states.input %}", Assign={"a": "{% $b %}", "c": 1})),
    jsonata(passing(Output={"a": ["{% $x[a = 1].b %}", {"b": None}], "c": "plain {% x"[:5]})),
    jsonata(passing(Output=None)),
    jsonata(task(Output="{% $states.result %}", Assign={"r": "{% $states.result.a %}"})),
    jsonata(task(TimeoutSeconds="{% $states.input.t %}", HeartbeatSeconds="{% 2 %}")),
    jsonata(task(TimeoutSeconds=10, HeartbeatSeconds=2)),
    jsonata({"Type": "Wait", "Seconds": "{% $s %}", "End": True}),
    jsonata({"Type": "Wait", "Timestamp": "{% $now() %}", "End": True}),
    jsonata({"Type": "Wait", "Timestamp": "2024-01-01T00:00:00Z", "End": True}),
    jsonata({"Type": "Fail", "Error": "{% $e %}", "Cause": "plain"}),
    machine(passing(QueryLanguage="JSONata", Output="{% $uuid() %}")),
    machine(passing(Assign={"a.$": "$.b", "c": {"d.$": "$$.Execution.Id"}})),
    machine(passing(Assign={"größe": 1, "x_1": 2, "名": 3})),
    choice(Condition=True),
    choice(Condition="{% $x > 1 %}", Output={"a": "{% $x %}"}, Assign={"b": "{% $x %}"}),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str) -> None:
    """What AWS takes is taken."""
    assert found(text) == []


NOT_THERE = "Reference to '$states.{}' is not supported."
HALF = "JSONata string must start with {% and end with %}"

REFUSED: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        jsonata(passing(Output={"v": "{% phone %}"})),
        [
            (
                UNSUPPORTED,
                "Reference to 'phone' at the top level is not supported.",
                "/States/X/Output/v",
            )
        ],
    ),
    (
        jsonata(passing(Output="{% $$.a %}")),
        [(UNSUPPORTED, "Reference to '$$' is not supported.", "/States/X/Output")],
    ),
    (
        jsonata(passing(Assign={"a": ["{% 1 + %}"]})),
        [(INVALID, "Unexpected end of expression", "/States/X/Assign/a[0]")],
    ),
    (jsonata(passing(Output="{% 1 ")), [(SCHEMA, HALF, "/States/X/Output")]),
    (jsonata(passing(Output="1 %}")), [(SCHEMA, HALF, "/States/X/Output")]),
    (
        jsonata(passing(Output="{% $states.result %}")),
        [(UNSUPPORTED, NOT_THERE.format("result"), "/States/X/Output")],
    ),
    (
        jsonata(task(Arguments="{% $states.result %}")),
        [(UNSUPPORTED, NOT_THERE.format("result"), "/States/X/Arguments")],
    ),
    (
        jsonata(task(Output="{% $states.errorOutput %}")),
        [(UNSUPPORTED, NOT_THERE.format("errorOutput"), "/States/X/Output")],
    ),
    (
        choice(Condition="{% $states.result %}"),
        [(UNSUPPORTED, NOT_THERE.format("result"), "/States/X/Choices[0]/Condition")],
    ),
    (
        choice(Condition=1),
        [(SCHEMA, "Expected value of type Boolean", "/States/X/Choices[0]/Condition")],
    ),
    (choice(), [(SCHEMA, ONE_SELECTOR, "/States/X/Choices[0]")]),
    (
        choice(Variable="$.a", StringEquals="a"),
        [
            (SCHEMA, WRONG_LANGUAGE.format("Variable"), "/States/X/Choices[0]"),
            (SCHEMA, WRONG_LANGUAGE.format("StringEquals"), "/States/X/Choices[0]"),
        ],
    ),
    (
        jsonata(passing(Output=["{% a[1,2) %}"])),
        [(INVALID, 'Expected "]", got ","', "/States/X/Output[0]")],
    ),
    (
        jsonata(passing(Output='{% {"a":} %}')),
        [(INVALID, 'The symbol "}" cannot be used as a unary operator', "/States/X/Output")],
    ),
    (
        jsonata(passing(Output="{% $a $b %}")),
        [(INVALID, 'Syntax error: "b"', "/States/X/Output")],
    ),
    (
        jsonata(passing(Output="{% 1 2 %}")),
        [(INVALID, "Syntax error: 2", "/States/X/Output")],
    ),
    (
        jsonata(task(TimeoutSeconds="ten")),
        [(SCHEMA, "Expected value of type Integer", "/States/X/TimeoutSeconds")],
    ),
    (
        jsonata({"Type": "Wait", "Seconds": -1, "End": True}),
        [(SCHEMA, "Minimum value is 0", "/States/X/Seconds")],
    ),
    (
        jsonata({"Type": "Wait", "Timestamp": "soon", "End": True}),
        [(SCHEMA, "String does not match RFC3339 timestamp", "/States/X/Timestamp")],
    ),
    (
        jsonata({"Type": "Fail", "Error": 5}),
        [(SCHEMA, "Expected value of type String", "/States/X/Error")],
    ),
    (
        jsonata({"Type": "Task", "Resource": SQS, "End": True}),
        [(SCHEMA, f"Arguments field is required for resource ARN: {SQS}", "/States/X/Resource")],
    ),
    (
        machine(passing(Assign=[1])),
        [(SCHEMA, "Expected value of type Object", "/States/X/Assign")],
    ),
    (
        machine(passing(Assign={"a.$": "nonsense"})),
        [
            (
                SCHEMA,
                "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic "
                "function call",
                "/States/X/Assign",
            )
        ],
    ),
    (
        machine(passing(Assign={"states": 1})),
        [
            (
                "RESERVED_VARIABLE_NAME",
                "Cannot assign to reserved variable '$states'.",
                "/States/X/Assign",
            )
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_refused(text: str, expected: list[tuple[str, str, str]]) -> None:
    """Each with AWS's code at the place where it stands."""
    assert found(text) == expected


@pytest.mark.parametrize("name", ["", "1a", "_a", "a-b", "a.b", "a[0]", "a b", "$x"])
def test_names_of_variables(name: str) -> None:
    """A name begins with a letter and goes on with letters, digits and underscores."""
    for text in (machine(passing(Assign={name: 1})), jsonata(passing(Assign={name: 1}))):
        [(code, message, place)] = found(text)
        assert code == "INVALID_VARIABLE_NAME"
        wanted = f"Invalid variable name '{name}': the variable name contains invalid characters."
        assert message == wanted
        assert place == "/States/X/Assign"


def test_a_variables_name_is_not_too_long() -> None:
    """80 characters, not more."""
    assert found(machine(passing(Assign={"x" * 80: 1}))) == []
    [(code, message, _)] = found(machine(passing(Assign={"x" * 81: 1})))
    assert code == "INVALID_VARIABLE_NAME"
    assert message.endswith("the variable name exceeds 80 characters.")


def test_catchers_see_the_error() -> None:
    """`$states.errorOutput` is there, `$states.result` is not."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "X",
        "Output": "{% $states.errorOutput.Cause %}",
        "Assign": {"r": "{% $states.result %}"},
    }
    assert found(jsonata(task(Catch=[catcher]))) == [
        (UNSUPPORTED, NOT_THERE.format("result"), "/States/X/Catch[0]/Assign/r")
    ]


def nested(inner: str, outer: str, *, own: str = "") -> str:
    """A Parallel whose branch assigns `inner`, behind a state that assigns `outer`."""
    branch: JsonObject = {"StartAt": "B", "States": {"B": passing(Assign={inner: 1})}}
    parallel: JsonObject = {"Type": "Parallel", "Branches": [branch], "End": True}
    if own:
        parallel["Assign"] = {own: 1}
    first: JsonObject = {"Type": "Pass", "Assign": {outer: 1}, "Next": "P"}
    return json.dumps({"StartAt": "A", "States": {"A": first, "P": parallel}})


def test_an_inner_scope_may_not_assign_an_outer_name() -> None:
    """It reads it; only what the state around it assigns at its end is free."""
    assert found(nested("a", "b")) == []
    assert found(nested("a", "b", own="a")) == []
    assert found(nested("a", "a")) == [
        (
            SCHEMA,
            "The variable 'a' is assigned in an outer scope and cannot be assigned here",
            "/States/P/Branches[0]/States/B/Assign",
        )
    ]
    assert len(found(nested("a", "a", own="a"))) == 1


def test_a_deep_template_is_refused() -> None:
    """Neither checking nor compiling recurses without bound."""
    template: JsonValue = "{% 1 %}"
    for _ in range(110):
        template = {"a": template}
    assert found(jsonata(passing(Output=template)))
