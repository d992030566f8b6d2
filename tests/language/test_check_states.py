"""The rules of single states, each with AWS's words and place."""

from __future__ import annotations

import json

import pytest

from stepwell.language.check import check_definition
from stepwell.values import JsonObject
from tests.language.definitions import (
    BRANCH,
    SQS,
    choosing,
    found,
    machine,
    passing,
    task,
)

REQUIRED = "These fields are required: [{}]"
ONE_OF = "This object should have only one of the following fields: [{}]"
ONLY_ONE = "There should only be one of the following fields: [{}]"
NOT_A_TEXT_EXPRESSION = (
    "The value for the field must be a valid JSONPath or an intrinsic function expression that "
    "returns a string (ArrayGetItem, Base64Encode, Base64Decode, Format, JsonToString, Hash, or "
    "UUID)."
)
VALID: list[JsonObject] = [
    passing(),
    passing(Comment="x", QueryLanguage="JSONPath", Result=None, InputPath=None, OutputPath=None),
    passing(
        ResultPath=None, Parameters={"a.$": "States.Format('{}', $.a)", "b": [{"c.$": "$$.x"}]}
    ),
    {"Type": "Pass", "End": False, "Next": "X"},
    task(TimeoutSeconds=2, HeartbeatSeconds=1, Retry=[], Catch=[]),
    task(TimeoutSecondsPath="$.a", HeartbeatSecondsPath="$$.b"),
    task(HeartbeatSeconds=5, TimeoutSecondsPath="$.a"),
    task(Retry=[{"ErrorEquals": ["A", "B"], "IntervalSeconds": 0, "MaxAttempts": 0}]),
    task(
        Retry=[
            {"ErrorEquals": ["A"], "BackoffRate": 1, "MaxDelaySeconds": 31_622_400},
            {"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "Comment": "x"},
        ]
    ),
    task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "X", "ResultPath": None}]),
    task(Catch=[{"ErrorEquals": ["A"], "Next": "X", "ResultPath": "$.e", "Comment": "x"}]),
    {"Type": "Wait", "Seconds": 0, "End": True},
    {"Type": "Wait", "SecondsPath": "$.s", "End": True},
    {"Type": "Wait", "Timestamp": "2024-01-01T00:00:00+01:00", "End": True},
    {"Type": "Wait", "TimestampPath": "$$.State.EnteredTime", "End": True},
    {"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"},
    {"Type": "Fail"},
    {"Type": "Fail", "Error": "E", "Cause": "C"},
    {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
    {"Type": "Parallel", "Branches": [BRANCH], "ResultSelector": {"a.$": "$[0]"}, "End": True},
]


@pytest.mark.parametrize("state", VALID, ids=lambda state: json.dumps(state)[:70])
def test_a_valid_state_is_not_complained_about(state: JsonObject) -> None:
    """What AWS takes is taken."""
    text = json.dumps(
        {
            "StartAt": "C",
            "States": {
                "C": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "X"}],
                    "Default": "End",
                },
                "End": {"Type": "Succeed"},
                "X": state,
            },
        }
    )
    assert check_definition(text) == []


