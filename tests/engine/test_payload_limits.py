"""256 KiB wherever data passes: exactly as many bytes of UTF-8, in both profiles, and not one more.

Each place is played twice: with data that just fits, and with one byte more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stepwell.engine.limits import QUOTAS
from stepwell.values import JsonObject, JsonValue, encode_text
from tests.engine.play import Play, ask, both, child, passes, send, work

MOST = 262_144
ERROR = "States.DataLimitExceeded"
CATCH: Any = [{"ErrorEquals": ["Mine"], "ResultPath": "$.error", "Next": "End"}]


def filler(size: int, around: JsonValue = "") -> str:
    """A text that makes the JSON of `around` that long, with `""` in it; two bytes a character."""
    left = size - len(encode_text(around).encode())
    return "x" * (left % 2) + "é" * (left // 2)


def given(size: int) -> JsonObject:
    """An input of so many bytes."""
    return {"a": filler(size, {"a": ""})}


def jsonata(states: JsonObject) -> JsonObject:
    """A definition in that language."""
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def start(states: JsonObject, value: JsonValue = None) -> Play:
    """Begin with the first of these states."""
    return Play({**states, "End": passes()}).start(value)


def pass_result(size: int) -> Play:
    """A Pass's Result."""
    return start({"A": passes(Result=given(size), Next="End")})


def pass_parameters(size: int) -> Play:
    """A Pass's Parameters: the input in another object."""
    value = filler(size, {"b": ""})
    return start({"A": passes(Parameters={"b.$": "$.a"}, Next="End")}, {"a": value})


def pass_result_path(size: int) -> Play:
    """The input with the result in it."""
    value = filler(size, {"a": "", "b": [1]})
    return start({"A": passes(Result=[1], ResultPath="$.b", Next="End")}, {"a": value})


def task_parameters(size: int) -> Play:
    """What a Task is called with."""
    around: JsonObject = {"QueueUrl": "q", "MessageBody": ""}
    body = {"QueueUrl": "q", "MessageBody.$": "$.a"}
    play = start({"A": send(Parameters=body, Next="End")}, {"a": filler(size, around)})
    if play.status == "RUNNING":
        play.answer()
    return play


def task_result(size: int) -> Play:
    """What a service answers."""
    play = start({"A": send(Next="End")})
    play.answer(given(size))
    return play


def submitted_result(size: int) -> Play:
    """What a service answers a task that goes on waiting for its token."""
    play = start({"A": ask(Next="End")})
    play.answer(given(size))
    if play.status == "RUNNING":
        play.complete(1)
    return play


def submitted_job(size: int) -> Play:
    """What a service answers when it starts a job."""
    play = start({"A": child(Next="End")})
    play.answer(given(size))
    if play.status == "RUNNING":
        play.complete(1)
    return play


def token_result(size: int) -> Play:
    """What a callback brings."""
    play = start({"A": ask(Next="End")})
    play.answer()
    play.complete(given(size))
    return play


def activity_result(size: int) -> Play:
    """What a worker answers."""
    play = start({"A": work(Next="End")})
    play.take()
    play.complete(given(size))
    return play


def result_selector(size: int) -> Play:
    """What is made of the result."""
    play = start({"A": send(ResultSelector={"longer.$": "$.a"}, Next="End")})
    play.answer({"a": filler(size, {"longer": ""})})
    return play


def task_result_path(size: int) -> Play:
    """The input with the task's result in it."""
    value = filler(size, {"a": "", "b": {}})
    play = start({"A": send(ResultPath="$.b", Next="End")}, {"a": value})
    play.answer({})
    return play


def parallel_parameters(size: int) -> Play:
    """What the branches begin with."""
    value = filler(size, {"b": ""})
    state = both({"P": passes(Result=1)}, Parameters={"b.$": "$.a"}, Next="End")
    return start({"A": state}, {"a": value})


def parallel_results(size: int) -> Play:
    """What the branches come to, together."""
    value = filler(size, ["", [1]])
    state = both({"P": passes(OutputPath="$.a")}, {"Q": passes(Result=[1])}, Next="End")
    return start({"A": state}, {"a": value})


def mapping(**fields: Any) -> JsonObject:
    """A Map over the input's items."""
    processor = {"StartAt": "P", "States": {"P": passes()}}
    return {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, **fields}


