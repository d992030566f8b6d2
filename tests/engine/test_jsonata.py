"""JSONata states: what they see, and how an evaluation that fails stands in the history."""

from __future__ import annotations

import pytest

from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play, fails, passes
from tests.engine.test_variables import jsonata, queued

ERROR = "States.QueryEvaluationError"


def cause(name: str, event: int, said: str) -> str:
    """AWS's sentence about a state that failed."""
    return (
        f"An error occurred while executing the state '{name}' (entered at the event id #{event}). "
        f"{said}"
    )


def nothing(expression: str, field: str) -> str:
    """AWS's sentence about an expression without a value."""
    return (
        f"The JSONata expression '{expression}' specified for the field '{field}' returned nothing "
        "(undefined)."
    )


def test_a_failed_evaluation_stands_in_the_history() -> None:
    """With error, cause, place and state; it points to where the state was entered from."""
    play = jsonata({"A": passes(Next="B"), "B": passes(Output={"r": "{% $nope %}"})})
    assert play.trail[-3:] == [
        "4<3 PassStateEntered",
        "5<3 EvaluationFailed",
        "6<5 ExecutionFailed",
    ]
    said = cause("B", 4, nothing("$nope", "Output/r"))
    assert play.details(4) == {
        "error": ERROR,
        "cause": said,
        "location": "Output/r",
        "state": "B",
    }
    assert play.details() == {"error": ERROR, "cause": said}


def test_after_the_work_it_points_to_the_work() -> None:
    """An Output that fails comes after the result."""
    play = jsonata({"T": queued(Output="{% $nope %}")})
    play.answer()
    play.complete({})
    assert play.trail[-3:] == [
        "6<5 TaskSucceeded",
        "7<6 EvaluationFailed",
        "8<7 ExecutionFailed",
    ]


def test_it_is_retried_and_caught() -> None:
    """As any other error of a Task."""
    state = queued(
        Output="{% $states.result.ok %}",
        Retry=[{"ErrorEquals": [ERROR], "MaxAttempts": 1}],
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "E"}],
    )
    play = jsonata({"T": state, "E": passes(Output="{% $states.input.Error %}")})
    for _ in range(2):
        play.answer()
        play.complete({})
        if play.timers:
            play.fire("retry")
    assert play.types.count("EvaluationFailed") == 2
    assert play.output() == ERROR


def test_a_retry_may_succeed() -> None:
    """The next attempt has another result."""
    retry: JsonValue = [{"ErrorEquals": [ERROR]}]
    play = jsonata({"T": queued(Output="{% $states.result.ok %}", Retry=retry)})
    play.answer()
    play.complete({})
    play.fire("retry")
    play.answer()
    play.complete({"ok": 1})
    assert play.output() == 1


def test_a_catcher_that_fails_is_not_met_again() -> None:
    """Its failure fails the execution, with the place in the catcher."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "E",
        "Output": {"v": "{% $nope %}"},
    }
    play = jsonata({"T": queued(Catch=[catcher]), "E": passes()})
    play.answer()
    play.fail("Bad", "worse")
    assert play.types[-2:] == ["EvaluationFailed", "ExecutionFailed"]
    assert play.details(-2)["location"] == "Catch[0]/Output/v"


@pytest.mark.parametrize(
    ("state", "location", "said"),
    [
        (
            {"Type": "Wait", "Timestamp": "{% 'soon' %}", "End": True},
            "Timestamp",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            "string: soon",
        ),
        (
            {"Type": "Wait", "Seconds": "{% 'x' %}", "End": True},
            "Seconds",
            "The JSONata expression ''x'' specified for the field 'Seconds' returned an unexpected "
            "result type. Expected 'number', but was 'string' for value: \"x\"",
        ),
        (
            {"Type": "Wait", "Seconds": "{% -1 %}", "End": True},
            "Seconds",
            "The Seconds field is negative: -1",
        ),
        (
            {"Type": "Fail", "Error": "{% 1 %}"},
            "Error",
            "The JSONata expression '1' specified for the field 'Error' returned an unexpected "
            "result type. Expected 'string', but was 'number' for value: 1",
        ),
        (
            {
                "Type": "Choice",
                "Choices": [{"Condition": "{% {'a': 1} %}", "Next": "E"}],
            },
            "Choices[0]/Condition",
            "The JSONata expression '{'a': 1}' specified for the field 'Choices[0]/Condition' "
            "returned an unexpected result type. Expected 'boolean', but was 'object' for value: "
            '{"a":1}',
        ),
        (
            passes(Assign={"a": [0, "{% $nope %}"]}),
            "Assign/a[1]",
            nothing("$nope", "Assign/a[1]"),
        ),
    ],
)
def test_each_field_fails_at_its_place(state: JsonObject, location: str, said: str) -> None:
    """The event names the field; the sentence is AWS's."""
    states: JsonObject = {"S": state}
    if state["Type"] == "Choice":
        states["E"] = passes()
    play = jsonata(states)
    assert play.types[2] == "EvaluationFailed"
    assert play.details(2)["location"] == location
    assert play.details(2)["cause"] == cause("S", 2, said)


