"""Variables: assigned as a state exits, seen by what follows, bounded, and rebuilt by the fold."""

from __future__ import annotations

from typing import Any

from stepwell.engine.limits import ASSIGN_BYTES_MAX, VARIABLES_BYTES_MAX
from stepwell.values import JsonObject, JsonValue, decode
from tests.engine.play import Play, ask, both, passes, waits


def jsonata(states: JsonObject, given: JsonValue = None) -> Play:
    """A started execution of a JSONata machine."""
    definition: JsonObject = {
        "StartAt": next(iter(states)),
        "States": states,
        "QueryLanguage": "JSONata",
    }
    return Play(definition=definition).start(given)


def queued(**more: Any) -> JsonObject:
    """A JSONata Task that sends its token and waits."""
    arguments: JsonObject = {
        "QueueUrl": "q",
        "MessageBody": {"t": "{% $states.context.Task.Token %}"},
    }
    state = {**ask(**more), "Arguments": arguments}
    del state["Parameters"]
    return state


def test_assigned_variables_stand_in_the_exit() -> None:
    """Names sorted, values as JSON text; what comes next sees them."""
    play = Play(
        {
            "A": passes(Assign={"b.$": "$.n", "a": {"x": [1, None]}}, Next="B"),
            "B": passes(Parameters={"b.$": "$b", "x.$": "$a.x[0]"}),
        }
    ).start({"n": 5})
    assert play.details(2) == {
        "name": "A",
        "output": '{"n":5}',
        "outputDetails": {"truncated": False},
        "assignedVariables": {"a": '{"x":[1,null]}', "b": "5"},
        "assignedVariablesDetails": {"truncated": False},
    }
    assert play.output() == {"b": 5, "x": 1}


def test_all_is_evaluated_on_the_values_at_entry() -> None:
    """A swap works, and the output sees the old values."""
    first = passes(Assign={"x": 1, "y": 2}, Next="B")
    second = passes(Assign={"x": "{% $y %}", "y": "{% $x %}"}, Output={"x": "{% $x %}"}, Next="C")
    third = passes(Output=["{% $x %}", "{% $y %}", "{% $states.input.x %}"])
    assert jsonata({"A": first, "B": second, "C": third}).output() == [2, 1, 1]


def test_a_variable_that_is_not_there() -> None:
    """In JSONPath the execution fails, as with any path that names nothing."""
    play = Play({"A": passes(Parameters={"v.$": "$missing"})}).start()
    assert play.details()["error"] == "States.Runtime"


def test_what_the_dollar_is_in_jsonpath() -> None:
    """The result of a task, not what ResultPath makes of it; the input of a wait."""
    task = ask(Assign={"got.$": "$.a"}, ResultPath="$.r", Next="W")
    wait = waits(Assign={"seen.$": "$.r.a"}, Next="E")
    end = passes(Parameters={"got.$": "$got", "seen.$": "$seen"})
    play = Play({"T": task, "W": wait, "E": end}).start({"k": 1})
    play.answer()
    play.complete({"a": 3})
    play.fire("wait")
    assert play.output() == {"got": 3, "seen": 3}


def test_the_result_in_jsonata() -> None:
    """Assign and Output of a Task see the input and the result."""
    play = jsonata(
        {
            "T": queued(
                Assign={"r": "{% $states.result %}"},
                Output="{% $states.input.k + $states.result.a %}",
                Next="E",
            ),
            "E": passes(Output={"r": "{% $r %}", "o": "{% $states.input %}"}),
        },
        {"k": 1},
    )
    sent = play.call().parameters
    assert isinstance(sent, dict)
    assert sent["MessageBody"] == {"t": play.call().token}
    play.answer()
    play.complete({"a": 3})
    assert play.output() == {"r": {"a": 3}, "o": 4}


def choosing(**default: Any) -> JsonObject:
    """Rule and default each assign and put out."""
    rule: JsonObject = {
        "Condition": "{% $states.input.c %}",
        "Next": "E",
        "Assign": {"v": "rule"},
        "Output": "{% 'from rule' %}",
    }
    return {
        "C": {"Type": "Choice", "Choices": [rule], "Default": "E", **default},
        "E": passes(Output={"v": "{% $v %}", "o": "{% $states.input %}"}),
    }


def test_choices_assign() -> None:
    """The rule that is true does; the state's own fields are those of the default."""
    states = choosing(Assign={"v": "default"}, Output="from default")
    assert jsonata(states, {"c": True}).output() == {"v": "rule", "o": "from rule"}
    assert jsonata(states, {"c": False}).output() == {"v": "default", "o": "from default"}


def test_jsonpath_rules_assign() -> None:
    """The same in JSONPath; the OutputPath holds for all."""
    rule: JsonObject = {
        "Variable": "$.c",
        "BooleanEquals": True,
        "Next": "E",
        "Assign": {"v.$": "$.n"},
    }
    states: JsonObject = {
        "C": {
            "Type": "Choice",
            "Choices": [rule],
            "Default": "E",
            "Assign": {"v": "default"},
            "OutputPath": "$.n",
        },
        "E": passes(Parameters={"v.$": "$v", "o.$": "$"}),
    }
    assert Play(states).start({"c": True, "n": 1}).output() == {"v": 1, "o": 1}
    assert Play(states).start({"c": False, "n": 1}).output() == {"v": "default", "o": 1}


