"""Expressions that take their time: the execution goes on where it stood, as if nothing was."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from stepwell.engine.commands import AwaitExpression
from stepwell.engine.inputs import Started, StopRequested
from stepwell.engine.limits import Limits
from stepwell.language.jsonata import adapter
from stepwell.language.jsonata.evaluator import Outcome, evaluate
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.program import EvaluationPending
from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play, both, passes
from tests.engine.test_variables import queued

BESIDE = Limits(expressions_beside=True)


class Slow:
    """Every expression that could grow is pending when a place asks for it first."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str]] = set()

    def evaluate(
        self, place: str, text: str, bindings: dict[str, JsonValue], surroundings: Surroundings
    ) -> Outcome:
        if (place, text) in self.asked:
            return evaluate(text, bindings, surroundings)
        self.asked.add((place, text))
        raise EvaluationPending(Future)


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """In place of the workers."""
    made = Slow()
    monkeypatch.setattr(adapter, "beside", made)
    return made


def grown(what: str) -> str:
    """The same value, by an expression that could grow."""
    return f"{{% $reduce([{what}, 0], function($a, $b) {{ $a }}) %}}"


def played(
    states: JsonObject, *, limits: Limits = BESIDE, crashing: bool = False, seed: int = 0
) -> tuple[Play, int]:
    """An execution of these states brought to its end, and how often it stood still.

    When it is `crashing`, it is folded anew before each timer.
    """
    definition: JsonObject = {
        "StartAt": next(iter(states)),
        "States": states,
        "QueryLanguage": "JSONata",
    }
    play = Play(definition=definition, limits=limits).start({"n": 3})
    stood = 0
    for _ in range(40):
        if play.status != "RUNNING":
            return play, stood
        if play.timers:
            (branch, kind), _timer = next(iter(play.timers.items()))
            stood += kind in ("again", "leave", "retry", "wait", "continue")
            if crashing:
                play.execution = play.folded()
            play.fire(kind, branch)
        elif not any(call.event in play.open for call in play.calls.values()):
            play.answer({"r": 1})
        else:
            if play.execution.branches[0].phase == "started":
                play.answer()
            play.complete({"r": 1})
    raise AssertionError(f"it does not end: {play.trail}")


INNER: JsonObject = {"StartAt": "I", "States": {"I": passes()}}
WHERE: dict[str, JsonObject] = {
    "Pass Output": passes(Output=grown("1")),
    "two in a Pass": passes(Output=[grown("1"), grown("2")], Assign={"v": grown("3")}),
    "Succeed": {"Type": "Succeed", "Output": grown("1")},
    "Fail": {"Type": "Fail", "Error": grown("'E'"), "Cause": grown("'c'")},
    "Choice": {
        "Type": "Choice",
        "Choices": [{"Condition": grown("true"), "Output": grown("5"), "Next": "End"}],
    },
    "Wait Seconds": {"Type": "Wait", "Seconds": grown("2"), "Output": grown("1"), "End": True},
    "Wait Timestamp": {
        "Type": "Wait",
        "Timestamp": grown("'2000-01-01T00:00:00Z'"),
        "Output": grown("1"),
        "End": True,
    },
    "Task": queued(Output=grown("$states.result.r"), Assign={"v": grown("7")}),
    "Task times": queued(TimeoutSeconds=grown("9"), HeartbeatSeconds=grown("3")),
    "Parallel": {
        **both({"B": passes(Output=grown("1"))}, {"C": passes(Output=grown("2"))}),
        "Arguments": grown("4"),
        "Output": grown("$states.result"),
    },
    "Map": {
        "Type": "Map",
        "Items": grown("[1, 2, 3]"),
        "ItemSelector": {"x": grown("$states.context.Map.Item.Value")},
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "I", "States": {"I": passes(Output=grown("6"))}},
        "Output": [grown("$states.result[0]"), "{% $states.result %}"],
        "End": True,
    },
    "empty Map": {
        "Type": "Map",
        "Items": [],
        "ItemProcessor": INNER,
        "Output": grown("8"),
        "End": True,
    },
    "failing": passes(Output=grown("$nope")),
    "failing Task": queued(
        Output=grown("$nope"),
        Retry=[{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
        Catch=[{"ErrorEquals": ["States.ALL"], "Output": grown("1"), "Next": "End"}],
    ),
}


def history(play: Play) -> list[tuple[str, JsonObject | None]]:
    """What happened, but when."""
    return [(line, event.details) for line, event in zip(play.trail, play.events, strict=True)]


@pytest.mark.parametrize("crashing", [False, True])
@pytest.mark.parametrize("name", WHERE)
def test_the_history_is_the_same(name: str, crashing: bool) -> None:
    """Wherever an expression stands, and though the process dies while it is evaluated."""
    states: JsonObject = {"S": WHERE[name], "End": {"Type": "Succeed"}}
    if "End" not in str(WHERE[name].get("Choices", "")) + str(WHERE[name].get("Catch", "")):
        del states["End"]
    at_once, _ = played(states, limits=Limits())
    later, stood = played(states, crashing=crashing)
    assert stood > 0
    if crashing and name == "Parallel":  # Both branches go on, in the order of their timers.
        assert sorted(later.types) == sorted(at_once.types)
        assert later.output() == at_once.output()
    elif name == "Parallel":
        assert later.output() == at_once.output()
    else:
        assert history(later) == history(at_once)


def test_the_runtime_is_told_what_to_ring() -> None:
    """The command names the timer, which rings by itself when the process forgot."""
    definition: JsonObject = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": passes(Output=grown("1"))},
    }
    play = Play(definition=definition, limits=BESIDE)
    decision = play.tell(Started("{}", {}))
    commands = [c for c in decision.commands if isinstance(c, AwaitExpression)]
    assert [(c.branch, c.kind, c.event) for c in commands] == [(0, "again", 2)]
    assert play.timers[0, "again"].due_at == play.now + 3_000


def test_a_stop_meanwhile() -> None:
    """What stands still is stopped as anything else, and its timer goes."""
    for name in ("Pass Output", "Wait Seconds"):
        definition: JsonObject = {
            "QueryLanguage": "JSONata",
            "StartAt": "A",
            "States": {"A": WHERE[name]},
        }
        play = Play(definition=definition, limits=BESIDE).start()
        assert play.timers
        play.tell(StopRequested(None, None))
        assert play.types[-1] == "ExecutionAborted"
        assert not play.timers
