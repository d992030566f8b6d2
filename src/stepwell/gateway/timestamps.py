"""Timestamps as the protocols write them, to and from epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


def iso(seconds: float) -> str:
    """ISO 8601 in UTC, with milliseconds only where there are some."""
    milliseconds = round(seconds * 1000)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    rest = milliseconds % 1000
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def http_date(seconds: float) -> str:
    """The form of HTTP headers."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def parse(text: str) -> float:
    """Epoch seconds from ISO 8601, an HTTP date or a number as text. Raises ValueError."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
