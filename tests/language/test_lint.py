"""Warnings about waits: each is given where it helps, and only there."""

from __future__ import annotations

import json

import pytest

from stepwell.language import lint_loops, lint_maps, lint_tokens, lint_variables, review
from stepwell.language.diagnostics import ERROR, WARNING
from stepwell.language.lint import lint_definition
from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import ACTIVITY, machine
from tests.shared import ROOT

TOKEN_SQS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
URL = "http://localhost:4566/000000000000/jobs"
SENT: JsonObject = {"QueueUrl": URL, "MessageBody": {"token.$": "$$.Task.Token"}}


def asking(**fields: JsonValue) -> JsonObject:
    """A token wait that is in order, but for the given fields; None takes one away."""
    state: JsonObject = {
        "Type": "Task",
        "Resource": TOKEN_SQS,
        "Parameters": SENT,
        "TimeoutSeconds": 600,
        "End": True,
        **fields,
    }
    return {name: value for name, value in state.items() if value is not None}


def codes(state: JsonObject, **top: JsonValue) -> list[str]:
    """The codes for a machine of this one state."""
    return [finding.code for finding in lint_definition(machine(state, **top))]


def test_a_wait_that_is_in_order_is_not_spoken_of() -> None:
    """The state all the others here are made from is clean."""
    assert codes(asking()) == []


@pytest.mark.parametrize(
    "bound", ["TimeoutSeconds", "HeartbeatSeconds", "TimeoutSecondsPath", "HeartbeatSecondsPath"]
)
def test_any_bound_of_a_token_wait_will_do(bound: str) -> None:
    """A timeout or a heartbeat, fixed or read from the input."""
    value: JsonValue = "$.seconds" if bound.endswith("Path") else 60
    assert codes(asking(**{"TimeoutSeconds": None, bound: value})) == []


def test_a_token_wait_without_bounds_is_warned_of() -> None:
    """With the place of the state, and with words for a machine that has a timeout."""
    text = machine(asking(TimeoutSeconds=None))
    [found] = lint_definition(text)
    assert (found.severity, found.code) == ("WARNING", "TOKEN_WAIT_UNBOUNDED")
    assert found.location == "/States/X"
    assert found.line == 1
    assert text[found.column - 1 :].startswith('"X": {')
    assert "waits for ever" in found.message
    assert found.hint
    [found] = lint_definition(machine(asking(TimeoutSeconds=None), TimeoutSeconds=9))
    assert "only the timeout of the whole execution" in found.message


@pytest.mark.parametrize(
    "body",
    [
        {"token.$": "$$.Task.Token"},
        {"all.$": "$$"},
        {"task.$": "$$.Task"},
        {"token.$": "$$['Task']['Token']"},
        {"deep": [{"er": {"token.$": "States.Format('token={}', $$.Task.Token)"}}]},
        {"token.$": "States.JsonToString($$.Task)"},
    ],
)
def test_a_token_that_is_sent_is_found(body: JsonObject) -> None:
    """Alone, within the context object, in an intrinsic function, at any depth."""
    assert codes(asking(Parameters={"QueueUrl": URL, "MessageBody": body})) == []


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"QueueUrl": URL, "MessageBody": {"token": "none"}}, "Task.Token"),
        ({"QueueUrl": URL, "MessageBody.$": "$.body"}, "Task.Token"),
        ({"QueueUrl": URL, "MessageBody": {"id.$": "$$.Execution.Id"}}, "Task.Token"),
        ({"QueueUrl": URL, "MessageBody": {"id.$": "$$['State']['Name']"}}, "Task.Token"),
        ({"QueueUrl": URL, "MessageBody": {"token": "$$.Task.Token"}}, "ends in '.$'"),
        (None, "Task.Token"),
    ],
)
def test_a_token_that_is_not_sent_is_warned_of(parameters: JsonValue, hint: str) -> None:
    """Other parts of the context do not count, nor does a field that nothing evaluates."""
    found = [
        finding
        for finding in lint_definition(machine(asking(Parameters=parameters)))
        if finding.code == "TOKEN_NOT_SENT"
    ]
    assert [finding.location for finding in found] == [
        "/States/X/Parameters" if parameters else "/States/X"
    ]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"MessageBody": "{% $states.context.Task.Token %}"}, []),
        ({"MessageBody": {"t": "{% 'a' & $states.context.Task.Token %}"}}, []),
        ("{% {'MessageBody': $states.context.Task.Token} %}", []),
        ({"MessageBody": "{% $string($states.context) %}"}, []),
        ({"MessageBody": "{% $string($states) %}"}, []),
        ({"MessageBody": "$states.context.Task.Token"}, ["TOKEN_NOT_SENT"]),
        ({"MessageBody": "{% $states.context.Execution.Id %}"}, ["TOKEN_NOT_SENT"]),
        ({"MessageBody": "{% $states.input %}"}, ["TOKEN_NOT_SENT"]),
    ],
)
def test_jsonata_arguments_are_searched_too(arguments: JsonValue, expected: list[str]) -> None:
    """Only within an expression, in either place the language can be chosen."""
    state = asking(Parameters=None, Arguments=arguments)
    assert codes(state, QueryLanguage="JSONata") == expected
    assert codes({**state, "QueryLanguage": "JSONata"}) == expected


