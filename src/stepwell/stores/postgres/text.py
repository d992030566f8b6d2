"""Text that PostgreSQL cannot hold: the NUL character.

Rules: NUL and the escape character itself are written as two characters, so that different texts
stay different and their order stays what it was. All other text is stored as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_ESCAPE = "\x01"


def escaped(value: Any) -> Any:
    """A value as PostgreSQL can hold it."""
    if type(value) is str and ("\x00" in value or _ESCAPE in value):
        return value.replace(_ESCAPE, "\x01\x02").replace("\x00", "\x01\x01")
    return value


def unescaped(value: Any) -> Any:
    """The value that was given to `escaped`."""
    if type(value) is str and _ESCAPE in value:
        return value.replace("\x01\x01", "\x00").replace("\x01\x02", _ESCAPE)
    return value


def escaped_column(values: Sequence[Any]) -> Sequence[Any]:
    """A whole column; the same object when nothing needs it."""
    if any(v is not None and ("\x00" in v or _ESCAPE in v) for v in values):
        return [escaped(v) for v in values]
    return values


def unescaped_row(values: Iterable[Any]) -> list[Any]:
    """A row as it was put."""
    return [unescaped(value) for value in values]
