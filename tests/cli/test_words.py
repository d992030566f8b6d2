"""Times and lines as a person reads them."""

from __future__ import annotations

import pytest

from stepwell.cli.events import event_lines
from stepwell.cli.words import ago, duration, elapsed, instant, shortened, span
from stepwell.values import JsonObject


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than a second"),
        (1, "1 second"),
        (59.7, "1 minute"),
        (61, "1 minute 1 second"),
        (240, "4 minutes"),
        (1_199.9, "20 minutes"),
        (4_800, "1 hour 20 minutes"),
        (86_400, "1 day"),
        (90_000, "1 day 1 hour"),
        (86_400 * 365, "365 days"),
    ],
)
def test_durations_are_rounded_for_people(seconds: float, text: str) -> None:
    """At most two units, and the second one only where it matters."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "just now"), (-0.5, "just now"), (240, "4 minutes ago"), (-20, "in 20 seconds")],
)
def test_past_and_future(seconds: float, text: str) -> None:
    """What was is `ago`, what comes is `in`."""
    assert ago(seconds) == text


def test_elapsed_keeps_milliseconds_for_an_hour() -> None:
    """Spans are comparable; from an hour on they are cut to seconds."""
    assert elapsed(0.0124) == "+0.012 s"
    assert elapsed(3_723) == "+1 h 02 m 03 s"


def test_times_come_as_seconds_or_text() -> None:
    """Both forms of the API mean the same time; anything else means none."""
    assert instant(1_800_000_000) == instant("2027-01-15T08:00:00Z")
    assert instant(None) is None
    assert span(10, 10.5) == "0.500 s"
    assert span(10, None) == ""


def test_long_data_is_cut_to_a_line() -> None:
    """Line breaks vanish and the end is marked."""
    assert shortened("a\n  b", 10) == "a b"
    assert shortened("abcdef", 4) == "abc…"


def event(number: int, previous: int, kind: str, **details: str | int) -> JsonObject:
    """An event as the API answers it."""
    shown: JsonObject = {
        "id": number,
        "previousEventId": previous,
        "type": kind,
        "timestamp": 100 + number,
    }
    return {**shown, f"{kind[0].lower()}{kind[1:]}EventDetails": {**details}} if details else shown


@pytest.mark.parametrize(
    ("last", "state", "what"),
    [
        (event(3, 2, "TaskFailed", error="E", cause="C"), "Ask", "E: C"),
        (event(3, 2, "TaskTimedOut", error="States.Timeout"), "Ask", "States.Timeout"),
        (event(3, 2, "ActivityStarted", workerName="eve"), "Ask", "worker eve"),
        (event(3, 2, "MapStateStarted", length=3), "Ask", "3 items"),
        (event(3, 2, "MapIterationStarted", name="Each", index=0), "Each", "item 0"),
        (event(3, 2, "ActivityScheduled", resource="arn"), "Ask", "arn"),
        (event(3, 2, "TaskSubmitted", output='{"MessageId":"m"}'), "Ask", "MessageId m"),
        (event(3, 2, "TaskSubmitted", output="nonsense"), "Ask", "nonsense"),
        (event(3, 2, "TaskStarted"), "Ask", ""),
        (event(3, 0, "ExecutionAborted"), "", ""),
        (event(3, 2, "ExecutionSucceeded", output="{}"), "", "{}"),
    ],
)
def test_an_event_in_a_few_words(last: JsonObject, state: str, what: str) -> None:
    """Errors, resources, workers, ids and data: what matters of each kind."""
    entered = event(2, 1, "TaskStateEntered", name="Ask", input="{}")
    lines = event_lines([event(1, 0, "ExecutionStarted", input="{}"), entered, last])
    assert (lines[2].state, lines[2].what, lines[2].since) == (state, what, 2.0)
