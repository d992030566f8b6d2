"""Rows of Parquet and ORC files as items.

Read with pyarrow, which is large and so an extra of its own (`stepwell[parquet]`); a definition
that needs it is refused where it is missing. Rows become what their JSON would be: dates and times
are ISO 8601 texts, decimals numbers, bytes text where they are UTF-8 and base64 elsewhere, and what
is not a number (NaN, infinity) is null.
"""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from stepwell.values import JsonValue

ROWS_AT_A_TIME = 1_000


class NotColumnar(Exception):
    """The object is no file of that type, or pyarrow is missing. The message says which."""


def read_parquet(body: bytes) -> Iterator[JsonValue]:
    """The rows as objects. Raises NotColumnar, at once or later."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise NotColumnar("pyarrow is missing: pip install 'stepwell[parquet]'") from error
    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(body))
        for batch in file.iter_batches(ROWS_AT_A_TIME):
            yield from map(_json, batch.to_pylist())
    except (pyarrow.ArrowException, OSError) as error:
        raise NotColumnar(f"The object is not Parquet: {error}") from error


def read_orc(body: bytes) -> Iterator[JsonValue]:
    """The same for ORC."""
    try:
        import pyarrow
        import pyarrow.orc
    except ImportError as error:
        raise NotColumnar("pyarrow is missing: pip install 'stepwell[parquet]'") from error
    try:
        file = pyarrow.orc.ORCFile(pyarrow.BufferReader(body))
        for stripe in range(file.nstripes):
            yield from map(_json, file.read_stripe(stripe).to_pylist())
    except (pyarrow.ArrowException, OSError) as error:
        raise NotColumnar(f"The object is not ORC: {error}") from error


def _json(value: Any) -> JsonValue:
    """What the value of a cell is in JSON."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, tuple):
        # The entries of a map.
        return [_json(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> JsonValue:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return str(value)