def map_item(size: int) -> Play:
    """What an iteration begins with."""
    value = filler(size, {"b": ""})
    inner = {"StartAt": "P", "States": {"P": passes(Result=1)}}
    state = mapping(ItemSelector={"b.$": "$.a"}, ItemProcessor=inner, Next="End")
    return start({"A": state}, {"a": value, "items": [1]})


def map_results(size: int) -> Play:
    """What the iterations come to, together."""
    around: JsonValue = [{"i": 1, "v": ""}, {"i": 1, "v": "xx"}]
    value = filler(size, around)
    selector = {"i": 1, "v.$": "$$.Map.Item.Value"}
    state = mapping(ItemSelector=selector, Next="End")
    return start({"A": state}, {"items": [value, "xx"]})


def caught(size: int) -> Play:
    """The input with the error in it."""
    value = filler(size, {"a": "", "error": {"Error": "Mine", "Cause": "c"}})
    play = start({"A": ask(Catch=CATCH, Next="End")}, {"a": value})
    play.answer()
    play.fail("Mine", "c")
    return play


def query(size: int, **state: Any) -> Play:
    """A JSONata state that makes that much, and what is left of the machine."""
    play = Play(definition=jsonata({"A": state, "End": {"Type": "Succeed"}}))
    play.start({"a": filler(size, {"b": ""})})
    return play


def query_output(size: int) -> Play:
    """A JSONata state's Output."""
    return query(size, Type="Pass", Output={"b": "{% $states.input.a %}"}, Next="End")


def query_wait(size: int) -> Play:
    """A JSONata Wait's Output, which is made when it ends."""
    output = {"b": "{% $states.input.a %}"}
    play = query(size, Type="Wait", Seconds=1, Output=output, Next="End")
    play.fire("wait")
    return play


def query_choice(size: int) -> Play:
    """The Output of a rule of a Choice."""
    rule = {"Condition": "{% true %}", "Next": "End", "Output": {"b": "{% $states.input.a %}"}}
    return query(size, Type="Choice", Choices=[rule])


def query_succeed(size: int) -> Play:
    """The execution's output."""
    play = Play(
        definition=jsonata({"End": {"Type": "Succeed", "Output": {"b": "{% $states.input.a %}"}}})
    )
    return play.start({"a": filler(size, {"b": ""})})


def query_arguments(size: int) -> Play:
    """A JSONata Task's Arguments."""
    around: JsonObject = {"QueueUrl": "q", "MessageBody": ""}
    arguments: JsonObject = {"QueueUrl": "q", "MessageBody": "{% $states.input.a %}"}
    task: JsonObject = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Next": "End",
    }
    states: JsonObject = {"A": {**task, "Arguments": arguments}, "End": {"Type": "Succeed"}}
    play = Play(definition=jsonata(states)).start({"a": filler(size, around)})
    if play.status == "RUNNING":
        play.answer()
    return play


def assigned(size: int) -> Play:
    """What one Assign makes: the values alone."""
    return start(
        {"A": passes(Assign={"v.$": "$.a"}, OutputPath="$.b", Next="End")},
        {"a": filler(size, ""), "b": 1},
    )


PLACES: list[Callable[[int], Play]] = [
    pass_result,
    pass_parameters,
    pass_result_path,
    task_parameters,
    task_result,
    submitted_result,
    submitted_job,
    token_result,
    activity_result,
    result_selector,
    task_result_path,
    parallel_parameters,
    parallel_results,
    map_item,
    map_results,
    caught,
    query_output,
    query_wait,
    query_choice,
    query_succeed,
    query_arguments,
    assigned,
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_exactly_as_many_bytes_fit(place: Callable[[int], Play]) -> None:
    """The largest data passes."""
    assert place(MOST).status == "SUCCEEDED"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_one_byte_more_fails(place: Callable[[int], Play]) -> None:
    """With AWS's name for it; what is too large is not in the history."""
    play = place(MOST + 1)
    assert play.status == "FAILED"
    assert play.details()["error"] == ERROR
    for event in play.events:
        for name in ("output", "parameters"):
            if event.details is not None and name in event.details:
                assert len(event.text(name).encode()) <= MOST


def test_both_profiles_have_the_same() -> None:
    """It protects memory and history, whoever runs it."""
    assert {limits.payload_bytes_max for limits in QUOTAS.values()} == {MOST}