def retrier(*names: str, **fields: JsonValue) -> JsonObject:
    """An entry of Retry."""
    return {"ErrorEquals": list(names), **fields}


@pytest.mark.parametrize(
    ("retry", "place"),
    [
        ([retrier("States.ALL")], "/States/X/Retry[0]"),
        ([retrier("States.Timeout")], "/States/X/Retry[0]"),
        ([retrier("States.HeartbeatTimeout")], "/States/X/Retry[0]"),
        ([retrier("Mine"), retrier("States.ALL")], "/States/X/Retry[1]"),
        ([retrier("States.Timeout", MaxAttempts=0), retrier("States.ALL")], None),
        (
            [retrier("States.HeartbeatTimeout", MaxAttempts=0), retrier("States.ALL")],
            "/States/X/Retry[1]",
        ),
        ([retrier("States.TaskFailed"), retrier("Mine")], None),
        ([retrier("States.ALL", MaxAttempts=0)], None),
    ],
)
def test_a_retry_that_mints_a_second_token_is_warned_of(
    retry: list[JsonValue], place: str | None
) -> None:
    """Only where a timeout is met, and by the retrier that would decide."""
    found = lint_definition(machine(asking(Retry=retry)))
    assert [finding.code for finding in found] == ["TOKEN_DOUBLED_BY_RETRY"] * (place is not None)
    assert [finding.location for finding in found] == [place] * (place is not None)


@pytest.mark.parametrize(
    ("fields", "kept", "expected"),
    [
        ({"TimeoutSeconds": 600}, 60, True),
        ({"TimeoutSeconds": 60}, 60, False),
        ({"TimeoutSeconds": 600}, None, False),
        ({"TimeoutSeconds": 600, "HeartbeatSeconds": 30}, 60, False),
        ({"TimeoutSeconds": None, "HeartbeatSeconds": 90}, 60, True),
        ({"TimeoutSeconds": None}, 60, True),
        ({"TimeoutSeconds": None, "TimeoutSecondsPath": "$.t"}, 60, False),
        ({"Parameters": {"QueueUrl.$": "$.u", "MessageBody.$": "$$.Task.Token"}}, 60, False),
    ],
)
def test_a_wait_that_outlives_its_message_is_warned_of(
    fields: JsonObject, kept: int | None, expected: bool
) -> None:
    """Where the queue is written out and known, and the nearest bound is later than its end."""
    asked: list[str] = []

    def find_retention(url: str) -> int | None:
        asked.append(url)
        return kept

    found = lint_definition(machine(asking(**fields)), find_retention)
    assert ("WAIT_OUTLIVES_MESSAGE" in [finding.code for finding in found]) is expected
    assert set(asked) <= {URL}