def test_catchers_assign() -> None:
    """A catcher's Assign and Output see the error; without Output the error is handed on."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "E",
        "Assign": {"e": "{% $states.errorOutput.Error %}", "i": "{% $states.input %}"},
    }
    end = passes(Output={"e": "{% $e %}", "i": "{% $i %}", "o": "{% $states.input %}"})
    play = jsonata({"T": queued(Catch=[catcher]), "E": end}, {"k": 1})
    play.answer()
    play.fail("Bad", "worse")
    error = {"Error": "Bad", "Cause": "worse"}
    assert play.output() == {"e": "Bad", "i": {"k": 1}, "o": error}
    catcher["Output"] = {"c": "{% $states.errorOutput.Cause %}"}
    play = jsonata({"T": queued(Catch=[catcher]), "E": end}, {"k": 1})
    play.answer()
    play.fail("Bad", "worse")
    assert play.output() == {"e": "Bad", "i": {"k": 1}, "o": {"c": "worse"}}


def test_jsonpath_catchers_assign() -> None:
    """`$` is the error output there."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "E",
        "ResultPath": "$.caught",
        "Assign": {"e.$": "$.Error"},
    }
    end = passes(Parameters={"e.$": "$e", "c.$": "$.caught.Cause"})
    play = Play({"T": ask(Catch=[catcher]), "E": end}).start()
    play.answer()
    play.fail("Bad", "worse")
    assert play.output() == {"e": "Bad", "c": "worse"}


def test_scopes_of_branches() -> None:
    """Branches read what is around them and not each other; their own variables end with them."""
    play = Play(
        {
            "A": passes(Assign={"outer": 1}, Next="P"),
            "P": both(
                {
                    "B": waits(1, Assign={"own": "b"}, Next="B2"),
                    "B2": passes(Parameters={"o.$": "$outer", "own.$": "$own"}),
                },
                {
                    "C": waits(2, Assign={"own": "c"}, Next="C2"),
                    "C2": passes(Parameters={"o.$": "$outer", "own.$": "$own"}),
                },
                Assign={"all.$": "$[1].own"},
                Next="E",
            ),
            "E": passes(Parameters={"all.$": "$all", "outer.$": "$outer"}, Next="F"),
            "F": passes(Parameters={"own.$": "$own"}),
        }
    ).start()
    play.fire("wait", 1)
    play.fire("wait", 2)
    outputs = [
        decode(event.text("output"))
        for event in play.events
        if event.type.endswith("Exited") and event.text("name") in ("P", "E")
    ]
    assert outputs == [
        [{"o": 1, "own": "b"}, {"o": 1, "own": "c"}],
        {"all": "c", "outer": 1},
    ]
    assert play.details()["error"] == "States.Runtime"


def test_iterations_read_what_is_around_them() -> None:
    """An iteration reads outer variables; what it assigns ends with it."""
    processor: JsonObject = {
        "StartAt": "I",
        "States": {
            "I": passes(Assign={"mine": "{% $states.input * $factor %}"}, Next="J"),
            "J": passes(Output="{% $mine %}"),
        },
    }
    play = jsonata(
        {
            "A": passes(Assign={"factor": 10}, Next="M"),
            "M": {
                "Type": "Map",
                "Items": "{% $states.input.list %}",
                "ItemProcessor": processor,
                "Assign": {"sum": "{% $sum($states.result) %}"},
                "Next": "E",
            },
            "E": passes(Output={"sum": "{% $sum %}", "list": "{% $states.input %}"}),
        },
        {"list": [1, 2, 3]},
    )
    assert play.output() == {"sum": 60, "list": [10, 20, 30]}


def test_one_assign_is_bounded() -> None:
    """More than 256 KiB fail the state, before anything is kept."""
    fits = "x" * (ASSIGN_BYTES_MAX - 2)
    kept = Play({"A": passes(Assign={"a.$": "$.x"}, OutputPath="$.y")})
    kept.limits = type(kept.limits)(payload_bytes_max=10 * ASSIGN_BYTES_MAX)
    assert kept.start({"x": fits, "y": 1}).status == "SUCCEEDED"
    large = Play({"A": passes(Assign={"a.$": "$.x"}, OutputPath="$.y")})
    large.limits = kept.limits
    large.start({"x": fits + "x", "y": 1})
    assert large.types[-1] == "ExecutionFailed"
    assert large.details()["error"] == "States.DataLimitExceeded"


def test_all_variables_are_bounded() -> None:
    """Those that an execution holds come to at most 10 MiB."""
    count = VARIABLES_BYTES_MAX // ASSIGN_BYTES_MAX + 1
    states: JsonObject = {
        f"S{n}": passes(Assign={f"v{n}.$": "$.x"}, Next=f"S{n + 1}") for n in range(count)
    }
    states[f"S{count}"] = passes()
    play = Play(states)
    play.checking = False
    play.start({"x": "y" * (ASSIGN_BYTES_MAX - 100)})
    assert play.details()["error"] == "States.DataLimitExceeded"
    assert len([kind for kind in play.types if kind == "PassStateExited"]) >= count - 2


def test_too_large_a_variable_in_a_catcher_fails() -> None:
    """The catcher that made it does not meet its own failure again."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "E",
        "Assign": {"big": "{% $pad('x', 262144) %}"},
    }
    play = jsonata({"T": queued(Catch=[catcher]), "E": passes()})
    play.answer()
    play.fail("Bad", "worse")
    assert play.details()["error"] == "States.DataLimitExceeded"
