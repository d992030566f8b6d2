"""Ranges of bytes. What is no range of bytes is ignored, as HTTP has it; so are several at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stepwell.errors import ServiceError
from stepwell.services.s3.errors import invalid_argument

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` to just before `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many."""
        return self.end - self.start

    def header(self, whole: int) -> str:
        """What Content-Range says."""
        return f"bytes {self.start}-{self.end - 1}/{whole}"


def wanted(text: str | None, size: int) -> Span | None:
    """The part that a Range header asks for, None for the whole. Raises ServiceError
    InvalidRange."""
    match = None if text is None else _RANGE.fullmatch(text.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise ServiceError(
            "InvalidRange",
            "The requested range is not satisfiable",
            status=416,
            fields={"RangeRequested": str(text), "ActualObjectSize": size},
            headers={"content-range": f"bytes */{size}"},
        )
    return Span(start, end)


def of_copy(text: str | None, size: int) -> Span:
    """The part that `x-amz-copy-source-range` asks for. Raises ServiceError InvalidArgument."""
    if text is None:
        return Span(0, size)
    match = _RANGE.fullmatch(text.strip())
    if match is None or not all(match.groups()):
        problem = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy"
        )
        raise invalid_argument(problem, "x-amz-copy-source-range", text)
    start, end = int(match[1]), int(match[2]) + 1
    if start >= end or end > size:
        problem = f"Range specified is not valid for source object of size: {size}"
        raise invalid_argument(problem, "x-amz-copy-source-range", text)
    return Span(start, end)
