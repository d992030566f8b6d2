"""Schedule expressions: which are read, and when they are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from stepwell.services.schedules.expressions import BadSchedule, Schedule, parse

_START = "2025-01-30T12:34:56"


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _times(schedule: Schedule, start: str = _START, zone: str = "UTC") -> Iterator[str]:
    anchor = at = _ms(start)
    place = ZoneInfo(zone)
    while (following := schedule.next_after(at, anchor=anchor, zone=place)) is not None:
        at = following
        yield datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _first(text: str, count: int, start: str = _START, zone: str = "UTC") -> list[str]:
    return list(islice(_times(parse(text), start, zone), count))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("rate(1 minute)", ["2025-01-30T12:35:56", "2025-01-30T12:36:56"]),
        ("rate(5 hours)", ["2025-01-30T17:34:56", "2025-01-30T22:34:56"]),
        ("rate(7 days)", ["2025-02-06T12:34:56", "2025-02-13T12:34:56"]),
        ("cron(* * * * ? *)", ["2025-01-30T12:35:00", "2025-01-30T12:36:00"]),
        ("cron(0/25 * * * ? *)", ["2025-01-30T12:50:00", "2025-01-30T13:00:00"]),
        ("cron(0 10 * * ? *)", ["2025-01-31T10:00:00", "2025-02-01T10:00:00"]),
        ("cron(15 12 * * ? *)", ["2025-01-31T12:15:00", "2025-02-01T12:15:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2025-01-30T18:00:00", "2025-01-31T18:00:00",
                                      "2025-02-03T18:00:00"]),
        ("cron(0 8 1 * ? *)", ["2025-02-01T08:00:00", "2025-03-01T08:00:00"]),
        ("cron(0/30 20-21 ? * 2,wed *)", ["2025-02-03T20:00:00", "2025-02-03T20:30:00",
                                          "2025-02-03T21:00:00", "2025-02-03T21:30:00",
                                          "2025-02-05T20:00:00"]),
        ("cron(0 0 L * ? *)", ["2025-01-31T00:00:00", "2025-02-28T00:00:00"]),
        ("cron(0 0 L-2 * ? *)", ["2025-02-26T00:00:00", "2025-03-29T00:00:00"]),
        ("cron(0 0 LW * ? *)", ["2025-01-31T00:00:00", "2025-02-28T00:00:00",
                                "2025-03-31T00:00:00", "2025-04-30T00:00:00",
                                "2025-05-30T00:00:00"]),
        ("cron(0 0 15W * ? *)", ["2025-02-14T00:00:00", "2025-03-14T00:00:00"]),
        ("cron(0 0 1W 2,3 ? *)", ["2025-02-03T00:00:00", "2025-03-03T00:00:00"]),
        ("cron(0 0 31W * ? *)", ["2025-01-31T00:00:00", "2025-03-31T00:00:00"]),
        ("cron(0 0 ? * 6L *)", ["2025-01-31T00:00:00", "2025-02-28T00:00:00"]),
        ("cron(0 0 ? * L *)", ["2025-02-01T00:00:00", "2025-02-08T00:00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2025-02-11T00:00:00", "2025-03-11T00:00:00"]),
        ("cron(0 0 ? * FRI#5 *)", ["2025-01-31T00:00:00", "2025-05-30T00:00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("cron(0 0 1 JAN ? 2025-2027)", ["2026-01-01T00:00:00", "2027-01-01T00:00:00"]),
        ("cron(0 0 1 1/6 ? 2026)", ["2026-01-01T00:00:00", "2026-07-01T00:00:00"]),
        ("at(2025-02-01T00:00:01)", ["2025-02-01T00:00:01"]),
    ],
)  # fmt: skip
def test_due(text: str, times: list[str]) -> None:
    """Each expression is due at the times AWS's documentation describes."""
    assert _first(text, len(times)) == times


@pytest.mark.parametrize(
    "text",
    ["cron(0 0 1 1 ? 2024)", "cron(0 0 30 2 ? *)", "at(2025-01-30T12:34:56)"],
)
def test_never_again(text: str) -> None:
    """What lies in the past, or nowhere, is never due."""
    assert _first(text, 1) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "rate(5minutes)",
        "cron(* * * * *)",
        "cron(* * * * * *)",
        "cron(* * ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(* 24 * * ? *)",
        "cron(* * 0 * ? *)",
        "cron(* * 32 * ? *)",
        "cron(* * 32W * ? *)",
        "cron(* * * 13 ? *)",
        "cron(* * * FOO ? *)",
        "cron(* * ? * 8 *)",
        "cron(* * ? * 8L *)",
        "cron(* * ? * 2#6 *)",
        "cron(* * * * ? 1969)",
        "cron(5-1 * * * ? *)",
        "cron(*/0 * * * ? *)",
        "at(2025-02-30T00:00:00)",
        "at(2025-02-01)",
        "at(9999-12-31T23:59:59)",
        "at(0001-01-01T00:00:00)",
        "every day",
    ],
)
def test_refused(text: str) -> None:
    """What AWS does not take is not taken."""
    with pytest.raises(BadSchedule):
        parse(text)


def test_a_zone_of_its_own() -> None:
    """Nine o'clock is nine o'clock, in winter and in summer."""
    times = _first("cron(0 9 30 3 ? *)", 1, zone="Europe/Berlin")
    assert times == ["2025-03-30T07:00:00"]
    assert _first("cron(0 9 29 3 ? *)", 1, zone="Europe/Berlin") == ["2025-03-29T08:00:00"]


def test_clocks_that_change() -> None:
    """A skipped time is skipped, a repeated one counts once."""
    spring = _first("cron(30 2 * * ? *)", 2, "2025-03-29T00:00:00", "Europe/Berlin")
    assert spring == ["2025-03-29T01:30:00", "2025-03-31T00:30:00"]
    autumn = _first("cron(30 2 * * ? *)", 2, "2025-10-26T00:00:00", "Europe/Berlin")
    assert autumn == ["2025-10-26T00:30:00", "2025-10-27T01:30:00"]


def test_many_years_are_quick() -> None:
    """The rarest date is found without looking at every minute."""
    assert _first("cron(59 23 29 2 ? 2196)", 1) == ["2196-02-29T23:59:00"]
