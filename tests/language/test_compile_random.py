"""Whatever the text, the answer is a Program or a refusal."""

from __future__ import annotations

import copy
import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.language.compile import compile_definition, compile_taken
from stepwell.language.diagnostics import ERROR, InvalidDefinition, render
from stepwell.language.fields import STATE_FIELDS
from stepwell.language.program import Program
from stepwell.language.review import review_definition
from stepwell.values import JsonObject, JsonValue
from tests.shared import shared_path

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"

VALID: list[JsonObject] = [
    {
        "StartAt": "A",
        "TimeoutSeconds": 5,
        "States": {
            "A": {
                "Type": "Task",
                "Resource": ACTIVITY,
                "Parameters": {"a.$": "$.a", "b": [1, {"c.$": "States.UUID()"}]},
                "ResultSelector": {"a.$": "$"},
                "ResultPath": "$.r",
                "TimeoutSecondsPath": "$.t",
                "HeartbeatSeconds": 5,
                "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 1.5}],
                "Catch": [{"ErrorEquals": ["X"], "Next": "F", "ResultPath": "$.e"}],
                "Next": "C",
            },
            "C": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.a", "StringEquals": "x", "Next": "W"},
                    {"Not": {"Variable": "$.a", "IsPresent": True}, "Next": "P"},
                ],
                "Default": "S",
            },
            "W": {"Type": "Wait", "Timestamp": "2024-01-01T00:00:00Z", "Next": "S"},
            "P": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}],
                "End": True,
            },
            "F": {"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"},
            "S": {"Type": "Succeed", "InputPath": None},
        },
    },
    {
        "StartAt": "P",
        "QueryLanguage": "JSONata",
        "States": {
            "P": {"Type": "Pass", "Assign": {"v": "{% $states.input.x %}"}, "Next": "C"},
            "C": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $v > 1 %}", "Next": "M", "Output": "{% $v %}"}],
                "Default": "W",
                "Assign": {"w": [1, "{% $v %}"]},
            },
            "W": {"Type": "Wait", "Seconds": "{% $v + 1 %}", "Next": "M"},
            "M": {
                "Type": "Map",
                "Items": "{% [1, 2] %}",
                "ItemSelector": {"i": "{% $states.context.Map.Item.Index %}"},
                "MaxConcurrency": "{% $v %}",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "T",
                    "States": {
                        "T": {
                            "Type": "Task",
                            "Resource": ACTIVITY,
                            "Arguments": {"v": "{% $v %}"},
                            "TimeoutSeconds": "{% $v %}",
                            "Catch": [
                                {
                                    "ErrorEquals": ["States.ALL"],
                                    "Assign": {"e": "{% $states.errorOutput %}"},
                                    "Next": "U",
                                }
                            ],
                            "End": True,
                        },
                        "U": {"Type": "Fail", "Error": "{% $e.Error %}"},
                    },
                },
                "Output": "{% $states.result %}",
                "Next": "D",
            },
            "D": {
                "Type": "Map",
                "Label": "d",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "I",
                    "States": {"I": {"Type": "Succeed", "Output": "{% $states.input %}"}},
                },
                "ToleratedFailurePercentage": 5,
                "End": True,
            },
        },
    },
    {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrencyPath": "$.n",
                "ToleratedFailureCountPath": "$.t",
                "Iterator": {
                    "StartAt": "I",
                    "States": {
                        "I": {
                            "Type": "Pass",
                            "Parameters": {"x.$": "$$.Map.Item.Value", "y.$": "$v"},
                            "Assign": {"w.$": "States.ArrayGetItem($.a, 0)"},
                            "End": True,
                        }
                    },
                },
                "Assign": {"v.$": "$[0]"},
                "Next": "J",
            },
            "J": {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Output": {"a": ["{% $v %}"]},
                "End": True,
            },
        },
    },
]

TOKEN_SQS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
SDK_QUERY = "arn:aws:states:::aws-sdk:dynamodb:query"
GET_OBJECT = "arn:aws:states:::s3:getObject"
PUT_OBJECT = "arn:aws:states:::s3:putObject"
INNER: JsonObject = {"Type": "Pass", "Result": {"a.$": "$.a"}, "End": True}

