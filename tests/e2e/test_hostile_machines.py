"""Machines and data that compute badly: they fail their own execution, never the server."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE
from tests.e2e.raw import CREATE, DESCRIBE, RECEIVE, START, SUCCEED, call

URL = "http://localhost/000000000000/hostile"
HUGE = "1" + "0" * 400
RUNTIME = "States.Runtime"
_names = (f"hostile-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all of them; at the end it is well."""
    with ServerProcess(tmp_path_factory.mktemp("hostile") / "data") as server:
        call(server, "AmazonSQS.CreateQueue", QueueName="hostile")
        yield server
        assert server.healthy()
        assert "Traceback" not in server.log()


def started(server: ServerProcess, definition: dict[str, Any], given: str) -> str:
    """The ARN of a new execution of a new machine."""
    text = json.dumps(definition)
    made = call(server, CREATE, name=next(_names), definition=text, roleArn=ROLE)
    assert made.status == 200, made
    machine = made.document["stateMachineArn"]
    told = call(server, START, stateMachineArn=machine, input=given)
    assert told.status == 200, told
    return str(told.document["executionArn"])


def ended(server: ServerProcess, execution: str) -> dict[str, Any]:
    """The description of an execution that has come to its end."""
    described: dict[str, Any] = {}

    def over() -> bool:
        described.update(call(server, DESCRIBE, executionArn=execution).document)
        return bool(described["status"] != "RUNNING")

    until(over, "the execution ends")
    return described


def one(**state: Any) -> dict[str, Any]:
    """A machine of one state."""
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True, **state}}}


def shaped(function: str) -> dict[str, Any]:
    """A machine that evaluates one template field."""
    return one(Parameters={"y.$": function})


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("States.MathAdd($.x,1)", HUGE),
        ("States.MathAdd($.x,1.5)", HUGE),
        ("States.MathAdd($.x,$.x)", "1e308"),
        ("States.MathRandom(0,$.x)", HUGE),
        ("States.ArrayRange(1,$.x,1)", HUGE),
        ("States.ArrayRange(1,$.x,1)", "100000000000"),
        ("States.ArrayGetItem(States.Array(1),$.x)", HUGE),
        ("States.ArrayPartition(States.Array(1,2),$.x)", HUGE),
        ("States.StringToJson($.x)", json.dumps("[" * 50_000)),
        ("States.StringToJson($.x)", '"1e999"'),
        ("States.StringToJson($.x)", '"\\"\\\\ud800\\""'),
    ],
)
def test_a_function_that_cannot_answer(server: ServerProcess, function: str, given: str) -> None:
    """Numbers and texts beyond what a function can take fail the execution, in AWS's words."""
    told = ended(server, started(server, shaped(function), f'{{"x":{given}}}'))
    assert (told["status"], told["error"]) == ("FAILED", RUNTIME)
    assert function in told["cause"]


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        ("States.Format('{}',$.x)", HUGE, HUGE),
        ("States.JsonToString($.x)", HUGE, HUGE),
        ("States.Base64Encode($.x)", '"\\u0000"', "AA=="),
        ("States.Hash($.x,'MD5')", '"\\u0000"', "93b885adfe0da089cdf634904fd59f71"),
    ],
)
def test_odd_values_are_computed(
    server: ServerProcess, function: str, given: str, expected: str
) -> None:
    """Odd values that can be computed are."""
    told = ended(server, started(server, shaped(function), f'{{"x":{given}}}'))
    assert told["status"] == "SUCCEEDED", told
    assert json.loads(told["output"]) == {"y": expected}


@pytest.mark.parametrize(
    "seconds", [HUGE, "1e300", "1.5", "-1", '"x"', "null", "{}", "99999999999", "true"]
)
def test_a_wait_of_a_bad_length(server: ServerProcess, seconds: str) -> None:
    """A wait that is no number of seconds fails the execution."""
    wait = one(Type="Wait", SecondsPath="$.x")
    told = ended(server, started(server, wait, f'{{"x":{seconds}}}'))
    assert (told["status"], told["error"]) == ("FAILED", RUNTIME)


