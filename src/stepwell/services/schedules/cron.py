"""AWS's cron: minutes, hours, days of the month, months, days of the week, years.

Six fields, none for seconds. `?` stands in one of the two fields for days. Besides values, ranges,
steps and names there are `L` (the last day of the month, or the last Friday of it: `6L`), `W` (the
weekday nearest to a day: `15W`, `LW`) and `#` (the second Monday: `2#2`).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

YEAR_MIN, YEAR_MAX = 1970, 2199
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_MONTH_NAMES = {name: number for number, name in enumerate(_MONTHS, 1)}
_WEEKDAY_NAMES = {name: number for number, name in enumerate(_WEEKDAYS, 1)}
_EVERY = frozenset(range(1, 32))

Days = Callable[[int, int], frozenset[int]]
"""The days of a month (year, month) that a field wants."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days: Days

    def next_after(self, after: datetime) -> datetime | None:
        """The first minute after that one, on the same clock."""
        start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in self._days_from(start):
            first = day.date() > start.date()
            for hour in self.hours:
                if not first and hour < start.hour:
                    continue
                for minute in self.minutes:
                    found = day.replace(hour=hour, minute=minute)
                    if found >= start:
                        return found
        return None

    def _days_from(self, start: datetime) -> Iterator[datetime]:
        """The days that are wanted, in order, beginning with the one of `start`."""
        first = (start.year, start.month)
        for year in range(start.year, YEAR_MAX + 1):
            if year not in self.years:
                continue
            for month in range(1, 13):
                if month not in self.months or (year, month) < first:
                    continue
                last = calendar.monthrange(year, month)[1]
                for day in sorted(self.days(year, month)):
                    if 1 <= day <= last and ((year, month) > first or day >= start.day):
                        yield datetime(year, month, day)


def parse_cron(text: str) -> Cron | None:
    """What stands between the parentheses, or None when it means nothing."""
    fields = text.upper().split()
    if len(fields) != 6:
        return None
    minutes = _numbers(fields[0], 0, 59)
    hours = _numbers(fields[1], 0, 23)
    months = _numbers(fields[3], 1, 12, _MONTH_NAMES)
    years = _numbers(fields[5], YEAR_MIN, YEAR_MAX)
    days = _days(fields[2], fields[4])
    if not (minutes and hours and months and years and days):
        return None
    return Cron(tuple(sorted(minutes)), tuple(sorted(hours)), months, years, days)


def _numbers(
    field: str, low: int, high: int, names: dict[str, int] | None = None
) -> frozenset[int] | None:
    """`*`, `5`, `1-5`, `*/10`, `0/15`, `1-30/2` and lists of them."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not re.fullmatch(r"[1-9]\d{0,3}", step):
            return None
        bounds = _span(span, low, high, names or {}, open_ended=bool(slash))
        if bounds is None:
            return None
        found.update(range(bounds[0], bounds[1] + 1, int(step) if slash else 1))
    return frozenset(found)


def _span(
    text: str, low: int, high: int, names: dict[str, int], *, open_ended: bool
) -> tuple[int, int] | None:
    if text == "*":
        return low, high
    first, dash, last = text.partition("-")
    begin = _number(first, names)
    end = _number(last, names) if dash else (high if open_ended else begin)
    if begin is None or end is None or not low <= begin <= end <= high:
        return None
    return begin, end


def _number(text: str, names: dict[str, int]) -> int | None:
    if text in names:
        return names[text]
    return int(text) if re.fullmatch(r"\d{1,4}", text) else None


def _days(of_month: str, of_week: str) -> Days | None:
    """Exactly one of the two fields is a question mark."""
    if (of_month == "?") == (of_week == "?"):
        return None
    return _days_of_month(of_month) if of_week == "?" else _days_of_week(of_week)


def _any_of(parts: list[Days]) -> Days:
    if len(parts) == 1:
        return parts[0]
    return lambda year, month: frozenset().union(*(part(year, month) for part in parts))


def _days_of_month(field: str) -> Days | None:
    if field == "*":
        return lambda year, month: _EVERY
    parts: list[Days] = []
    for part in field.split(","):
        days = _special_day(part)
        if days is None:
            numbers = _numbers(part, 1, 31)
            if numbers is None:
                return None
            days = _always(numbers)
        parts.append(days)
    return _any_of(parts)


def _always(numbers: frozenset[int]) -> Days:
    return lambda year, month: numbers


def _special_day(part: str) -> Days | None:
    if last := re.fullmatch(r"L(?:-(\d{1,2}))?", part):
        before = int(last[1] or 0)
        return lambda year, month: frozenset({calendar.monthrange(year, month)[1] - before})
    if part == "LW":
        return lambda year, month: frozenset({_nearest_weekday(year, month, 31)})
    if (near := re.fullmatch(r"(\d{1,2})W", part)) and 1 <= int(near[1]) <= 31:
        day = int(near[1])
        return lambda year, month: (
            frozenset({_nearest_weekday(year, month, day)})
            if day <= calendar.monthrange(year, month)[1]
            else frozenset()
        )
    return None


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Monday to Friday, without leaving the month."""
    last = calendar.monthrange(year, month)[1]
    day = min(day, last)
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _days_of_week(field: str) -> Days | None:
    if field == "*":
        return lambda year, month: _EVERY
    parts: list[Days] = []
    for part in field.split(","):
        if part == "L":
            part = "7"
        days = _special_weekday(part)
        if days is None:
            numbers = _numbers(part, 1, 7, _WEEKDAY_NAMES)
            if numbers is None:
                return None
            days = _on_weekdays(numbers)
        parts.append(days)
    return _any_of(parts)


def _special_weekday(part: str) -> Days | None:
    if (nth := re.fullmatch(r"(\w+)#([1-5])", part)) and _is_weekday(nth[1]):
        weekday, count = _number(nth[1], _WEEKDAY_NAMES), int(nth[2])
        return lambda year, month: frozenset(_of_weekday(year, month, weekday)[count - 1 : count])
    if (last := re.fullmatch(r"(\w+)L", part)) and _is_weekday(last[1]):
        weekday = _number(last[1], _WEEKDAY_NAMES)
        return lambda year, month: frozenset(_of_weekday(year, month, weekday)[-1:])
    return None


def _is_weekday(text: str) -> bool:
    return _number(text, _WEEKDAY_NAMES) in range(1, 8)


def _of_weekday(year: int, month: int, weekday: int | None) -> list[int]:
    """The days of a month that are a certain weekday: 1 is Sunday, 7 is Saturday."""
    last = calendar.monthrange(year, month)[1]
    return [day for day in range(1, last + 1) if _weekday(year, month, day) == weekday]


def _on_weekdays(numbers: frozenset[int]) -> Days:
    return lambda year, month: frozenset(
        day
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if _weekday(year, month, day) in numbers
    )


def _weekday(year: int, month: int, day: int) -> int:
    return (calendar.weekday(year, month, day) + 1) % 7 + 1