@pytest.mark.parametrize(
    ("input_path", "parameters", "expected"),
    [
        ("$$", {"QueueUrl": URL, "MessageBody.$": "$"}, []),
        ("$$.Task", {"QueueUrl": URL, "MessageBody": {"token.$": "$.Token"}}, []),
        ("$$.Execution", {"QueueUrl": URL, "MessageBody.$": "$"}, ["TOKEN_NOT_SENT"]),
        ("$$.Task", {"QueueUrl": URL, "MessageBody": "token"}, ["TOKEN_NOT_SENT"]),
        ("$.task", {"QueueUrl": URL, "MessageBody.$": "$"}, ["TOKEN_NOT_SENT"]),
    ],
)
def test_a_token_may_come_through_the_input_path(
    input_path: str, parameters: JsonObject, expected: list[str]
) -> None:
    """InputPath may lead into the context object."""
    assert codes(asking(InputPath=input_path, Parameters=parameters)) == expected


def test_an_expression_without_its_marks_is_explained() -> None:
    """The commonest slip in JSONata."""
    arguments: JsonObject = {"QueueUrl": URL, "MessageBody": "$states.context.Task.Token"}
    state = asking(Parameters=None, Arguments=arguments, QueryLanguage="JSONata")
    [found] = lint_definition(machine(state))
    assert found.code == "TOKEN_NOT_SENT"
    assert "between {% and %}" in found.hint


def around(kind: str, inner: JsonObject, *retriers: JsonObject) -> JsonObject:
    """A Parallel or Map state with a state within a Parallel within."""
    scope: JsonObject = {"StartAt": "Ask", "States": {"Ask": inner}}
    nested: JsonObject = {"Type": "Parallel", "Branches": [scope], "End": True}
    outer: JsonObject = {"StartAt": "In", "States": {"In": nested}}
    holder: JsonObject = {"Branches": [outer]} if kind == "Parallel" else {"ItemProcessor": outer}
    return {"Type": kind, **holder, "Retry": list(retriers), "End": True}


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_a_retry_around_a_token_wait_is_warned_of(kind: str) -> None:
    """It sends every token within anew, at any depth; other retries and other waits do not."""
    everything: JsonObject = {"ErrorEquals": ["States.ALL"]}
    shield: JsonObject = {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}
    failures: JsonObject = {"ErrorEquals": ["States.TaskFailed"]}
    [found] = lint_definition(machine(around(kind, asking(), everything)))
    assert (found.code, found.location) == ("TOKEN_DOUBLED_BY_RETRY", "/States/X/Retry[0]")
    assert "'X'" in found.message
    assert "'Ask'" in found.message
    for retriers in ([shield, everything], [failures], []):
        assert codes(around(kind, asking(), *retriers)) == []
    assert codes(around(kind, {"Type": "Pass", "End": True}, everything)) == []


def test_an_activity_without_bounds_is_warned_of() -> None:
    """Any bound will do."""
    state: JsonObject = {"Type": "Task", "Resource": ACTIVITY, "End": True}
    assert codes(state) == ["ACTIVITY_UNBOUNDED"]
    assert codes({**state, "HeartbeatSeconds": 5}) == []
    assert codes({**state, "TimeoutSeconds": 5}) == []


def test_other_tasks_are_not_spoken_of() -> None:
    """Calls that answer by themselves need no bound."""
    assert codes(asking(Resource="arn:aws:states:::sqs:sendMessage", TimeoutSeconds=None)) == []
    assert codes(asking(Resource="nonsense", TimeoutSeconds=None)) == []