INVALID: list[tuple[JsonObject, list[tuple[str, str]]]] = [
    ({"End": True}, [(REQUIRED.format("Type"), "/States/X")]),
    (
        {"Type": 7, "End": True},
        [
            (
                "The field 'Type' should have one of these values: "
                "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
                "/States/X/Type",
            )
        ],
    ),
    (passing(Comment=1), [("Expected value of type String", "/States/X/Comment")]),
    (passing(Nxt="X"), [("Field 'Nxt' is not supported", "/States/X")]),
    (passing(TimeoutSeconds=5), [("Field 'TimeoutSeconds' is not supported", "/States/X")]),
    (
        passing(Output=1),
        [
            (
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for "
                "the 'JSONata' QueryLanguage",
                "/States/X",
            )
        ],
    ),
    (
        passing(QueryLanguage="JSONata", InputPath="$"),
        [
            (
                "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported "
                "for the 'JSONPath' QueryLanguage",
                "/States/X",
            )
        ],
    ),
    (
        passing(QueryLanguage="SQL"),
        [
            (
                "Value should be one of the following: [JSONPath, JSONata]",
                "/States/X/QueryLanguage",
            )
        ],
    ),
    (passing(Next="X"), [(ONLY_ONE.format("Next, End"), "/States/X")]),
    ({"Type": "Pass", "End": 1}, [("Expected value of type Boolean", "/States/X/End")]),
    (passing(InputPath="a"), [("Value must be a valid JSONPath.", "/States/X/InputPath")]),
    (passing(OutputPath=7), [("Value must be a valid JSONPath.", "/States/X/OutputPath")]),
    (passing(ResultPath="a"), [("Value must be a valid JSONPath.", "/States/X/ResultPath")]),
    (passing(ResultPath=7), [("Value must be a valid JSONPath.", "/States/X/ResultPath")]),
    (passing(ResultPath="$[*]"), [("Value is not a Reference Path", "/States/X/ResultPath")]),
    (passing(ResultPath="$$.a"), [("Value is not a Reference Path", "/States/X/ResultPath")]),
    (
        passing(Parameters={"a": {"b.$": "b"}}),
        [
            (
                "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic "
                "function call",
                "/States/X/Parameters/a",
            )
        ],
    ),
    (task(TimeoutSeconds="5"), [("Expected value of type Integer", "/States/X/TimeoutSeconds")]),
    (task(TimeoutSeconds=True), [("Expected value of type Integer", "/States/X/TimeoutSeconds")]),
    (task(TimeoutSeconds=0), [("Minimum value is 1", "/States/X/TimeoutSeconds")]),
    (
        task(TimeoutSeconds=100_000_000),
        [("Maximum value is 99999999", "/States/X/TimeoutSeconds")],
    ),
    (
        task(TimeoutSeconds=5, HeartbeatSeconds=5),
        [
            (
                "The value of 'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'",
                "/States/X/HeartbeatSeconds",
            )
        ],
    ),
    (
        task(TimeoutSeconds=5, TimeoutSecondsPath="$.a"),
        [(ONLY_ONE.format("TimeoutSeconds, TimeoutSecondsPath"), "/States/X")],
    ),
    (
        task(HeartbeatSecondsPath=None),
        [("Value must be a valid JSONPath.", "/States/X/HeartbeatSecondsPath")],
    ),
    (task(Retry={}), [("Expected value of type Array", "/States/X/Retry")]),
    (task(Retry=[1]), [("Expected value of type Object", "/States/X/Retry[0]")]),
    (task(Retry=[{}]), [(REQUIRED.format("ErrorEquals"), "/States/X/Retry[0]")]),
    (
        task(Retry=[{"ErrorEquals": []}]),
        [("Value cannot be empty", "/States/X/Retry[0]/ErrorEquals")],
    ),
    (
        task(Retry=[{"ErrorEquals": "A"}]),
        [("Expected value of type Array", "/States/X/Retry[0]/ErrorEquals")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A", 1]}]),
        [("Expected value of type String", "/States/X/Retry[0]/ErrorEquals[1]")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["States.ALL", "A"]}]),
        [
            (
                "States.ALL must appear alone and at end of list",
                "/States/X/Retry[0]/ErrorEquals[0]",
            )
        ],
    ),
    (
        task(Catch=[{"ErrorEquals": ["A", "States.ALL"], "Next": "X"}]),
        [
            (
                "States.ALL must appear alone and at end of list",
                "/States/X/Catch[0]/ErrorEquals[1]",
            )
        ],
    ),
    (
        task(TimeoutSecondsPath="$.a..b"),
        [("Value is not a Reference Path", "/States/X/TimeoutSecondsPath")],
    ),
    (
        {"Type": "Wait", "SecondsPath": "$.a[*]", "End": True},
        [("Value is not a Reference Path", "/States/X/SecondsPath")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]),
        [
            (
                "States.ALL must appear alone and at end of list",
                "/States/X/Retry[0]/ErrorEquals[0]",
            )
        ],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "BackoffRate": 0.5}]),
        [("Minimum value is 1.0", "/States/X/Retry[0]/BackoffRate")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "BackoffRate": 10**400}]),
        [("Maximum value is 99999999", "/States/X/Retry[0]/BackoffRate")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "BackoffRate": "2"}]),
        [("Expected value of type Number", "/States/X/Retry[0]/BackoffRate")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]),
        [
            (
                "Value should be one of the following: [NONE, FULL]",
                "/States/X/Retry[0]/JitterStrategy",
            )
        ],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "MaxDelaySeconds": 31_622_401}]),
        [("Maximum value is 31622400", "/States/X/Retry[0]/MaxDelaySeconds")],
    ),
    (
        task(Retry=[{"ErrorEquals": ["A"], "Next": "X"}]),
        [("Field 'Next' is not supported", "/States/X/Retry[0]")],
    ),
    (task(Catch=[{"ErrorEquals": ["A"]}]), [(REQUIRED.format("Next"), "/States/X/Catch[0]")]),
    (
        task(Catch=[{"ErrorEquals": ["A"], "Next": 1}]),
        [("Expected value of type String", "/States/X/Catch[0]/Next")],
    ),
    (
        task(Catch=[{"ErrorEquals": ["A"], "Next": "X", "ResultPath": "$.a[*]"}]),
        [("Value is not a Reference Path", "/States/X/Catch[0]/ResultPath")],
    ),
    (
        {"Type": "Wait", "End": True},
        [(ONE_OF.format("SecondsPath, Seconds, TimestampPath, Timestamp"), "/States/X")],
    ),
    (
        {"Type": "Wait", "Seconds": 1, "SecondsPath": "$.a", "End": True},
        [(ONLY_ONE.format("SecondsPath, Seconds, TimestampPath, Timestamp"), "/States/X")],
    ),
    ({"Type": "Wait", "Seconds": -1, "End": True}, [("Minimum value is 0", "/States/X/Seconds")]),
    (
        {"Type": "Wait", "Seconds": 1.5, "End": True},
        [("Expected value of type Integer", "/States/X/Seconds")],
    ),
    (
        {"Type": "Wait", "Timestamp": "2024-01-01", "End": True},
        [("String does not match RFC3339 timestamp", "/States/X/Timestamp")],
    ),
    (
        {"Type": "Wait", "Timestamp": 1, "End": True},
        [("Expected value of type String", "/States/X/Timestamp")],
    ),
    ({"Type": "Fail", "End": True}, [("Field 'End' is not supported", "/States/X")]),
    (
        {"Type": "Fail", "Error": "a", "ErrorPath": "$.a"},
        [(ONLY_ONE.format("Error, ErrorPath"), "/States/X")],
    ),
    ({"Type": "Fail", "Cause": 1}, [("Expected value of type String", "/States/X/Cause")]),
    ({"Type": "Fail", "CausePath": "a"}, [(NOT_A_TEXT_EXPRESSION, "/States/X/CausePath")]),
    ({"Type": "Fail", "CausePath": None}, [(NOT_A_TEXT_EXPRESSION, "/States/X/CausePath")]),
    (
        {"Type": "Fail", "ErrorPath": "States.MathAdd(1, 2)"},
        [(NOT_A_TEXT_EXPRESSION, "/States/X/ErrorPath")],
    ),
    (
        {"Type": "Parallel", "Branches": [], "End": True},
        [("Value cannot be empty", "/States/X/Branches")],
    ),
    (
        {"Type": "Parallel", "Branches": {}, "End": True},
        [("Expected value of type Array", "/States/X/Branches")],
    ),
    (
        {"Type": "Parallel", "Branches": [1], "End": True},
        [("Expected value of type Object", "/States/X/Branches[0]")],
    ),
    (
        {"Type": "Parallel", "Branches": [{"Comment": "x"}], "End": True},
        [(REQUIRED.format("States, StartAt"), "/States/X/Branches[0]")],
    ),
    ({"Type": "Parallel", "End": True}, [(REQUIRED.format("Branches"), "/States/X")]),
    ({"Type": "Task", "End": True}, [(REQUIRED.format("Resource"), "/States/X")]),
    (task(Resource=1), [("Expected value of type String", "/States/X/Resource")]),
    (
        task(Resource=SQS),
        [(f"Parameters field is required for resource ARN: {SQS}", "/States/X/Resource")],
    ),
    (
        task(Resource=SQS, Parameters={"QueueUrl.$": "$.q", "Foo": 1}),
        [
            ("The field 'MessageBody' is required but was missing", "/States/X/Parameters"),
            ('The field "Foo" is not supported by Step Functions', "/States/X/Parameters"),
        ],
    ),
    (
        task(Resource=SQS, QueryLanguage="JSONata"),
        [(f"Arguments field is required for resource ARN: {SQS}", "/States/X/Resource")],
    ),
    (
        task(Credentials={"RoleArn": "x"}),
        [("The field 'Credentials' is not supported for activities", "/States/X/Credentials")],
    ),
    (
        task(
            Resource="arn:aws:states:::lambda:invoke",
            Parameters={"FunctionName": "f"},
            Credentials={},
        ),
        [("The field 'RoleArn' is required but was missing", "/States/X/Credentials")],
    ),
    (
        task(
            Resource="arn:aws:states:::lambda:invoke",
            Parameters={"FunctionName": "f"},
            Credentials=None,
        ),
        [("Expected value of type Object", "/States/X/Credentials")],
    ),
    (
        task(
            Resource="arn:aws:states:::lambda:invoke",
            Parameters={"FunctionName": "f"},
            Credentials={"RoleArn": {}},
        ),
        [("Expected value of type String", "/States/X/Credentials/RoleArn")],
    ),
]


