"""Timestamps and the due times of Wait states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.paths import PathSyntaxError
from stepwell.language.program import EvaluationFailed
from stepwell.language.timestamps import (
    BadTimestamp,
    compile_wait_seconds,
    compile_wait_seconds_path,
    compile_wait_timestamp,
    compile_wait_timestamp_path,
    format_timestamp,
    is_timestamp,
    parse_instant,
    parse_timestamp,
)
from stepwell.values import JsonValue
from tests.language.data_environment import NOTHING, DataEnvironment

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.5Z", -500),
        ("2016-03-14T01:59:00Z", 1457920740000),
        ("2016-03-14T01:59:00.1Z", 1457920740100),
        ("2016-03-14T01:59:00.120Z", 1457920740120),
        ("2016-03-14T02:59:00+01:00", 1457920740000),
        ("2016-03-13T20:29:00-05:30", 1457920740000),
        ("2016-03-14T01:59:00.123000000Z", 1457920740123),
        ("2016-03-14T01:59:00.123000001Z", 1457920740124),
        ("2016-02-29T00:00:00Z", 1456704000000),
        ("9999-12-31T23:59:59Z", 253402300799000),
    ],
)
def test_instants_are_read(text: str, milliseconds: int) -> None:
    """Zones, fractions of any length, leap days; what is finer than a millisecond is rounded up."""
    assert parse_timestamp(text) == milliseconds
    assert is_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2016-13-05T21:29:29Z",
        "2016-12-05T25:29:29Z",
        "05-12-2016T21:29:29Z",
        "2016-12-05 21:29:29Z",
        "2016-12-05T21:29:29",
        "2016-12-05t21:29:29Z",
        "2016-12-05T21:29:29z",
        "2016-12-05T21:29Z",
        "2016-12-05T21:29:29.Z",
        "2016-12-05T21:29:60Z",
        "2016-12-05T21:29:29+0100",
        "2016-12-05T21:29:29+25:00",
        "2016-12-05T21:29:29+01:60",
        "2015-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2016-12-05T21:29:29Z ",
        "2016-12-05T21:29:29Z\n",
        "٢٠١٦-12-05T21:29:29Z",
        "{% '2016-03-14T01:59:00Z' %}",
        "2016-12-05T21:29:29." + "1" * 2000 + "Z",
    ],
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    """Among them all that AWS was seen to refuse."""
    assert not is_timestamp(text)
    with pytest.raises(BadTimestamp):
        parse_timestamp(text)
    with pytest.raises(BadTimestamp):
        compile_wait_timestamp(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (NOW, "2023-11-14T22:13:20Z"),
        (NOW + 120, "2023-11-14T22:13:20.120Z"),
        (NOW + 7, "2023-11-14T22:13:20.007Z"),
        (-500, "1969-12-31T23:59:59.500Z"),
        (-59011459200000, "0100-01-01T00:00:00Z"),
    ],
)
def test_instants_are_written(milliseconds: int, text: str) -> None:
    """Three digits of fraction, or none when it is zero."""
    assert format_timestamp(milliseconds) == text


@given(st.integers(-62135596800000, 253402300799999))
def test_what_is_written_is_read_again(milliseconds: int) -> None:
    """Reading is the inverse of writing over the whole calendar."""
    assert parse_timestamp(format_timestamp(milliseconds)) == milliseconds


moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
zones = st.integers(-18 * 60, 18 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moments, moments, zones, zones)
def test_instants_are_ordered_as_time_is(
    one: datetime, other: datetime, zone: timezone, other_zone: timezone
) -> None:
    """Whatever zones they are written in."""
    first = parse_instant(one.astimezone(zone).isoformat())
    second = parse_instant(other.astimezone(other_zone).isoformat())
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_our_error(text: str) -> None:
    """Any text is a timestamp or refused."""
    assert is_timestamp(text) in (True, False)


def test_seconds() -> None:
    """So long from now; zero is due at once."""
    assert compile_wait_seconds(0)({}, NOTHING, NOW) == NOW
    assert compile_wait_seconds(10)({}, NOTHING, NOW) == NOW + 10_000


def test_seconds_from_a_path() -> None:
    """From the data, the context or a variable."""
    env = DataEnvironment({"n": 2}, {"n": 3})
    assert compile_wait_seconds_path("$.n")({"n": 1}, env, NOW) == NOW + 1000
    assert compile_wait_seconds_path("$$.n")({}, env, NOW) == NOW + 2000
    assert compile_wait_seconds_path("$n")({}, env, NOW) == NOW + 3000


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "does not reference an input value: $.input.waitSeconds"),
        ({"waitSeconds": 1.5}, "cannot be parsed as a long value: $.input.waitSeconds == 1.5"),
        ({"waitSeconds": "5"}, "cannot be parsed as a long value: $.input.waitSeconds == 5"),
        ({"waitSeconds": True}, "cannot be parsed as a long value: $.input.waitSeconds == true"),
        ({"waitSeconds": None}, "cannot be parsed as a long value: $.input.waitSeconds == null"),
        ({"waitSeconds": [1]}, "cannot be parsed as a long value: $.input.waitSeconds == [1]"),
        (
            {"waitSeconds": 2**63},
            "cannot be parsed as a long value: $.input.waitSeconds == 9223372036854775808",
        ),
        ({"waitSeconds": -1}, "references a negative value: $.input.waitSeconds == -1"),
    ],
)
def test_bad_seconds_fail_with_aws_sentences(data: JsonValue, sentence: str) -> None:
    """As recorded, States.Runtime."""
    with pytest.raises(EvaluationFailed) as failure:
        compile_wait_seconds_path("$.input.waitSeconds")({"input": data}, NOTHING, NOW)
    assert failure.value.cause == f"The SecondsPath parameter {sentence}"
    assert failure.value.error == "States.Runtime"


def test_a_fixed_time() -> None:
    """The past is due, too; the engine goes on at once."""
    due = compile_wait_timestamp("2016-03-14T01:59:00Z")
    assert due({}, NOTHING, NOW) == 1457920740000


def test_a_time_from_a_path() -> None:
    """From the data or a variable, with nanoseconds."""
    data: JsonValue = {"at": "2016-03-05T21:29:29.243167252Z"}
    assert compile_wait_timestamp_path("$.at")(data, NOTHING, NOW) == 1457213369244
    env = DataEnvironment({}, {"startAt": "2024-11-06T09:42:03Z"})
    assert compile_wait_timestamp_path("$startAt")({}, env, NOW) == 1730886123000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2016-13-05T21:29:29Z", "2016-13-05T21:29:29Z"),
        ("2016-12-05 21:29:29Z", "2016-12-05 21:29:29Z"),
        (5, "5"),
        (None, "null"),
    ],
)
def test_a_bad_time_fails_with_aws_sentence(value: JsonValue, shown: str) -> None:
    """As recorded, States.Runtime."""
    with pytest.raises(EvaluationFailed) as failure:
        compile_wait_timestamp_path("$.TimestampValue")({"TimestampValue": value}, NOTHING, NOW)
    assert failure.value.cause == (
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
        f"format string: $.TimestampValue == {shown}"
    )


def test_a_missing_time_fails() -> None:
    """The path that found nothing is named."""
    with pytest.raises(EvaluationFailed, match=r"does not reference an input value: \$\.at"):
        compile_wait_timestamp_path("$.at")({}, NOTHING, NOW)


FARTHEST = 2**31 - 1


def test_a_wait_has_a_greatest_length() -> None:
    """2^31 - 1 seconds may be waited, one more may not, however it is asked for."""
    assert compile_wait_seconds(FARTHEST)({}, NOTHING, NOW) == NOW + FARTHEST * 1000
    last, beyond = (
        format_timestamp(NOW + FARTHEST * 1000),
        format_timestamp(NOW + FARTHEST * 1000 + 1),
    )
    assert compile_wait_timestamp(last)({}, NOTHING, NOW) == NOW + FARTHEST * 1000
    for due_at, data in (
        (compile_wait_seconds(FARTHEST + 1), {}),
        (compile_wait_seconds_path("$"), FARTHEST + 1),
        (compile_wait_timestamp(beyond), {}),
        (compile_wait_timestamp_path("$"), beyond),
    ):
        with pytest.raises(EvaluationFailed, match=r"^Wait state delay is too long\.$"):
            due_at(data, NOTHING, NOW)


@pytest.mark.parametrize("compile_wait", [compile_wait_seconds_path, compile_wait_timestamp_path])
def test_a_bad_path_is_refused(compile_wait: object) -> None:
    """When the state is compiled, not when it runs."""
    assert callable(compile_wait)
    with pytest.raises(PathSyntaxError):
        compile_wait("nope")