def test_computed_times() -> None:
    """Timeouts, waits and errors can be computed."""
    play = jsonata(
        {"T": queued(TimeoutSeconds="{% $states.input.t %}", HeartbeatSeconds="{% 3 %}")}, {"t": 9}
    )
    assert play.details(2)["timeoutInSeconds"] == 9
    assert play.details(2)["heartbeatInSeconds"] == 3
    play = jsonata({"W": {"Type": "Wait", "Seconds": "{% $states.input %}", "End": True}}, 5)
    assert play.timers[0, "wait"].due_at == play.now + 5000
    play = jsonata({"F": {"Type": "Fail", "Error": "{% 'E' & 1 %}", "Cause": "{% 'c' %}"}})
    assert play.details() == {"error": "E1", "cause": "c"}


def test_timeout_of_zero_fails() -> None:
    """A computed timeout must be positive, as a written one."""
    play = jsonata({"T": queued(TimeoutSeconds="{% 0 %}")})
    assert play.details()["cause"] == cause("T", 2, "TimeoutSeconds must be greater than zero.")


def test_constants_need_no_evaluation() -> None:
    """A template without expressions is handed on as it stands in the definition."""
    play = jsonata({"A": passes(Output={"a": [1, "{x}", None]})})
    state = play.program.scope.states["A"]
    assert state.output is not None
    value = state.output(None, None, None, None)  # type: ignore[arg-type]
    assert value is state.output(None, None, None, None)  # type: ignore[arg-type]
    assert play.output() == {"a": [1, "{x}", None]}


def test_languages_side_by_side() -> None:
    """A JSONPath machine may have JSONata states; data and variables go through both."""
    one = passes(QueryLanguage="JSONata", Output={"n": "{% $states.input.n + 1 %}"}, Next="B")
    two = passes(Assign={"v.$": "$.n"}, Next="C")
    three = passes(QueryLanguage="JSONata", Output="{% $v * 10 %}")
    play = Play({"A": one, "B": two, "C": three}).start({"n": 1})
    assert play.output() == 20


def test_the_same_step_draws_the_same() -> None:
    """Chance comes from the execution's seed, so that a step decided again is the same."""
    states: JsonObject = {"A": passes(Output=["{% $uuid() %}", "{% $random() %}", "{% $uuid() %}"])}
    first, second = jsonata(states).output(), jsonata(states).output()
    assert first == second
    assert isinstance(first, list)
    assert first[0] != first[2]


def test_time_is_the_step_s() -> None:
    """`$now` is the time that was told."""
    play = jsonata({"A": passes(Output="{% $millis() %}")})
    assert play.output() == play.now


def test_a_failing_branch_of_jsonata() -> None:
    """Inside a branch the event belongs to the branch, and the Parallel fails with it."""
    branch: JsonObject = {"StartAt": "B", "States": {"B": passes(Output="{% $nope %}")}}
    state: JsonObject = {"Type": "Parallel", "Branches": [branch], "Next": "E"}
    state["Catch"] = [{"ErrorEquals": [ERROR], "Next": "E"}]
    play = jsonata({"P": state, "E": passes(Output="{% $states.input.Error %}")})
    assert "4<3 PassStateEntered" in play.trail
    assert "5<3 EvaluationFailed" in play.trail
    assert play.output() == ERROR


def test_fail_states_are_untouched() -> None:
    """A constant Error needs no expression."""
    assert jsonata({"F": fails("A", "b")}).details() == {"error": "A", "cause": "b"}


def test_only_work_has_a_result() -> None:
    """`$states` as a whole has no more members than may be named one by one."""
    shown = "{% $sort($keys($states)) %}"
    seen: JsonObject = {"seen": shown}
    assert jsonata({"A": passes(Output=shown)}).output() == ["context", "input"]
    rule: JsonObject = {"Condition": True, "Next": "B", "Output": shown, "Assign": seen}
    choice: JsonObject = {"Type": "Choice", "Choices": [rule]}
    after = passes(Output=["{% $states.input %}", "{% $seen %}"])
    assert jsonata({"C": choice, "B": after}).output() == [["context", "input"]] * 2
    play = jsonata({"T": queued(Output=shown, Assign=seen, Next="B"), "B": after})
    play.answer()
    play.complete({})
    assert play.output() == [["context", "input", "result"]] * 2
