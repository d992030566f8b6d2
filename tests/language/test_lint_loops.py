"""Loops that head for the end of the history are warned of, ordinary loops are not."""

from __future__ import annotations

import json

import pytest

from stepwell.language.lint import lint_definition
from stepwell.language.lint_loops import loops
from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import ACTIVITY

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
GET = "arn:aws:states:::aws-sdk:glue:getJobRun"
DONE: JsonObject = {"Type": "Succeed"}


def found(**states: JsonValue) -> list[tuple[str, str]]:
    """Codes and places for a machine that begins with the first of these states."""
    text = json.dumps({"StartAt": next(iter(states)), "States": states})
    return [(finding.code, finding.location) for finding in lint_definition(text)]


def going(target: str, **fields: JsonValue) -> JsonObject:
    """A Pass, or what the fields make of it, that goes on."""
    return {"Type": "Pass", "Next": target, **fields}


def choosing(target: str, default: str | None = None, **condition: JsonValue) -> JsonObject:
    """A Choice with one rule, on a text unless told otherwise."""
    rule: JsonObject = {"Variable": "$.s", **(condition or {"StringEquals": "DONE"})}
    state: JsonObject = {"Type": "Choice", "Choices": [{**rule, "Next": target}]}
    return state if default is None else {**state, "Default": default}


WORK = going("B", Type="Task", Resource=LAMBDA)
ASK = going("B", Type="Task", Resource=GET)
WAIT = going("A", Type="Wait", Seconds=5)


def test_a_loop_that_never_ends_is_warned_of() -> None:
    """A circle of Pass states or calls, also of one state, at its first state."""
    end = ("LOOP_WITHOUT_END", "/States/A")
    assert found(A=going("B"), B=going("A"), Z=DONE) == [end]
    assert found(A=going("A"), Z=DONE) == [end]
    assert found(A=WORK, B=going("A"), Z=DONE) == [end]
    both = going("A", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z"}])
    assert found(A=WORK, B=both, Z=DONE) == [end]


def test_a_choice_that_stays_is_no_way_out() -> None:
    """Every rule and the default lead back."""
    assert found(A=choosing("A", "B"), B=going("A"), Z=DONE) == [("LOOP_WITHOUT_END", "/States/A")]


def test_asking_without_a_wait_is_warned_of() -> None:
    """A status is asked for until it is what it should be."""
    assert found(A=ASK, B=choosing("Z", "A"), Z=DONE) == [("LOOP_WITHOUT_WAIT", "/States/A")]


@pytest.mark.parametrize(
    "states",
    [
        {"A": ASK, "B": choosing("Z", "W"), "W": WAIT, "Z": DONE},
        {"A": going("B"), "B": WAIT, "Z": DONE},
        {"A": going("A", Type="Task", Resource=ACTIVITY, TimeoutSeconds=5), "Z": DONE},
        {"A": going("A", Type="Task", Resource="arn:aws:states:::glue:startJobRun.sync")},
        {"A": going("A", Type="Parallel", Branches=[{"StartAt": "W", "States": {"W": WAIT}}])},
    ],
)
def test_loops_that_take_time_are_not_spoken_of(states: JsonObject) -> None:
    """A Wait, a worker or a job sets the pace, also within a branch."""
    assert found(**states) == []


@pytest.mark.parametrize(
    "states",
    [
        # A counter, in each of its usual forms.
        {"A": WORK, "B": choosing("A", "Z", NumericLessThan=10), "Z": DONE},
        {"A": WORK, "B": choosing("A", "Z", BooleanEquals=True), "Z": DONE},
        {"A": ASK, "B": choosing("A", "Z", NumericLessThanPath="$.n"), "Z": DONE},
        {
            "A": going("C", Type="Task", Resource=GET),
            "C": going("B", Parameters={"n.$": "States.MathAdd($.n, 1)"}),
            "B": choosing("A", "Z", StringEquals="x"),
            "Z": DONE,
        },
        # Pages.
        {"A": ASK, "B": choosing("A", "Z", IsPresent=True), "Z": DONE},
        # Work that is retried by a catcher.
        {
            "A": going("Z", Type="Task", Resource=LAMBDA, Catch=[{"Next": "B"}]),
            "B": going("A"),
            "Z": DONE,
        },
        # A Choice that fails when nothing fits.
        {"A": choosing("A"), "Z": DONE},
    ],
)
def test_ordinary_loops_are_not_spoken_of(states: JsonObject) -> None:
    """Whether they end is for their data to say."""
    assert found(**states) == []


def test_a_comment_of_any_state_of_the_loop_silences() -> None:
    """As for every warning."""
    quiet = going("A", Comment="lint-allow: LOOP_WITHOUT_END")
    assert found(A=going("B"), B=quiet, Z=DONE) == []


def test_loops_are_found_apart() -> None:
    """Two circles that meet in a state are one; others are each their own."""
    graph = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["e", "c"], "e": ["e"], "f": ["a"]}
    assert sorted(loops(graph)) == [["a", "b"], ["c", "d"], ["e"]]
    assert loops({"a": ["b", "c"], "b": ["a"], "c": ["a"]}) == [["a", "b", "c"]]


def test_ten_thousand_states_in_a_circle_are_no_trouble() -> None:
    """No recursion, and no work that grows with the square."""
    names = [f"s{number}" for number in range(10_000)]
    circle = {name: [after] for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    assert loops(circle) == [names]
    chain = {**circle, names[-1]: []}
    assert loops(chain) == []
