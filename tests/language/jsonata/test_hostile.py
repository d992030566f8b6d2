"""Whatever an expression does, it fails alone, in bounded time and memory; the next one works."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

import pytest

from stepwell.language.budget import Budget
from stepwell.language.jsonata import JsonataSyntaxError, adapter, compile_jsonata
from stepwell.language.jsonata.evaluator import Outcome
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.jsonata.isolation import Worker
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject
from tests.language.data_environment import NOTHING, DataEnvironment

LONG: JsonObject = {"input": {"text": "a" * 200_000, "list": list(range(20_000))}}

LARGE: JsonObject = {"text": "a" * 20_000, "list": list(range(5_000))}


@dataclass(frozen=True)
class Step(DataEnvironment):
    """What the expressions of one step share."""

    budget: Budget = field(default_factory=Budget)


HOSTILE = [
    "($f := function($x) { $f($x + 1) + 1 }; $f(1))",
    "($f := function($x) { $f($x + 1) }; $f(1))",
    "$pad('a', 2000000000)",
    "[1..9000000000]",
    "$count([1..9000000])",
    "$range(1, 2000000000, 1)",
    "$formatInteger(1e300, 'I')",
    "$reduce([1..60], function($a, $b) { $a & $a }, 'xxxxxxxxxx')",
    "$reduce([1..60], function($a, $b) { $append($a, $a) }, [1, 2])",
    "$reduce([1..60], function($a, $b) { {'a': $a, 'b': $a} }, 1)",
    "$reduce([1..60], function($a, $b) { $join([$a, $a]) }, 'xxxxxxxxxx')",
    "$reduce([1..60], function($a, $b) { $replace($a, 'x', 'xx') }, 'xxxxxxxxxx')",
    "$string($reduce([1..60], function($a, $b) { [[$a], [$a]] }, 1))",
    "[1..1000].($x := $; [1..1000].{'a': $x})",
    "$map($states.input.list, function($v) { $states.input.text })",
    "$states.input.list.{'a': $states.input.text, 'b': $states.input.text}",
    "(" + ";".join(f"$a{n + 1} := [$a{n}, $a{n}]" for n in range(40)) + "; $a40)",
    "$match($states.input.text & 'b', /(((a{1,1000}){1,1000}){1,1000})$/)",
    "$match($states.input.text & 'b', /^(?=(a|a)+$)/)",
    "$count($match($states.input.text & 'b', /(?=a*)(?=a*b)/))",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:50])
def test_a_hostile_expression_fails_alone(text: str) -> None:
    """It is stopped, and neither the process nor the worker is worse off."""
    started = time.monotonic()
    with pytest.raises(EvaluationFailed) as caught:
        compile_jsonata(text).evaluate(LONG, {"a0": ["x"]}, NOTHING, "Output")
    assert caught.value.error == "States.QueryEvaluationError"
    assert time.monotonic() - started < 30
    again = compile_jsonata("$reduce([1..4], function($a, $b) { $a + $b })")
    assert again.evaluate({}, {}, NOTHING, "Output") == 10


@pytest.mark.parametrize(
    "text",
    [
        "$distinct($states.input.list)",
        "$states.input.list ~> $distinct",
        "$keys($states.input.objects)",
        "$count($match($states.input.text, /a/))",
        "$shuffle($states.input.list)",
        "$states.input.list#$i[$i > 5]",
        r"$contains($states.input.text, /(\w{30}){30}b/)",
        r"[$contains($states.input.text, /\w{90}b/), $contains($states.input.text, /\w{91}b/)]",
    ],
)
def test_what_takes_time_is_done_elsewhere(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some functions make little of much, and yet hold everybody up: not in this process."""

    def here(*_given: object) -> Outcome:
        raise AssertionError("it was evaluated here")

    monkeypatch.setattr(adapter, "evaluate", here)
    compiled = compile_jsonata(text)
    many: JsonObject = {"input": {**LARGE, "objects": [{f"k{i}": i} for i in range(5_000)]}}
    with contextlib.suppress(EvaluationFailed):
        compiled.evaluate(many, {}, NOTHING, "Output")
    monkeypatch.undo()
    if "\\w" in text:
        return
    small: JsonObject = {"input": {"list": [1, 1, 2], "text": "aa", "objects": [{"a": 1}]}}
    monkeypatch.setattr(adapter, "worker", None)
    with contextlib.suppress(EvaluationFailed):
        compiled.evaluate(small, {}, NOTHING, "Output")


def test_a_long_text_meets_a_pattern_in_linear_time() -> None:
    """A pattern that goes back and forth elsewhere does not here."""
    text = "$exists($match($states.input.text, /(a+)+$/))"
    assert compile_jsonata(text).evaluate(LONG, {}, NOTHING, "Output") is True


def test_a_worker_that_dies_is_replaced() -> None:
    """The evaluation it was at has failed; the next one has a new worker."""
    worker = Worker()
    try:
        assert worker.evaluate("1 + 1", {}, Surroundings()).value == 2
        assert worker._process is not None
        worker._process.kill()
        worker._process.wait()
        assert worker.evaluate("1 + 1", {}, Surroundings()).kind == "error"
        assert worker.evaluate("1 + 1", {}, Surroundings()).value == 2
    finally:
        worker.close()


def test_many_slow_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The expressions of one step have a bound together, too."""
    seconds = iter(range(1_000))
    monkeypatch.setattr(adapter, "perf_counter", lambda: next(seconds) / 2)
    env = Step()
    slow = compile_jsonata("1 + 1")
    for _ in range(4):
        assert slow.evaluate({}, {}, env, "Output") == 2
    with pytest.raises(EvaluationFailed, match="too much time"):
        slow.evaluate({}, {}, env, "Output")
    assert slow.evaluate({}, {}, Step(), "Output") == 2


@pytest.mark.parametrize(
    ("text", "position"),
    [("1 + ", 4), ("$f(1, 2", 7), ("a.b)", 3), ("[1, 2 3]", 6), ("{'a': }", 6)],
)
def test_where_it_is_wrong(text: str, position: int) -> None:
    """A text that is no expression is refused with the place where it goes wrong."""
    with pytest.raises(JsonataSyntaxError) as refused:
        compile_jsonata(text)
    assert refused.value.position == position
