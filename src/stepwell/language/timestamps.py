"""RFC 3339 timestamps as Step Functions reads and writes them, and when a Wait state is due.

A timestamp has an upper-case `T`, seconds, and `Z` or a numeric offset; its fraction may have any
length. Instants are compared exactly; due times are epoch milliseconds, rounded up so that nothing
is due before its time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TypeAlias

from stepwell.language.paths import PathNotFound, compile_path
from stepwell.language.paths.equality import is_number
from stepwell.language.program import Environment, EvaluationFailed
from stepwell.values import JsonValue, encode_text

DueAt: TypeAlias = Callable[[JsonValue, Environment, int], int]
"""(data, env, now in epoch ms) -> due in epoch ms."""

Instant: TypeAlias = tuple[int, str]
"""Epoch seconds and the digits of the fraction without trailing zeros: ordered as time is."""

DELAY_SECONDS_MAX = 2**31 - 1
TIMESTAMP_CHARACTERS_MAX = 1000
DELAY_TOO_LONG = "Wait state delay is too long."

_SHAPE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?"
    r"(?:Z|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class BadTimestamp(ValueError):
    """The text is no RFC 3339 timestamp."""


def parse_instant(text: str) -> Instant:
    """The instant, exactly. Raises BadTimestamp."""
    if len(text) > TIMESTAMP_CHARACTERS_MAX:
        raise BadTimestamp(text[:80])
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise BadTimestamp(text)
    numbers = [int(part) for part in found.group(1, 2, 3, 4, 5, 6)]
    year, month, day, hour, minute, second = numbers
    try:
        zone = _zone(found[8], found[9], found[10])
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise BadTimestamp(text) from error
    return (moment - _EPOCH) // _SECOND, (found[7] or "").rstrip("0")


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    if sign is None or hours is None or minutes is None:
        return UTC
    if int(minutes) > 59 or int(hours) > 18:
        raise BadTimestamp(f"{sign}{hours}:{minutes}")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def is_timestamp(text: str) -> bool:
    """Whether the text is an RFC 3339 timestamp."""
    try:
        parse_instant(text)
    except BadTimestamp:
        return False
    return True


def parse_timestamp(text: str) -> int:
    """Epoch milliseconds, a finer fraction rounded up. Raises BadTimestamp."""
    seconds, fraction = parse_instant(text)
    milliseconds = int(fraction[:3].ljust(3, "0"))
    return seconds * 1000 + milliseconds + (1 if len(fraction) > 3 else 0)


def format_timestamp(milliseconds: int) -> str:
    """`2024-11-06T09:42:03.120Z`; no fraction when it is zero."""
    seconds, fraction = divmod(milliseconds, 1000)
    return (
        f"{_whole_seconds(seconds)}.{fraction:03d}Z" if fraction else _whole_seconds(seconds) + "Z"
    )


@lru_cache(maxsize=64)
def _whole_seconds(seconds: int) -> str:
    """The same second is asked for many times in a row."""
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


def compile_wait_seconds(seconds: int) -> DueAt:
    """`Seconds`: so many seconds from now."""
    return lambda _data, _env, now_ms: _after(now_ms, seconds, "Seconds")


def compile_wait_seconds_path(text: str) -> DueAt:
    """`SecondsPath`: the number is read from the data. Raises PathSyntaxError."""
    path = compile_path(text)

    def due_at(data: JsonValue, env: Environment, now_ms: int) -> int:
        try:
            value = path.read(data, env)
        except PathNotFound:
            raise _seconds_failed("does not reference an input value", path.text) from None
        if not is_number(value) or isinstance(value, float) or not -(2**63) <= value < 2**63:
            shown = f"{path.text} == {_shown(value)}"
            raise _seconds_failed("cannot be parsed as a long value", shown)
        if value < 0:
            raise _seconds_failed("references a negative value", f"{path.text} == {value}")
        return _after(now_ms, value, "SecondsPath")

    return due_at


def _seconds_failed(problem: str, shown: str) -> EvaluationFailed:
    cause = f"The SecondsPath parameter {problem}: {shown}"
    return EvaluationFailed(cause, location="SecondsPath")


def _shown(value: JsonValue) -> str:
    return value if isinstance(value, str) else encode_text(value)


def _after(now_ms: int, seconds: int, field: str) -> int:
    if seconds > DELAY_SECONDS_MAX:
        raise EvaluationFailed(DELAY_TOO_LONG, location=field)
    return now_ms + seconds * 1000


def compile_wait_timestamp(text: str) -> DueAt:
    """`Timestamp`: a fixed time. Raises BadTimestamp."""
    due_ms = parse_timestamp(text)
    return lambda _data, _env, now_ms: _until(now_ms, due_ms, "Timestamp")


def compile_wait_timestamp_path(text: str) -> DueAt:
    """`TimestampPath`: the time is read from the data. Raises PathSyntaxError."""
    path = compile_path(text)

    def due_at(data: JsonValue, env: Environment, now_ms: int) -> int:
        try:
            value = path.read(data, env)
        except PathNotFound:
            cause = f"The TimestampPath parameter does not reference an input value: {path.text}"
            raise EvaluationFailed(cause, location="TimestampPath") from None
        return _until(now_ms, _timestamp_of(value, path.text), "TimestampPath")

    return due_at


def _timestamp_of(value: JsonValue, path: str) -> int:
    if isinstance(value, str):
        try:
            return parse_timestamp(value)
        except BadTimestamp:
            pass
    raise EvaluationFailed(
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
        f"format string: {path} == {_shown(value)}",
        location="TimestampPath",
    )


def _until(now_ms: int, due_ms: int, field: str) -> int:
    if due_ms - now_ms > DELAY_SECONDS_MAX * 1000:
        raise EvaluationFailed(DELAY_TOO_LONG, location=field)
    return due_ms