def test_states_within_states_are_seen() -> None:
    """Branches and items, with their places."""
    bad = asking(TimeoutSeconds=None)
    scope: JsonObject = {"StartAt": "W", "States": {"W": bad}}
    parallel: JsonObject = {"Type": "Parallel", "Branches": [scope], "End": True}
    [found] = lint_definition(machine(parallel))
    assert found.location == "/States/X/Branches[0]/States/W"
    each: JsonObject = {"Type": "Map", "ItemProcessor": scope, "End": True}
    [found] = lint_definition(machine(each))
    assert found.location == "/States/X/ItemProcessor/States/W"


def test_a_comment_silences_by_code() -> None:
    """In the state or for the whole machine; other codes are still told."""
    bad = asking(TimeoutSeconds=None, Retry=[retrier("States.ALL")])
    assert codes(bad) == ["TOKEN_WAIT_UNBOUNDED", "TOKEN_DOUBLED_BY_RETRY"]
    word = "why. lint-allow: TOKEN_WAIT_UNBOUNDED"
    assert codes({**bad, "Comment": word}) == ["TOKEN_DOUBLED_BY_RETRY"]
    assert codes(bad, Comment=word) == ["TOKEN_DOUBLED_BY_RETRY"]
    assert codes({**bad, "Comment": f"{word}, TOKEN_DOUBLED_BY_RETRY"}) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"States": []}', '{"States": {"X": 1}}'])
def test_what_is_no_definition_is_not_linted(text: str) -> None:
    """The check speaks of that."""
    assert lint_definition(text) == []


WRONG: list[JsonValue] = [None, True, 1, "x", [], {}, [[]], [{}], {"a": 1}]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    "field",
    ["Parameters", "TimeoutSeconds", "Retry", "Resource", "Type", "Comment", "QueryLanguage"],
)
def test_wrong_types_are_left_to_the_check(field: str, wrong: JsonValue) -> None:
    """Nothing here falls over them."""
    state: JsonObject = {**asking(), field: wrong}
    assert isinstance(lint_definition(machine(state), lambda url: 60), list)
    top: JsonObject = {"StartAt": "X", "States": {"X": state}, field: wrong}
    assert isinstance(lint_definition(json.dumps(top), lambda url: 60), list)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("field", ["Branches", "Choices", "Catch", "Next", "ItemProcessor"])
def test_wrong_shapes_are_left_to_the_check(field: str, wrong: JsonValue) -> None:
    """Nothing here falls over them either."""
    assert isinstance(lint_definition(machine({"Type": "Parallel", field: wrong})), list)


READS: JsonObject = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b"}}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, ["MAP_FIELD_IGNORED"] * 2),
        ({"ProcessorConfig": {"Mode": "INLINE"}}, ["MAP_FIELD_IGNORED"] * 2),
        ({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, []),
        ({"ProcessorConfig": 1}, ["MAP_FIELD_IGNORED"] * 2),
    ],
)
def test_fields_that_an_inline_map_ignores(config: JsonObject, told: list[str]) -> None:
    """They are named where they stand; in a distributed Map they are fine."""
    processor: JsonObject = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    state: JsonObject = {
        "Type": "Map",
        "ItemReader": READS,
        "ToleratedFailureCount": 1,
        "Label": "l",
        "ItemProcessor": {**processor, **config},
        "End": True,
    }
    found = lint_definition(machine(state))
    assert [finding.code for finding in found] == told
    places = {"/States/X/ItemReader", "/States/X/ToleratedFailureCount"}
    assert {finding.location for finding in found} == (places if told else set())
    assert codes({**state, "Comment": "lint-allow: MAP_FIELD_IGNORED"}) == []


def test_every_code_is_explained() -> None:
    """docs/reference/lint.md has a heading for each code, and for no other."""
    page = (ROOT / "docs" / "reference" / "lint.md").read_text(encoding="utf-8")
    told = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    modules = (lint_tokens, lint_loops, lint_maps, lint_variables, review)
    values = {value for m in modules for name, value in vars(m).items() if name == value}
    assert told == values - {ERROR, WARNING}
