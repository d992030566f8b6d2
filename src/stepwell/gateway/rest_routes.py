"""Which operation a method, a path and a query mean, for services with REST protocols.

Patterns come from the models (`/{Bucket}/{Key+}?tagging`), read once per service. Where several
fit, the one that asks for most wins: literal parts of the path, fixed query parts, query parts and
headers that its input cannot do without. Paths are matched as sent, so that a label may hold an
escaped slash, two slashes or dots; the reader of the input decodes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stepwell.gateway.canonical import query_pairs
from stepwell.models.service_model import OperationModel, ServiceModel

T = TypeVar("T")

_LABEL = re.compile(r"\{([^}+]+)\+?\}")


@dataclass(frozen=True, slots=True)
class Way(Generic[T]):
    """One operation's pattern."""

    target: T
    segments: tuple[str | None, ...]
    """The path's parts; None where a label is."""
    labels: tuple[str, ...]
    greedy: bool
    """The last label takes the rest of the path."""
    fixed: frozenset[tuple[str, str]]
    """Query parts that must be there as they are; an empty text stands for any."""
    asked: frozenset[str]
    """Query parts that must be there."""
    headers: frozenset[bytes]
    rank: tuple[int, int, int]

    def fits(self, query: Mapping[str, str], headers: Mapping[bytes, bytes]) -> bool:
        """Whether what the pattern asks for beside the path is there."""
        for name, text in self.fixed:
            if name not in query or (text and query[name] != text):
                return False
        return self.asked <= query.keys() and all(name in headers for name in self.headers)

    def labels_in(self, parts: Sequence[str]) -> dict[str, str] | None:
        """The labels of a path in as many parts, or None when its literal parts are others."""
        found = []
        for wanted, part in zip(self.segments, parts, strict=True):
            if wanted is None:
                found.append(part)
            elif wanted != part:
                return None
        if not all(found):
            return None
        return dict(zip(self.labels, found, strict=True))


class Ways(Generic[T]):
    """All operations of one service."""

    def __init__(self, model: ServiceModel, targets: Mapping[str, T]) -> None:
        self._exact: dict[tuple[str, int], list[Way[T]]] = {}
        self._greedy: dict[tuple[str, int], list[Way[T]]] = {}
        self._depths: set[int] = set()
        for name, target in targets.items():
            operation = model.operations[name]
            way = _way(model, operation, target)
            table = self._greedy if way.greedy else self._exact
            key = (operation.traits["http"]["method"], len(way.segments))
            table.setdefault(key, []).append(way)
            if way.greedy:
                self._depths.add(len(way.segments))
        for ways in (*self._exact.values(), *self._greedy.values()):
            ways.sort(key=lambda way: way.rank, reverse=True)

    def find(
        self, method: str, path: str, query: bytes, headers: Mapping[bytes, bytes]
    ) -> tuple[T, dict[str, str]] | None:
        """The operation and its labels, still escaped."""
        inside = path[1:]
        short = inside[:-1] if inside.endswith("/") else inside
        parts = short.split("/") if short else []
        asked = _asked(query)
        found = _first(self._exact.get((method, len(parts)), ()), parts, asked, headers)
        for depth in self._depths if found is None else ():
            long = inside.split("/", depth - 1)
            if len(long) == depth:
                found = _first(self._greedy.get((method, depth), ()), long, asked, headers)
        return found


def _first(
    ways: Sequence[Way[T]],
    parts: Sequence[str],
    query: Mapping[str, str],
    headers: Mapping[bytes, bytes],
) -> tuple[T, dict[str, str]] | None:
    for way in ways:
        if way.fits(query, headers):
            labels = way.labels_in(parts)
            if labels is not None:
                return way.target, labels
    return None


def _asked(query: bytes) -> dict[str, str]:
    return dict(query_pairs(query)) if query else {}


def _way(model: ServiceModel, operation: OperationModel, target: T) -> Way[T]:
    path, _, query = str(operation.traits["http"]["requestUri"]).partition("?")
    parts = [part for part in path.split("/") if part]
    segments = tuple(None if _LABEL.fullmatch(part) else part for part in parts)
    labels = tuple(match[1] for match in map(_LABEL.fullmatch, parts) if match)
    fixed = frozenset(query_pairs(query.encode()))
    asked, headers = _required(model, operation)
    literal = sum(segment is not None for segment in segments)
    deprecated = 1 if operation.traits.get("deprecated") else 0
    rank = (literal, len(fixed) + len(asked) + len(headers), -deprecated)
    greedy = bool(parts) and parts[-1].endswith("+}")
    return Way(target, segments, labels, greedy, fixed, asked, headers, rank)


def _required(
    model: ServiceModel, operation: OperationModel
) -> tuple[frozenset[str], frozenset[bytes]]:
    """Query parts and headers without which it must be another operation.

    Only S3 tells operations apart by them; elsewhere their absence is the caller's mistake.
    """
    if operation.input is None or model.protocol != "rest-xml":
        return frozenset(), frozenset()
    shape = model.shape(operation.input)
    asked, headers = set(), set()
    for name in shape.required:
        traits = shape.members[name].traits
        if traits.get("location") == "querystring":
            asked.add(str(traits["locationName"]))
        elif traits.get("location") == "header" and name in TELLING_HEADERS:
            headers.add(str(traits["locationName"]).lower().encode())
    return frozenset(asked), frozenset(headers)


TELLING_HEADERS = frozenset({"CopySource"})
"""Members in headers that make a request another operation."""