VALID += [
    {
        "StartAt": "Ask",
        "Comment": "lint-allow: TOKEN_DOUBLED_BY_RETRY",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": TOKEN_SQS,
                "Credentials": {"RoleArn.$": "$.role"},
                "Parameters": {
                    "QueueUrl": "http://localhost/000000000000/q",
                    "MessageBody": {"t.$": "States.Format('{}', $$.Task.Token)", "u": "$.a"},
                },
                "HeartbeatSeconds": 60,
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
                "Next": "Poll",
            },
            "Poll": {
                "Type": "Task",
                "Resource": SDK_QUERY,
                "Parameters": {"TableName": "t"},
                "Next": "Again",
            },
            "Again": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.n", "NumericLessThan": 1},
                            {"Or": [{"Variable": "$.b", "BooleanEquals": True}]},
                            {"Not": {"Variable": "$.s", "StringMatches": "a*"}},
                        ],
                        "Next": "Poll",
                    },
                    {"Variable": "$.t", "TimestampEqualsPath": "$.u", "Next": "Read"},
                ],
                "Default": "Read",
            },
            "Read": {
                "Type": "Map",
                "Label": "read",
                "ItemReader": {
                    "Resource": GET_OBJECT,
                    "Parameters": {"Bucket": "b", "Key.$": "$.k"},
                    "ReaderConfig": {
                        "InputType": "CSV",
                        "CSVHeaderLocation": "GIVEN",
                        "CSVHeaders": ["a"],
                        "CSVDelimiter": "TAB",
                        "MaxItemsPath": "$.m",
                    },
                },
                "ItemSelector": {"i.$": "$$.Map.Item.Index"},
                "ItemBatcher": {"MaxItemsPerBatch": 9, "BatchInput": {"x.$": "$.x"}},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": "In",
                    "States": {"In": INNER},
                },
                "ResultWriter": {
                    "Resource": PUT_OBJECT,
                    "Parameters": {"Bucket": "b"},
                    "WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"},
                },
                "ToleratedFailurePercentagePath": "$.p",
                "End": True,
            },
        },
    },
    {
        "StartAt": "Read",
        "QueryLanguage": "JSONata",
        "States": {
            "Read": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": GET_OBJECT,
                    "Arguments": {"Bucket": "{% $states.input.b %}", "Key": "k"},
                    "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% 5 %}"},
                },
                "ItemBatcher": {"MaxInputBytesPerBatch": "{% 5 %}", "BatchInput": "{% $x %}"},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Call",
                    "States": {
                        "Call": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                            "Arguments": {
                                "FunctionName": "f",
                                "Payload": {"t": "{% $states.context.Task.Token %}"},
                            },
                            "Credentials": {"RoleArn": "{% $role %}"},
                            "HeartbeatSeconds": "{% 5 %}",
                            "End": True,
                        }
                    },
                },
                "ResultWriter": {"WriterConfig": {"Transformation": "COMPACT"}},
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "Next": "Wait",
            },
            "Wait": {"Type": "Wait", "Timestamp": "{% $now() %}", "Next": "Fail"},
            "Fail": {"Type": "Fail", "Error": "E", "Cause": "{% $match('a', /b/) %}"},
        },
    },
]
FUNCTIONS = (
    "States.StringToJson($.a)",
    "States.ArrayPartition($.a, 2)",
    "States.ArrayRange(1, $.n, 2)",
    "States.JsonMerge($.a, $$.b, false)",
    "States.Base64Encode('a\\\\'b')",
    "States.Hash($v, 'SHA-1')",
    "States.MathAdd(1e3, -2.5)",
    "States.format('')",
    "$.a[?(@.b == 1 && !(@.c =~ /x/i))].d",
    "$['a', 'b'][1:2:3]..c",
    "{% $map($states.input, function($v) { $v ~> $sum }) %}",
    "{% $match($x, /a(?=b)/)[0].groups %}",
    "{% phone %}",
    "{% $$ %}",
    "{% half",
)
RESOURCES = (
    ACTIVITY,
    TOKEN_SQS,
    SDK_QUERY,
    GET_OBJECT,
    "arn:aws:states:::athena:getQueryResults",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::aws-sdk:s3:GetObject",
    "arn:aws:states:::sqs:sendMesage",
    "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:sns:us-east-1:123456789012:t",
    "${Function}",
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["$", "$.a", "$.a[*]", "$$.x", "States.UUID()", "A", "Z", "JSONata", "{%1%}"])
    | st.sampled_from(["{% $v %}", "{% $states.result.x ~> $sum %}", "{% (", "$v", "$v.a[0]"])
    | st.sampled_from([*FUNCTIONS, *RESOURCES])
    | st.sampled_from(["2024-01-01T00:00:00Z", "CSV", "DISTRIBUTED", "EXPRESS", "States.ALL"])
)
OTHER_NAMES = ("StartAt", "States", "Version", "a", "a.$", "", "Variable", "And", "ErrorEquals")
NESTED_NAMES = ("Mode", "ExecutionType", "ProcessorConfig", "ReaderConfig", "MaxItems", "Bucket")
keys = st.sampled_from(
    [
        *sorted({name for fields in STATE_FIELDS.values() for name in fields}),
        *OTHER_NAMES,
        *NESTED_NAMES,
    ]
)
values = st.recursive(
    scalars,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(keys, children, max_size=5),
    max_leaves=20,
)
states = st.fixed_dictionaries(
    {"Type": st.sampled_from(sorted(STATE_FIELDS))}, optional={}
).flatmap(
    lambda state: st.dictionaries(keys, values, max_size=6).map(lambda rest: {**rest, **state})
)


