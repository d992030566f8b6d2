"""A definition's text to the Program the engine runs, and what its functions do with data."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from stepwell.language.compile import compile_definition
from stepwell.language.diagnostics import InvalidDefinition
from stepwell.language.program import (
    BaseState,
    ChoiceState,
    EvaluationFailed,
    FailState,
    ParallelState,
    PassState,
    Program,
    Resource,
    Retrier,
    Seconds,
    SucceedState,
    TaskState,
    WaitState,
)
from stepwell.values import JsonObject, JsonValue

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"


@dataclass(frozen=True)
class Surroundings:
    """An environment that holds still."""

    context: JsonObject = field(default_factory=lambda: {"Execution": {"Name": "e"}})
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    now: int = 0

    def random_bytes(self, size: int) -> bytes:
        """No chance at all."""
        return bytes(size)


ENV = Surroundings()
AnyState = TypeVar("AnyState", bound=BaseState)


def compiled(kind: type[AnyState], **fields: JsonValue) -> AnyState:
    """The state X of a machine, compiled."""
    state: JsonObject = {"Type": kind.__name__.removesuffix("State"), **fields}
    if kind in (PassState, TaskState, WaitState, ParallelState):
        state["End"] = True
    if kind is TaskState:
        state.setdefault("Resource", ACTIVITY)
    states: JsonObject = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.go", "IsPresent": True, "Next": "X"}],
            "Default": "Y",
        },
        "X": state,
        "Y": {"Type": "Succeed"},
    }
    program = compile_definition(json.dumps({"StartAt": "C", "States": states}))
    found = program.scope.states["X"]
    assert isinstance(found, kind)
    return found


def flow(state: BaseState, data: JsonValue, result: JsonValue) -> JsonValue:
    """The output for a result, with the input seen to be left as it was."""
    before = copy.deepcopy((data, result))
    assert state.output is not None
    output = state.output(data, None, result, ENV)
    assert (data, result) == before
    return output


def failure(state: BaseState, data: JsonValue, result: JsonValue = None) -> str:
    """Why the output cannot be made."""
    assert state.output is not None
    with pytest.raises(EvaluationFailed) as caught:
        state.output(data, None, result, ENV)
    return caught.value.cause


def test_a_machine_is_compiled_as_a_whole() -> None:
    """Start, states, transitions and the machine's timeout."""
    program = compile_definition(
        json.dumps(
            {
                "Comment": "x",
                "StartAt": "A",
                "TimeoutSeconds": 60,
                "States": {
                    "A": {"Type": "Pass", "Next": "B", "Comment": "x"},
                    "B": {"Type": "Succeed"},
                },
            }
        )
    )
    assert isinstance(program, Program)
    assert program.timeout_seconds == 60
    assert program.query_language == "JSONPath"
    assert program.scope.start_at == "A"
    assert program.scope.states == {
        "A": PassState(name="A", next="B"),
        "B": SucceedState(name="B"),
    }


def test_a_refused_definition_brings_all_its_findings_with_their_lines() -> None:
    """The exception is the API's answer and the command line's report."""
    with pytest.raises(InvalidDefinition) as caught:
        compile_definition(
            '{"StartAt": "A",\n"States": {"A": {"Type": "Pass", "Result": {"a.$": 1}}}}'
        )
    assert [
        (finding.severity, finding.location, finding.line) for finding in caught.value.diagnostics
    ] == [
        ("ERROR", "/States/A", 2),
        ("ERROR", "", 1),
        ("WARNING", "/States/A/Result", 2),
    ]
    assert caught.value.message == (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: This object should have only "
        "one of the following fields: [Next, End] at /States/A, MISSING_END_STATE: Workflow has no "
        "terminal state at null'"
    )


def test_a_warning_refuses_nothing() -> None:
    """What is only warned of is compiled."""
    compile_definition(
        json.dumps({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "$.x"}}})
    )


def test_defaults_leave_no_functions_behind() -> None:
    """A state that says nothing about its data costs nothing at run time."""
    for kind in (PassState, TaskState, SucceedState):
        state = compiled(kind, InputPath="$", OutputPath="$")
        assert state.arguments is None
        assert state.output is None
    state = compiled(PassState, ResultPath="$")
    assert state.output is None


def test_input_path_and_parameters_make_the_arguments() -> None:
    """InputPath first, then the template on what it left."""
    data: JsonValue = {"a": {"b": 1}}
    chosen = compiled(PassState, InputPath="$.a").arguments
    assert chosen is not None
    assert chosen(data, ENV) == {"b": 1}
    filled = compiled(TaskState, Parameters={"x.$": "$.a.b", "y.$": "$$.Execution.Name"}).arguments
    assert filled is not None
    assert filled(data, ENV) == {"x": 1, "y": "e"}
    both = compiled(TaskState, InputPath="$.a", Parameters={"x.$": "$.b"}).arguments
    assert both is not None
    assert both(data, ENV) == {"x": 1}
    nothing = compiled(SucceedState, InputPath=None).arguments
    assert nothing is not None
    assert nothing(data, ENV) == {}
    with pytest.raises(EvaluationFailed) as caught:
        chosen({}, ENV)
    assert caught.value.cause == "Invalid path '$.a' : No results for path: $['a']"
    assert caught.value.location == "InputPath"


