"""An expression of a state: what it sees, what it gives, and how it fails in AWS's words."""

from __future__ import annotations

import threading

import pytest

from stepwell.language.jsonata import JsonataSyntaxError, compile_jsonata
from stepwell.language.jsonata.evaluator import evaluate
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject, JsonValue
from tests.language.data_environment import DataEnvironment
from tests.language.jsonata.expressions import STATES, VARIABLES

CONTEXT: JsonObject = {"Task": {"Token": "t-1"}, "Execution": {"Input": {"a": 1}}}
ENV = DataEnvironment(context=CONTEXT, variables=VARIABLES)


def value(text: str, env: DataEnvironment = ENV) -> JsonValue:
    """What an expression gives."""
    return compile_jsonata(text).evaluate(STATES, env.variables, env, "Output/x")


def failure(text: str) -> str:
    """How it fails: the sentence behind the one that names expression and field."""
    with pytest.raises(EvaluationFailed) as caught:
        value(text)
    failed = caught.value
    assert failed.error == "States.QueryEvaluationError"
    assert failed.location == "Output/x"
    assert failed.from_entry
    start = f"The JSONata expression '{text}' specified for the field 'Output/x' "
    assert failed.cause.startswith(start)
    return failed.cause.removeprefix(start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$states.input.n", 7),
        ("$states.input.nothing", None),
        ("$states.input.none", []),
        ("$states.input.orders.id", ["o1", "o2", "o3"]),
        ("$states.context.Task.Token", "t-1"),
        ("$states.context", CONTEXT),
        ("$states.result.Payload.ok", True),
        ("$x", 4),
        ("$arr", [1, [2], {"k": 3}]),
        ("$o.k & ''", '{"l":1}'),
        ("$x + $states.input.n", 11),
        ("1/0", "Infinity"),
        ("[-1/0, 0/0]", ["-Infinity", "NaN"]),
        ("null", None),
        ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1,2,3], 2.9)", [[1, 2], [3]]),
        ("$range(1, 9, 4)", [1, 5, 9]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(1, 1, 1)", 1),
        ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
        ("'abc' ~> $hash('SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("$parse($states.input.json)", {"k": [1, {"v": None}]}),
        ("$random(42) = $random(42)", True),
        ("$random(42) = $random(43)", False),
        ("$random() < 1 and $random() != $random()", True),
        ("$now()", "2023-11-14T22:13:20.123Z"),
        ("$now('[Y0001]')", "2023"),
        ("$millis()", 1_700_000_000_123),
        ("$length($uuid())", 36),
        ("$uuid() = $uuid()", False),
        ("$pad('a', -3, 'xy')", "xya"),
        ("$count($shuffle([1..50]))", 50),
    ],
)
def test_values(text: str, expected: JsonValue) -> None:
    """Data, context, variables and the functions that Step Functions adds."""
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$states.input.missing",
        "$missing",
        "$missing.deeper",
        "$states.input.n.deeper",
        "$range(1, 2)",
        "$range(1, 2, -1)",
        "$partition([1], 0)",
        "$hash('a')",
        "$hash('a', 'md5')",
        "$parse($missing)",
    ],
)
def test_nothing(text: str) -> None:
    """An expression without a value fails; null is a value."""
    assert failure(text) == "returned nothing (undefined)."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$nope(1)", "T1006: Attempted to invoke a non-function"),
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("$error('boom')", "D3137: boom"),
        ("$parse('{')", "D3120: The text is not JSON: Input data was truncated"),
        ("$parseInteger('10', '###\u0661')", "D1000: The expression could not be evaluated"),
    ],
)
def test_errors(text: str, said: str) -> None:
    """Errors carry their code, without what the library puts around them; a panic is one too."""
    assert failure(text) == f"threw an error during evaluation. {said}"


@pytest.mark.parametrize("text", ["$sum", "function($x) { $x }", "$partition"])
def test_a_function_is_no_value(text: str) -> None:
    """A function cannot be data."""
    assert failure(text) == "returned an unexpected result type 'function'."


@pytest.mark.parametrize("text", ["1 +", "(", "'a", "{'a'}", "1) + (2", "$x :=", "-" * 5000 + "1"])
def test_syntax(text: str) -> None:
    """What is no expression is refused, with the library's code."""
    with pytest.raises(JsonataSyntaxError, match=r"^[A-Z]\d{4}"):
        compile_jsonata(text)


def test_an_expression_may_not_be_endless() -> None:
    """Its text has a bound of its own."""
    with pytest.raises(JsonataSyntaxError, match="at most"):
        compile_jsonata("1" + " " * 70_000)


@pytest.mark.parametrize(
    "text",
    ["$states.input", "$states.input.list", "$states.input.nested", "$arr", "$o.k", "$x", "$s"],
)
def test_plain_paths_give_what_the_library_gives(text: str) -> None:
    """The short way for plain paths changes nothing."""
    bindings: dict[str, JsonValue] = {"states": dict(STATES), **VARIABLES}
    assert value(text) == evaluate(text, bindings, Surroundings()).value


def test_chance_is_replayed() -> None:
    """The same step draws the same, another step something else."""
    other = DataEnvironment(chance=b"other chance...")
    for text in ("$random()", "$uuid()", "$shuffle([1..30])"):
        assert value(text) == value(text)
        assert value(text) != value(text, other)


def test_threads() -> None:
    """An expression can be evaluated in any thread, though the library's cannot."""
    compiled = compile_jsonata("$x + 1")
    found: list[JsonValue] = [compiled.evaluate({}, VARIABLES, ENV, "f")]

    def run() -> None:
        found.append(compiled.evaluate({}, VARIABLES, ENV, "f"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [5, 5]


def deep(levels: int) -> JsonValue:
    """Arrays within arrays."""
    value: JsonValue = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("data", ["\ud800", deep(3000), 10**5000], ids=["text", "deep", "long"])
@pytest.mark.parametrize("text", ["$count($data)", "$reduce([1, $data], function($a, $b) { $a })"])
def test_data_that_no_json_can_hold(data: JsonValue, text: str) -> None:
    """It fails the evaluation, and nothing else."""
    with pytest.raises(EvaluationFailed, match="D1000: The data cannot be evaluated"):
        value(text, DataEnvironment(variables={"data": data}))


def test_large_integers() -> None:
    """Integers beyond 64 bits are doubles in an expression; a plain path leaves them alone."""
    env = DataEnvironment(variables={"big": 2**70, "huge": 10**400})
    assert value("$big + 0", env) == 2.0**70
    with pytest.raises(EvaluationFailed, match="D1001"):
        value("$huge + 0", env)
    assert value("$big", env) == 2**70
