"""Whose turn it is among an account's Map Runs in a region, where a quota bounds how many go on.

A run that finds no place waits, without doing anything, until another one leaves; those that came
first go first. Nothing of this is on disk: after a start the open runs come in the same order.
"""

from __future__ import annotations

from collections import defaultdict

from stepwell.runtime.records import MapRunRow


class MapRunTurns:
    """See the module."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._going: defaultdict[str, set[int]] = defaultdict(set)
        self._waiting: defaultdict[str, dict[int, None]] = defaultdict(dict)

    def take(self, row: MapRunRow) -> bool:
        """Whether the run may go on now; else it waits and is told of by `leave`."""
        if self._most is None:
            return True
        scope = _scope(row)
        going = self._going[scope]
        if row.id in going:
            return True
        if len(going) >= self._most:
            self._waiting[scope].setdefault(row.id)
            return False
        self._waiting[scope].pop(row.id, None)
        going.add(row.id)
        return True

    def leave(self, row: MapRunRow) -> list[int]:
        """The run needs its place no more; who may try to take it."""
        if self._most is None:
            return []
        scope = _scope(row)
        self._waiting[scope].pop(row.id, None)
        if row.id not in self._going[scope]:
            return []
        self._going[scope].discard(row.id)
        return list(self._waiting[scope])[:1]

    def clear(self) -> None:
        """Memory is read again; every run asks anew."""
        self._going.clear()
        self._waiting.clear()


def _scope(row: MapRunRow) -> str:
    """`region:account` of the run's ARN."""
    return ":".join(row.arn.split(":")[3:5])