@pytest.mark.parametrize(("state", "expected"), INVALID, ids=lambda value: json.dumps(value)[:70])
def test_each_broken_rule_is_named_in_words_and_place(
    state: JsonObject, expected: list[tuple[str, str]]
) -> None:
    """A broken rule gives exactly its finding; the missing end of the machine is left aside."""
    assert [
        entry for entry in found(machine(state)) if "terminal state" not in entry[0]
    ] == expected


def test_a_jsonata_machine_has_no_jsonpath_states() -> None:
    """The words and the place are recorded."""
    assert found(machine(passing(QueryLanguage="JSONPath"), QueryLanguage="JSONata")) == [
        (
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            "/States/X",
        )
    ]


def test_a_catcher_in_jsonata_has_no_result_path() -> None:
    """Its value is not looked at, its presence is."""
    state = task(
        QueryLanguage="JSONata",
        Catch=[{"ErrorEquals": ["A"], "Next": "X", "ResultPath": "$[*]"}],
    )
    assert found(machine(state)) == [
        (
            "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for "
            "the 'JSONPath' QueryLanguage",
            "/States/X/Catch[0]",
        )
    ]


def test_an_unknown_resource_is_named_in_its_place() -> None:
    """Its Parameters are not looked at."""
    state = task(Resource="arn:aws:states:::sqs:foo", Parameters={"Foo": 1})
    assert [location for _, location in found(machine(state))] == ["/States/X/Resource"]


def test_a_jsonata_choice_is_only_asked_for_its_choices() -> None:
    """Conditions are not looked into before they can be run."""
    state: JsonObject = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": []}
    messages = [message for message, _ in found(machine(state))]
    assert "Value cannot be empty" in messages


def test_choice_rules_are_checked_and_may_not_be_absent() -> None:
    """An empty or foreign list of rules is named; so is what a rule lacks."""
    assert ("Value cannot be empty", "/States/X/Choices") in found(machine(choosing([])))
    assert ("Expected value of type Array", "/States/X/Choices") in found(machine(choosing({})))
    assert any(
        location.startswith("/States/X/Choices[0]")
        for _, location in found(machine(choosing([{"Variable": "$.a"}])))
    )
    assert any(
        location.startswith("/States/X/Choices[0]")
        for _, location in found(machine(choosing(["rule"])))
    )


def test_an_unknown_field_brings_the_nearest_known_name() -> None:
    """A typing mistake is answered with what was probably meant."""
    hints = [finding.hint for finding in check_definition(machine(passing(ResultPaht="$")))]
    assert hints == ["did you mean 'ResultPath'?"]
