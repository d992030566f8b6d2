"""Times and data as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from stepwell.values import JsonValue

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def duration(seconds: float) -> str:
    """`4 minutes`, `1 hour`; two units where the second one matters: `1 hour 20 minutes`."""
    left = round(seconds)
    for position, (size, name) in enumerate(_UNITS):
        if left >= size:
            count, left = divmod(left, size)
            text = _counted(count, name)
            if position + 1 < len(_UNITS) and count < 10:
                smaller, word = _UNITS[position + 1]
                if left // smaller:
                    text += f" {_counted(left // smaller, word)}"
            return text
    return "less than a second"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def ago(seconds: float) -> str:
    """`4 minutes ago`, `in 20 seconds`, `just now`."""
    if -1 < seconds < 1:
        return "just now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(-seconds)}"


def elapsed(seconds: float) -> str:
    """A span to compare with others: `+0.012 s`, `+1 h 02 m 03 s`."""
    if seconds < 3_600:
        return f"+{seconds:.3f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"+{minutes // 60} h {minutes % 60:02} m {rest:02} s"


def instant(value: JsonValue) -> datetime | None:
    """The time that epoch seconds or an ISO text stands for."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def clock_time(at: datetime) -> str:
    """The time of day where the reader is, with the date when it is not today's."""
    local = at.astimezone()
    today = datetime.now(UTC).astimezone().date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M:%S")


def shortened(text: str, characters_max: int) -> str:
    """One line of at most that many characters."""
    line = " ".join(text.split())
    return line if len(line) <= characters_max else line[: characters_max - 1] + "…"


def age(value: JsonValue) -> str:
    """How long ago a time of the API was; empty when there is none."""
    at = instant(value)
    return "" if at is None else ago((datetime.now(UTC) - at).total_seconds())


def span(start: JsonValue, end: JsonValue) -> str:
    """How long it took from one time of the API to another; empty while there is no end."""
    began, ended = instant(start), instant(end)
    if began is None or ended is None:
        return ""
    seconds = (ended - began).total_seconds()
    return f"{seconds:.3f} s" if seconds < 60 else duration(seconds)