def test_a_result_may_be_null() -> None:
    """Absent and null are different results."""
    assert compiled(PassState).result is None
    assert compiled(PassState, Result=None).result == (None,)
    assert compiled(PassState, Result={"a.$": "$.b"}).result == ({"a.$": "$.b"},)


SELECTOR: JsonObject = {"s.$": "$.r"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ResultSelector": SELECTOR}, {"s": 1}),
        ({"OutputPath": "$.r"}, 1),
        ({"OutputPath": None}, {}),
        ({"ResultSelector": SELECTOR, "OutputPath": "$.s"}, 1),
        ({"ResultPath": "$.x.y"}, {"in": 0, "x": {"y": {"r": 1}}}),
        ({"ResultPath": "$.in"}, {"in": {"r": 1}}),
        ({"ResultPath": None}, {"in": 0}),
        ({"ResultPath": "$.x", "ResultSelector": SELECTOR}, {"in": 0, "x": {"s": 1}}),
        ({"ResultPath": "$.x", "OutputPath": "$.x.r"}, 1),
        ({"ResultPath": "$.x", "ResultSelector": SELECTOR, "OutputPath": "$.x"}, {"s": 1}),
        ({"ResultPath": None, "ResultSelector": SELECTOR}, {"in": 0}),
        ({"ResultPath": None, "OutputPath": "$.in"}, 0),
    ],
)
def test_the_output_is_selected_combined_and_cut(fields: JsonObject, expected: JsonValue) -> None:
    """ResultSelector, then ResultPath into the raw input, then OutputPath."""
    state = compiled(TaskState, **fields)
    assert flow(state, {"in": 0}, {"r": 1}) == expected


def test_a_result_that_cannot_be_combined_fails() -> None:
    """A raw input that is no object takes no result; a missing output path is named."""
    state = compiled(PassState, ResultPath="$.x")
    assert state.output is not None
    with pytest.raises(EvaluationFailed) as caught:
        state.output(7, None, 1, ENV)
    assert caught.value.error == "States.ResultPathMatchFailure"
    missing = compiled(PassState, OutputPath="$.x")
    assert failure(missing, {}, {}) == "Invalid path '$.x' : No results for path: $['x']"


def test_a_discarded_result_is_still_selected_from() -> None:
    """A ResultSelector that fails fails the state, although its result is thrown away."""
    state = compiled(TaskState, ResultPath=None, ResultSelector=SELECTOR)
    assert "'$.r'" in failure(state, {}, {})


def test_a_task_knows_its_resource_retriers_and_catchers() -> None:
    """Everything the engine needs, with AWS's defaults."""
    state = compiled(
        TaskState,
        Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters={"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        TimeoutSeconds=9,
        HeartbeatSeconds=3,
        Retry=[
            {"ErrorEquals": ["A", "B"]},
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 5,
                "MaxAttempts": 0,
                "BackoffRate": 1,
                "MaxDelaySeconds": 7,
                "JitterStrategy": "FULL",
            },
        ],
        Catch=[
            {"ErrorEquals": ["A"], "Next": "Y"},
            {"ErrorEquals": ["B"], "Next": "Y", "ResultPath": "$.e"},
            {"ErrorEquals": ["States.ALL"], "Next": "Y", "ResultPath": None},
        ],
    )
    assert state.resource == Resource(
        "service",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "sqs",
        "sendMessage",
        "waitForTaskToken",
    )
    assert (state.timeout, state.heartbeat) == (Seconds(fixed=9), Seconds(fixed=3))
    assert state.retry == (
        Retrier(("A", "B"), 1, 3, 2.0, None, False),
        Retrier(("States.ALL",), 5, 0, 1.0, 7, True),
    )
    replacing, joining, ignoring = state.catch
    assert (replacing.error_equals, replacing.next, replacing.output) == (("A",), "Y", None)
    assert joining.output is not None
    assert joining.output({"in": 0}, {"Error": "E"}, ENV) == {"in": 0, "e": {"Error": "E"}}
    assert ignoring.output is not None
    assert ignoring.output({"in": 0}, {"Error": "E"}, ENV) == {"in": 0}


def seconds(data: JsonValue, name: str = "TimeoutSeconds") -> int:
    """What the Path form of a timeout reads."""
    state = compiled(TaskState, **{f"{name}Path": "$.t"})
    found = state.timeout if name == "TimeoutSeconds" else state.heartbeat
    assert found is not None
    assert found.read is not None
    return found.read(data, ENV)


