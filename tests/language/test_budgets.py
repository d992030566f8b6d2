"""Hostile paths, functions and templates end after a counted amount of work."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from stepwell.language.budget import BYTES_MAX, WORK_MAX, Budget, begin
from stepwell.language.compile_jsonata import jsonata_template
from stepwell.language.paths import PathNotFound, compile_path, input_path_reader
from stepwell.language.program import EvaluationFailed
from stepwell.language.templates import compile_expression, compile_template
from stepwell.language.timestamps import compile_wait_seconds_path, compile_wait_timestamp_path
from stepwell.values import JsonValue, encode_text
from tests.language.data_environment import NOTHING, DataEnvironment

ITEMS: list[JsonValue] = [{"a": number} for number in range(5_000)]
LONG = "x" * 250_000


@dataclass(frozen=True)
class Budgeted(DataEnvironment):
    """An environment whose evaluations share a budget, as those of a state do."""

    budget: Budget = field(default_factory=Budget)


@pytest.mark.parametrize(
    "path",
    [
        "$[?(@.a in $..a)]",
        "$[?(@.a in $[*].a)]",
        "$[?($ == $)]",
        "$[?($.sum() > 1)]",
        "$[?(@.a subsetof $..a || $..a noneof $..a)]",
        "$[?($..a)]",
    ],
)
def test_a_path_that_takes_the_square_of_its_data_fails(path: str) -> None:
    """A path that takes the square of its data fails."""
    with pytest.raises(EvaluationFailed, match=f"more than {WORK_MAX}") as failed:
        compile_path(path).read(ITEMS, NOTHING)
    assert failed.value.error == "States.Runtime"


def test_a_regular_expression_over_long_texts_is_counted() -> None:
    """A regular expression over long texts is counted."""
    document: JsonValue = {"s": "ab" * 60_000, "all": [1] * 1_000}
    with pytest.raises(EvaluationFailed, match=f"more than {WORK_MAX}"):
        compile_path("$.all[?($.s =~ /(a|ab)*(b|ba)*c/)]").read(document, NOTHING)


@pytest.mark.parametrize("path", ["$[?(@.a == 3)]", "$..a", "$[?(@.a > 5 && @.a < 4000)].a"])
def test_a_path_that_visits_its_data_once_has_room(path: str) -> None:
    """A path that visits its data once has room."""
    env = Budgeted()
    assert compile_path(path).read(ITEMS, env)
    assert WORK_MAX / 2 < env.budget.work < WORK_MAX


def test_plain_paths_cost_nothing() -> None:
    """Plain paths cost nothing."""
    env = Budgeted()
    assert compile_path("$.a.b[0].x").read({"a": {"b": [{"x": 1}]}}, env) == 1
    assert env.budget.work == WORK_MAX


def test_what_one_state_evaluates_shares_its_budget() -> None:
    """What one state evaluates shares its budget."""
    env, read = Budgeted(), compile_path("$..a").read
    with pytest.raises(EvaluationFailed, match=f"more than {WORK_MAX}"):
        [read(ITEMS, env) for _ in range(1_000)]


def test_a_path_that_finds_nothing_shows_the_data_only_when_asked() -> None:
    """A path that finds nothing shows the data only when asked."""
    with pytest.raises(PathNotFound) as missing:
        compile_path("$.a[0]").read({"a": {"b": 1}}, NOTHING)
    assert missing.value.reason == (
        "Filter: [0] can only be applied to arrays. Current context is: {b=1}"
    )
    assert str(missing.value) == f"Invalid path '$.a[0]' : {missing.value.reason}"


@pytest.mark.parametrize("read", ["$", "$.text", "States.Array($)"])
def test_a_template_that_names_its_input_often_fails_before_it_is_written(read: str) -> None:
    """A template that names its input often fails before it is written."""
    fill = compile_template({f"k{number}.$": read for number in range(2_000)}, "Parameters")
    with pytest.raises(EvaluationFailed, match=str(BYTES_MAX)) as failed:
        fill({"text": LONG}, NOTHING)
    assert failed.value.error == "States.DataLimitExceeded"


def test_a_jsonata_template_that_names_its_input_often_fails() -> None:
    """A jsonata template that names its input often fails."""
    named: JsonValue = ["{% $states.input.text %}"] * 2_000
    with pytest.raises(EvaluationFailed) as failed:
        jsonata_template(named, "Arguments")({"text": LONG}, Budgeted())
    assert failed.value.error == "States.DataLimitExceeded"


@pytest.mark.parametrize("path", ["$[" + ",".join(["0"] * 2_000) + "]", "$..*"])
def test_an_output_path_that_repeats_its_data_fails(path: str) -> None:
    """An output path that repeats its data fails."""
    data: JsonValue = LONG
    for _ in range(200):
        data = [data]
    with pytest.raises(EvaluationFailed) as failed:
        input_path_reader(path, "OutputPath")(data, NOTHING)
    assert failed.value.error == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    "call",
    [
        f"States.Format('{'{}' * 2_000}'{', $.text' * 2_000})",
        f"States.Array({', '.join(['States.JsonToString($)'] * 1_000)})",
        f"States.Array({', '.join(['States.ArrayPartition($.items, 1)'] * 500)})",
        f"States.Array({', '.join(['States.ArrayUnique($.items)'] * 500)})",
    ],
)
def test_functions_that_multiply_their_data_fail(call: str) -> None:
    """Functions that multiply their data fail."""
    data: JsonValue = {"text": LONG, "items": list(ITEMS)}
    with pytest.raises(EvaluationFailed, match=f"more than {WORK_MAX}"):
        compile_expression(call, "x.$")(data, NOTHING)


def test_text_from_data_may_nest_no_deeper_than_a_payload() -> None:
    """Text from data may nest no deeper than a payload."""
    text = "[" * 501 + "]" * 501
    with pytest.raises(EvaluationFailed, match="valid JSON"):
        compile_expression("States.StringToJson($)", "x.$")(text, NOTHING)


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("States.MathAdd($, 1)", 1e308),
        ("States.MathAdd($, 1)", 10**300),
        ("States.ArrayRange(0, $, 1)", 10**18),
        ("States.ArrayRange(0, $, 1)", 2**31 - 1),
        ("States.ArrayRange($, 0, 1)", float(-(2**63))),
        ("States.MathRandom(0, $)", 1e300),
    ],
)
def test_numbers_out_of_range_fail(call: str, data: JsonValue) -> None:
    """Numbers out of range fail."""
    with pytest.raises(EvaluationFailed):
        compile_expression(call, "x.$")(data, NOTHING)


@pytest.mark.parametrize("data", [1e308, 10**300, 2**63 - 1, -1, -0.0, True, "1e9"])
def test_seconds_out_of_range_fail(data: JsonValue) -> None:
    """Seconds out of range fail."""
    with pytest.raises(EvaluationFailed):
        compile_wait_seconds_path("$")(data, NOTHING, 0)


@pytest.mark.parametrize(
    "data", ["9999-12-31T23:59:60Z", "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-18:00"]
)
def test_times_beyond_the_calendar_fail(data: str) -> None:
    """Times beyond the calendar fail."""
    with pytest.raises(EvaluationFailed):
        compile_wait_timestamp_path("$")(data, NOTHING, 1_700_000_000_000)


def test_the_size_of_shared_data_counts_each_time_but_is_walked_once() -> None:
    """The size of shared data counts each time but is walked once."""
    budget, data = begin(NOTHING), list(ITEMS)
    budget.hold(data)
    one = BYTES_MAX - budget.bytes
    assert len(encode_text(data)) / 2 < one < len(encode_text(data)) * 2
    budget.hold([data] * 10)
    assert BYTES_MAX - budget.bytes > 11 * one
