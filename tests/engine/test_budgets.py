"""What asks for too much fails its state, and the rest waits for the next turn."""

from __future__ import annotations

import pytest

from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play

LONG = "x" * 250_000
MANY: JsonObject = {f"k{number}.$": "$" for number in range(2_000)}
PASSES: JsonObject = {"Type": "Pass", "End": True}
INNER: JsonObject = {"StartAt": "I", "States": {"I": PASSES}}
BRANCHES: list[JsonValue] = [
    {"StartAt": f"B{number}", "States": {f"B{number}": PASSES}} for number in range(100)
]


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Parameters": MANY, "End": True},
        {"Type": "Pass", "Assign": MANY, "End": True},
        {"Type": "Parallel", "Parameters": MANY, "Branches": [INNER], "End": True},
        {"Type": "Parallel", "Branches": [INNER], "ResultSelector": MANY, "End": True},
        {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": MANY,
            "ItemProcessor": INNER,
            "End": True,
        },
        {"Type": "Pass", "OutputPath": f"$.t[{','.join(['0'] * 2_000)}]", "End": True},
        {"Type": "Parallel", "Branches": BRANCHES, "End": True},
    ],
)
def test_what_makes_too_much_of_its_input_fails_for_good(state: JsonObject) -> None:
    """What makes too much of its input fails for good."""
    given: JsonValue = {"t": [LONG], "items": [1]}
    play = Play({"S": state}).start(given)
    assert play.status == "FAILED"
    assert play.details()["error"] == "States.DataLimitExceeded"
    assert play.details()["cause"] == (
        "The state/task 'S' returned a result with a size exceeding the maximum number of bytes"
        " service limit."
    )


def test_a_quadratic_filter_fails_the_execution() -> None:
    """A quadratic filter fails the execution."""
    state: JsonObject = {"Type": "Pass", "InputPath": "$[?(@.a in $..a)]", "End": True}
    play = Play({"S": state}).start([{"a": number} for number in range(5_000)])
    assert play.status == "FAILED"
    assert play.details()["error"] == "States.Runtime"


def test_states_that_work_much_go_on_in_the_next_turn() -> None:
    """States that work much go on in the next turn."""
    states: JsonObject = {
        f"S{number}": {"Type": "Pass", "InputPath": "$[?(@ > -1)]", "Next": f"S{number + 1}"}
        for number in range(60)
    }
    play = Play({**states, "S60": PASSES}).start(list(range(20_000)))
    assert play.status == "RUNNING"
    entered = [event for event in play.events if event.type == "PassStateEntered"]
    assert 10 < len(entered) < 60


def test_data_nested_up_to_the_bound_goes_through_every_state() -> None:
    """Data nested up to the bound goes through every state."""
    given: JsonValue = 1
    for _ in range(498):
        given = [given]
    states: JsonObject = {
        "P": {"Type": "Pass", "Parameters": {"a.$": "$"}, "OutputPath": "$.a", "Next": "C"},
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "IsPresent": True, "Next": "M"}],
        },
        "M": {"Type": "Map", "ItemProcessor": INNER, "Next": "L"},
        "L": {"Type": "Parallel", "Branches": BRANCHES[:1], "OutputPath": "$[0]", "End": True},
    }
    assert Play(states).start(given).status == "SUCCEEDED"
