"""Log lines: one per record, whatever the message holds."""

from __future__ import annotations

import json
import logging
import sys

from stepwell.cli.logs import JsonFormatter, TextFormatter


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    """A record made at a known time."""
    made = logging.LogRecord("stepwell.x", logging.WARNING, "f.py", 1, message, arguments, None)
    made.created = 1_800_000_000.25
    made.__dict__.update(extra)
    return made


def with_traceback(message: str) -> logging.LogRecord:
    """A record of an exception."""
    made = record(message)
    try:
        raise ValueError("inside")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


def test_text_lines_cannot_be_forged() -> None:
    """A line break in a message stays in its line."""
    line = TextFormatter().format(record("name %s", "a\nERROR b\r"))
    assert line == "2027-01-15T08:00:00.250Z WARNING stepwell.x: name a\\nERROR b\\r"


def test_text_shows_tracebacks() -> None:
    """A traceback follows its record."""
    assert "ValueError: inside" in TextFormatter().format(with_traceback("broke"))


def test_json_lines_hold_everything() -> None:
    """Further fields and tracebacks are members; what is no plain value becomes text."""
    shown = json.loads(JsonFormatter().format(record("done", execution="arn", where={"a": 1})))
    assert shown == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "warning",
        "logger": "stepwell.x",
        "message": "done",
        "execution": "arn",
        "where": "{'a': 1}",
    }
    line = JsonFormatter().format(with_traceback("broke"))
    assert "\n" not in line
    assert "ValueError: inside" in json.loads(line)["exception"]
