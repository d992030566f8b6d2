"""What the server writes while it works: one line per record, as text or as JSON, to stderr.

Text never breaks a line in two, so that what a caller sends cannot look like a record of its own;
only a traceback follows on lines of its own.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from stepwell.values import encode_text

LEVELS = ("debug", "info", "warning", "error")
_QUIET = ("asyncio", "asyncpg")
"""Others' loggers, which only speak up when something is wrong."""
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


def set_up_logging(level: str, *, json: bool) -> None:
    """Send all records of that level and above to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


class TextFormatter(logging.Formatter):
    """`TIME LEVEL logger: message`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and its traceback if it has one."""
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{_time(record)} {record.levelname} {record.name}: {message}"
        if record.exc_info:
            line += f"\n{self.formatException(record.exc_info)}"
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, message, further fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        shown: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in record.__dict__.items():
            if name not in _STANDARD and name not in shown:
                plain = value is None or isinstance(value, str | int | float)
                shown[name] = value if plain else str(value)
        if record.exc_info:
            shown["exception"] = self.formatException(record.exc_info)
        return encode_text(shown)
