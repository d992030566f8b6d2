"""Timestamps as the protocols write them, to and from epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite


def iso(seconds: float) -> str:
    """ISO 8601 in UTC, with milliseconds only where there are some."""
    milliseconds = round(seconds * 1000)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    rest = milliseconds % 1000
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def parse(text: str) -> float:
    """Epoch seconds from ISO 8601, an HTTP date or a number as text. Raises ValueError."""
    try:
        number = float(text)
    except ValueError:
        return _written_out(text)
    if not isfinite(number):
        raise ValueError(f"{text} is no time")
    return number


def _written_out(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