def test_timeouts_may_be_read_from_the_input() -> None:
    """Absent, fixed, read: three different things."""
    state = compiled(TaskState)
    assert (state.timeout, state.heartbeat) == (None, None)
    assert seconds({"t": 5}) == 5
    assert seconds({"t": 5}, "HeartbeatSeconds") == 5


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (
            "soon",
            'The TimeoutSecondsPath field refers to value "soon" which is not a valid integer: $.t',
        ),
        (
            1.5,
            'The TimeoutSecondsPath field refers to value "1.5" which is not a valid integer: $.t',
        ),
        (
            True,
            'The TimeoutSecondsPath field refers to value "true" which is not a valid integer: $.t',
        ),
        (0, "TimeoutSeconds must be greater than zero."),
    ],
)
def test_a_timeout_that_is_no_number_of_seconds_fails(value: JsonValue, cause: str) -> None:
    """The value and the path are named."""
    with pytest.raises(EvaluationFailed) as caught:
        seconds({"t": value})
    assert (caught.value.cause, caught.value.location) == (cause, "TimeoutSecondsPath")


def test_a_timeout_path_that_finds_nothing_fails_as_recorded() -> None:
    """The same sentence as for InputPath."""
    with pytest.raises(EvaluationFailed) as caught:
        seconds({})
    assert caught.value.cause == "Invalid path '$.t' : No results for path: $['t']"


def test_a_fail_state_gives_fixed_text_or_evaluates_it() -> None:
    """Absent, fixed, a path, a context path, a function."""
    assert compiled(FailState).error is None
    assert compiled(FailState).cause is None
    fixed = compiled(FailState, Error="$.e", Cause="C")
    assert fixed.error is not None
    assert fixed.cause is not None
    assert (fixed.error({}, ENV), fixed.cause({}, ENV)) == ("$.e", "C")
    read = compiled(
        FailState, ErrorPath="$$.Execution.Name", CausePath="States.Format('no {}', $.what)"
    )
    assert read.error is not None
    assert read.cause is not None
    assert read.error({}, ENV) == "e"
    assert read.cause({"what": "way"}, ENV) == "no way"


def test_a_fail_state_fails_in_awss_words_when_it_has_no_text() -> None:
    """A path that finds nothing, and a value that is no text."""
    state = compiled(FailState, ErrorPath="$.ErrorX")
    assert state.error is not None
    with pytest.raises(EvaluationFailed) as caught:
        state.error({"a": 1}, ENV)
    assert caught.value.cause == (
        "The JSONPath '$.ErrorX' specified for the field 'ErrorPath' could not be found in the "
        "input '{\"a\":1}'"
    )
    with pytest.raises(EvaluationFailed) as caught:
        state.error({"ErrorX": {"a": 1}}, ENV)
    assert caught.value.cause == (
        'The ErrorPath field refers to value "{"a":1}" which is not a valid string: $.ErrorX'
    )


def target(state: ChoiceState, value: int) -> str | None:
    """Where a choice leads that value of `a`."""
    rule = state.choose({"a": value}, ENV)
    return None if rule is None else rule.next


def test_a_choice_goes_where_its_first_true_rule_points() -> None:
    """One rule, several rules, no rule that is true."""
    one = compiled(
        ChoiceState,
        Choices=[{"Variable": "$.a", "NumericEquals": 1, "Next": "Y"}],
        InputPath="$.in",
        OutputPath="$.out",
    )
    assert target(one, 1) == "Y"
    assert target(one, 2) is None
    assert one.default is None
    assert one.next is None
    assert one.arguments is not None
    assert one.arguments({"in": 1}, ENV) == 1
    assert flow(one, {}, {"out": 2}) == 2
    several = compiled(
        ChoiceState,
        Choices=[
            {"Variable": "$.a", "NumericEquals": 1, "Next": "X"},
            {"Variable": "$.a", "NumericLessThan": 3, "Next": "Y"},
        ],
        Default="C",
    )
    assert target(several, 1) == "X"
    assert target(several, 2) == "Y"
    assert target(several, 3) is None
    assert several.default == "C"


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"Seconds": 3}, 4_000),
        ({"SecondsPath": "$.s"}, 3_000),
        ({"Timestamp": "1970-01-01T00:00:07Z"}, 7_000),
        ({"TimestampPath": "$.t"}, 9_000),
    ],
)
def test_a_wait_knows_when_it_ends(fields: JsonObject, due: int) -> None:
    """Four ways to say it, each in epoch milliseconds."""
    state = compiled(WaitState, **fields)
    assert state.due_at({"s": 2, "t": "1970-01-01T00:00:09Z"}, ENV, 1_000) == due


def test_a_parallel_state_holds_its_branches_and_selects_from_their_results() -> None:
    """Branches are scopes of their own; the result is the array of what they gave."""
    branch: JsonObject = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    state = compiled(
        ParallelState,
        Branches=[branch, {"StartAt": "D", "States": {"D": {"Type": "Pass", "End": True}}}],
        ResultSelector={"second.$": "$[1]"},
        ResultPath="$.r",
        Retry=[{"ErrorEquals": ["A"]}],
        Catch=[{"ErrorEquals": ["A"], "Next": "Y"}],
    )
    assert [scope.start_at for scope in state.branches] == ["B", "D"]
    assert state.branches[1].states["D"] == PassState(name="D")
    assert (len(state.retry), len(state.catch)) == (1, 1)
    assert flow(state, {"in": 0}, [1, 2]) == {"in": 0, "r": {"second": 2}}
