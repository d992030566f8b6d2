"""A schedule expression, read once, asked for the next time again and again.

    schedule = parse("cron(0 9 ? * MON-FRI *)")
    schedule.next_after(now, anchor=created, zone=UTC)

Times are epoch milliseconds; None means: never again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Protocol

from stepwell.errors import StepwellError
from stepwell.services.schedules.cron import YEAR_MAX, YEAR_MIN, Cron, parse_cron

_RATE = re.compile(r"rate\(\s*([1-9]\d{0,8})\s+(minute|hour|day)(s?)\s*\)")
_CRON = re.compile(r"cron\((.*)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNIT_MS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadSchedule(StepwellError):
    """The text is no schedule expression."""


class Schedule(Protocol):
    """What a schedule expression stands for."""

    def next_after(self, after: int, *, anchor: int, zone: tzinfo = UTC) -> int | None:
        """The first time after `after`; rates count from `anchor`, dates are those of `zone`."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Again and again after the same while."""

    every_ms: int

    def next_after(self, after: int, *, anchor: int, zone: tzinfo = UTC) -> int | None:
        """The anchor itself does not count."""
        if after < anchor:
            return anchor + self.every_ms
        return anchor + ((after - anchor) // self.every_ms + 1) * self.every_ms


@dataclass(frozen=True, slots=True)
class Calendar:
    """At certain minutes of certain days."""

    cron: Cron

    def next_after(self, after: int, *, anchor: int, zone: tzinfo = UTC) -> int | None:
        """Times that a change of clocks skips are skipped; those it repeats count once."""
        found = local_time(after, zone).replace(second=0, microsecond=0)
        while (following := self.cron.next_after(found)) is not None:
            at = _instant(following, zone)
            if at is not None and at > after:
                return at
            found = following
        return None


@dataclass(frozen=True, slots=True)
class Once:
    """At one time."""

    local: datetime

    def next_after(self, after: int, *, anchor: int, zone: tzinfo = UTC) -> int | None:
        """That time, as long as it is not over."""
        at = instant(self.local, zone)
        return at if at > after else None


def parse(text: str, *, any_number: bool = False) -> Rate | Calendar | Once:
    """The schedule of an expression. Raises BadSchedule.

    Rules take `1 minute` and `2 minutes` only; with `any_number` `1 minutes` is good, too.
    """
    if rate := _RATE.fullmatch(text):
        count, plural = int(rate[1]), bool(rate[3])
        if plural == (count == 1) and not any_number:
            raise BadSchedule(text)
        return Rate(count * _UNIT_MS[rate[2]])
    if cron := _CRON.fullmatch(text):
        parsed = parse_cron(cron[1])
        if parsed is None:
            raise BadSchedule(text)
        return Calendar(parsed)
    if at := _AT.fullmatch(text):
        try:
            local = datetime.fromisoformat(at[1])
        except ValueError as error:
            raise BadSchedule(text) from error
        if YEAR_MIN <= local.year <= YEAR_MAX:
            return Once(local)
    raise BadSchedule(text)


def local_time(at: int, zone: tzinfo) -> datetime:
    """What clocks in a zone show, without the zone."""
    shown = (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)
    return shown.replace(tzinfo=None)


def instant(local: datetime, zone: tzinfo) -> int:
    """When clocks in a zone show that. A time that they skip is the one after the change."""
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    return int((moment - _EPOCH) / timedelta(milliseconds=1))


def _instant(local: datetime, zone: tzinfo) -> int | None:
    at = instant(local, zone)
    if isinstance(zone, timezone):
        return at
    return at if local_time(at, zone) == local else None