@pytest.mark.parametrize("size", [300])
def test_a_result_that_grows_past_the_limit(server: ServerProcess, size: int) -> None:
    """A template that multiplies its input fails by the payload limit."""
    machine = one(Parameters={f"k{number}.$": "$" for number in range(size)})
    told = ended(server, started(server, machine, json.dumps("x" * 250_000)))
    assert (told["status"], told["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_a_path_that_multiplies(server: ServerProcess) -> None:
    """A path that selects more and more fails its execution."""
    machine = one(Parameters={"x.$": "$..a..a..a..a..a"})
    told = ended(server, started(server, machine, '{"a":' * 300 + "1" + "}" * 300))
    assert (told["status"], told["error"]) == ("FAILED", RUNTIME)


def test_deep_data_outlives_a_crash(server: ServerProcess) -> None:
    """The deepest input that is taken is read back after a crash, and goes on."""
    ask = one(
        Type="Task",
        Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters={"QueueUrl": URL, "MessageBody.$": "$$.Task.Token"},
        ResultPath="$.answer",
    )
    deep = '{"a":' * 450 + "1" + "}" * 450
    execution = started(server, ask, deep)
    message = call(server, RECEIVE, QueueUrl=URL, WaitTimeSeconds=10).document["Messages"][0]
    server.kill()
    server.start()
    assert call(server, SUCCEED, taskToken=message["Body"], output=deep).status == 200
    told = ended(server, execution)
    assert told["status"] == "SUCCEEDED"
    assert told["output"].count("{") == 900


def test_a_loop_that_nests_deeper_and_deeper(server: ServerProcess) -> None:
    """Data that nests too deeply fails the execution; it does not hang half done."""
    nest = {"Type": "Pass", "Parameters": {"a.$": "$", "n.$": "$.n"}, "Next": "More"}
    more = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "StringEquals": "stop", "Next": "Done"}],
        "Default": "Nest",
    }
    states = {"Nest": nest, "More": more, "Done": {"Type": "Succeed"}}
    told = ended(server, started(server, {"StartAt": "Nest", "States": states}, '{"n":"go"}'))
    assert (told["status"], told["error"]) == ("FAILED", RUNTIME)
    assert "deeper than 500 levels" in told["cause"]


def test_a_pattern_that_could_take_for_ever(server: ServerProcess) -> None:
    """A regular expression that would backtrack for ever answers soon."""
    machine = one(Parameters={"y.$": "$[?(@.x =~ /(a+)+b/)]"})
    given = json.dumps([{"x": "a" * 1_000 + "c"}, {"x": "a" * 1_000 + "b"}])
    told = ended(server, started(server, machine, given))
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"])["y"] == [{"x": "a" * 1_000 + "b"}]


ENDLESS = (
    "($f := function($x) { $x > 0 ? $f($x - 1) : 0 }; $map([1..90000], function($v) { $f(90) }))"
)


@pytest.mark.parametrize(
    "state",
    [
        {"Output": f"{{% {ENDLESS} %}}"},
        {
            "Type": "Parallel",
            "Branches": [{"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}],
            "Output": "{% $match($pad('', 9000, 'a') & 'b', /^(?=(a|a)+$)/) %}",
        },
        {
            "Type": "Map",
            "Items": [1, 2],
            "ItemSelector": {"x": f"{{% {ENDLESS} %}}"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "I",
                "States": {"I": {"Type": "Succeed"}},
            },
        },
    ],
    ids=["entering", "leaving", "children"],
)
def test_others_do_not_wait_for_a_slow_expression(
    server: ServerProcess, state: dict[str, Any]
) -> None:
    """While the expressions of several executions take all the time they may have."""
    slow = {"QueryLanguage": "JSONata", **one(**state)}
    executions = [started(server, slow, "{}") for _ in range(4)]
    quick = json.dumps(one())
    made = call(server, CREATE, name=next(_names), definition=quick, roleArn=ROLE)
    waited = []
    for _ in range(100):
        begun = time.monotonic()
        assert call(server, START, stateMachineArn=made.document["stateMachineArn"]).status == 200
        waited.append(time.monotonic() - begun)
    # One evaluation takes a second: whoever waited for one would be far beyond this.
    assert max(waited) < 0.6
    for execution in executions:
        described = ended(server, execution)
        assert described["status"] == "FAILED"
        assert "D101" in described["cause"]
