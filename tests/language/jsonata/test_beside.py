"""Expressions evaluated beside everything else: a moment, then on another worker, then there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from stepwell.language.jsonata import beside as module
from stepwell.language.jsonata import compile_jsonata
from stepwell.language.jsonata.adapter import STEP_MS_MAX
from stepwell.language.jsonata.beside import Beside
from stepwell.language.jsonata.evaluator import Outcome
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.jsonata.isolation import LOST, Worker, worker
from stepwell.language.program import EvaluationFailed, EvaluationPending
from stepwell.values import JsonObject
from tests.language.jsonata.test_hostile import Step

SLOW = "$sum($map([1..90000], function($v) { $v % 7 }))"
ENDLESS = "($f := function($x) { $f($x + 1) }; $f(1))"
NONE = Surroundings()


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    """With nothing in it; the quick worker is there, and gets no time worth the name."""
    made = Beside()
    worker.start()
    monkeypatch.setattr(module, "MOMENT_SECONDS", 0.0005)
    yield made
    made.close()


def settled(beside: Beside, place: str, text: str, bindings: JsonObject) -> Outcome:
    """The outcome once it is there."""
    with pytest.raises(EvaluationPending) as pending:
        beside.evaluate(place, text, bindings, NONE)
    pending.value.begin().result(30)
    return beside.evaluate(place, text, bindings, NONE)


def test_a_slow_one_is_pending_and_then_there(beside: Beside) -> None:
    """The outcome says how long it took, which counts for the step."""
    found = settled(beside, "1:0:2:0::1", SLOW, {})
    assert found.value == 269_998
    assert found.milliseconds > 0


def test_an_endless_one_ends(beside: Beside) -> None:
    """With the error it would have had at once."""
    assert "D101" in settled(beside, "1:0:2:0::1", ENDLESS, {}).message


def test_each_place_has_its_own(beside: Beside) -> None:
    """The same text elsewhere, or with other data, is another evaluation."""
    text = "$reduce($states.input, function($a, $b) { $a + $b }) + 0 * " + SLOW
    assert settled(beside, "1:0:2:0::1", text, {"states": {"input": [1, 2]}}).value == 3
    with pytest.raises(EvaluationPending):
        beside.evaluate("1:0:2:0::1", text, {"states": {"input": [1, 3]}}, NONE)
    with pytest.raises(EvaluationPending):
        beside.evaluate("2:0:2:0::1", text, {"states": {"input": [1, 2]}}, NONE)


def test_a_quick_one_is_not_pending(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment is enough for most."""
    monkeypatch.setattr(module, "MOMENT_SECONDS", 10)
    worker.start()
    assert beside.evaluate("1:0:2:0::1", "$reduce([1..4], $max)", {}, NONE).kind == "error"
    assert beside.evaluate("1:0:2:0::1", "$reduce([1, 4], $append)", {}, NONE).value == [1, 4]


def test_asking_twice_works_once(beside: Beside) -> None:
    """Who asks again before it is done waits for the same evaluation."""
    futures = []
    for _ in range(2):
        with pytest.raises(EvaluationPending) as pending:
            beside.evaluate("1:0:2:0::1", ENDLESS, {}, NONE)
        futures.append(pending.value.begin())
    assert futures[0] is futures[1]
    futures[0].result(30)


def test_a_worker_that_somebody_killed(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expression is not to blame: it is evaluated once more, but not for ever."""
    answers = [LOST, Outcome("value", 5), LOST, LOST]
    monkeypatch.setattr(Worker, "ask", lambda _self, _line: answers.pop(0))
    assert settled(beside, "1:0:2:0::1", SLOW, {}).value == 5
    assert settled(beside, "2:0:2:0::1", SLOW, {}).kind == "error"


def test_who_asks_for_ever_waits(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place whose question is another one each time gets its answer at last."""
    monkeypatch.setattr(module, "ASKED_MAX", 3)
    for number in range(3):
        with pytest.raises(EvaluationPending):
            beside.evaluate(f"1:0:2:0::{number}", SLOW, {"n": number}, NONE)
    assert beside.evaluate("1:0:2:0::9", SLOW, {"n": 9}, NONE).value == 269_998


def test_outcomes_have_a_bound(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that nobody comes for make room."""
    monkeypatch.setattr(module, "OUTCOMES_MAX", 2)
    for number in range(3):
        settled(beside, f"{number}:0:2:0::1", SLOW, {})
    assert len(beside._outcomes) == 2
    assert beside._bytes == 12


def test_what_was_beside_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The expressions of a step have their bound though nobody waited for them."""

    def evaluate(*_given: object) -> Outcome:
        return Outcome("value", 1, milliseconds=STEP_MS_MAX // 2)

    monkeypatch.setattr(worker, "evaluate", evaluate)
    env = Step()
    grown = compile_jsonata("$reduce([1, 2], function($a, $b) { $a })")
    for _ in range(2):
        grown.evaluate({}, {}, env, "Output")
    with pytest.raises(EvaluationFailed, match="too much time"):
        grown.evaluate({}, {}, env, "Output")


def test_the_moment_is_short() -> None:
    """The process that serves others is not held up by an expression that it does not know."""
    made = Beside()
    worker.start()
    started = time.monotonic()
    with pytest.raises(EvaluationPending):
        made.evaluate("1:0:2:0::1", ENDLESS + " + 0", {}, NONE)
    assert time.monotonic() - started < 0.5