def answer(text: str, machine_type: str = "STANDARD") -> None:
    """Compiles, reviews, and looks at what comes of it."""
    reviewed = review_definition(text, machine_type=machine_type, find_retention=lambda _: 30)
    for finding in reviewed:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.code in render(finding, text)
    refused: InvalidDefinition | None = None
    try:
        assert isinstance(compile_definition(text, machine_type=machine_type), Program)
    except InvalidDefinition as error:
        refused = error
    if refused is None:
        assert isinstance(compile_taken(text), Program)
        assert not any(finding.severity == ERROR for finding in reviewed)
        return
    told = {(finding.message, finding.location) for finding in reviewed}
    assert {(finding.message, finding.location) for finding in refused.diagnostics} <= told


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    """Also text that is no JSON, and characters that no encoding takes."""
    answer(text)
    answer('{"StartAt":"' + text + '"}')


@pytest.mark.parametrize(
    "text",
    ["\ud800", '"\\ud800"', '{"StartAt": "\\ud800", "States": {"\\ud800": {"\\udfff": 1}}}', "\0"],
)
def test_characters_that_no_encoding_takes_are_answered(text: str) -> None:
    """Lone halves of surrogate pairs, raw and escaped."""
    answer(text)


@given(values)
def test_any_json_is_answered(value: JsonValue) -> None:
    """Also JSON that is no object."""
    answer(json.dumps(value))


@given(st.dictionaries(st.sampled_from("ABC"), states | values, max_size=3), values)
def test_any_states_are_answered(found: dict[str, JsonValue], other: JsonValue) -> None:
    """States whose fields hold anything."""
    answer(json.dumps({"StartAt": "A", "States": found, "Comment": other}))


def places(value: JsonValue, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place within a value but the value itself."""
    found: list[tuple[str | int, ...]] = [at] if at else []
    if isinstance(value, dict):
        for key, member in value.items():
            found += places(member, (*at, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            found += places(element, (*at, index))
    return found


def changed(value: JsonValue, at: tuple[str | int, ...], new: JsonValue, drop: bool) -> JsonValue:
    """The value with one place replaced or taken out."""
    value = copy.deepcopy(value)
    inner = value
    for step in at[:-1]:
        inner = inner[step]  # type: ignore[index]
    if drop:
        del inner[at[-1]]  # type: ignore[union-attr,arg-type]
    else:
        inner[at[-1]] = new  # type: ignore[index]
    return value


def test_the_definitions_that_are_changed_are_valid() -> None:
    """Else the changes would prove little."""
    for definition in VALID:
        compile_definition(json.dumps(definition))


@cache
def found_by_others() -> list[JsonValue]:
    """Some of what other people wrote, where that is at hand; the smaller ones."""
    paths = sorted(shared_path("corpus", "definitions").glob("*.json"))[::9]
    texts = [path.read_text() for path in paths]
    return [json.loads(text)["definition"] for text in texts if len(text) < 8_000]


@settings(max_examples=400)
@given(st.data())
def test_any_change_of_a_valid_definition_is_answered(data: st.DataObject) -> None:
    """Places taken out or replaced by anything, once or a few times."""
    value: JsonValue = data.draw(st.sampled_from([*VALID, *VALID, *found_by_others()]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(places(value) or [()]))
        if not at:
            break
        value = changed(value, at, data.draw(values), data.draw(st.booleans()))
    answer(json.dumps(value), data.draw(st.sampled_from(["STANDARD", "EXPRESS"])))


@given(st.integers(0, 10_000), st.characters())
def test_any_slip_in_a_valid_text_is_answered(offset: int, character: str) -> None:
    """One character put into or taken out of the text."""
    text = json.dumps(VALID[0])
    offset %= len(text)
    answer(text[:offset] + character + text[offset:])
    answer(text[:offset] + text[offset + 1 :])
