"""How many children of a Map Run have ended, and how; and how many of them may end badly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from stepwell.runtime.records import (
    ABORTED,
    FAILED,
    SUCCEEDED,
    TIMED_OUT,
    ExecutionRow,
    MapRunRow,
)
from stepwell.values import decode, encode_text

BAD_ENDS = (FAILED, TIMED_OUT, ABORTED)
"""What can be redriven."""


@dataclass(slots=True)
class Counts:
    """For each status from SUCCEEDED to ABORTED: children, and the items they had."""

    children: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    items: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    children_ended: int = 0
    pending_children: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    pending_items: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """Those that ended so and wait for being redriven; they do not count as ended."""

    @property
    def pending(self) -> int:
        """How many children wait for being redriven."""
        return sum(self.pending_children)

    def expect(self, child: ExecutionRow) -> None:
        """One will be redriven."""
        self.pending_children[child.status - SUCCEEDED] += 1
        self.pending_items[child.status - SUCCEEDED] += items_of(child)

    def redriven(self, child: ExecutionRow) -> None:
        """One of those is redriven now."""
        self.pending_children[child.status - SUCCEEDED] -= 1
        self.pending_items[child.status - SUCCEEDED] -= items_of(child)

    def expect_redrives(self) -> None:
        """All that ended badly will be redriven."""
        for status in BAD_ENDS:
            self._move(status - SUCCEEDED, 1)
        self.children_ended = sum(self.children)

    def give_up_redrives(self) -> None:
        """Those that still wait for it will not be redriven."""
        for status in BAD_ENDS:
            self._move(status - SUCCEEDED, -1)
        self.children_ended = sum(self.children)

    def _move(self, place: int, sign: int) -> None:
        """From the ended to the pending ones, or back."""
        for ended, pending in (
            (self.children, self.pending_children),
            (self.items, self.pending_items),
        ):
            moved = ended[place] if sign > 0 else -pending[place]
            ended[place] -= moved
            pending[place] += moved

    def add(self, child: ExecutionRow) -> None:
        """One has ended."""
        place = child.status - SUCCEEDED
        self.children[place] += 1
        self.items[place] += items_of(child)
        self.children_ended += 1

    def text(self) -> str:
        """As it is stored."""
        if self.pending:
            return encode_text(
                [self.children, self.items, self.pending_children, self.pending_items]
            )
        return encode_text([self.children, self.items])

    def children_of(self, status: int) -> int:
        """How many children ended so."""
        return self.children[status - SUCCEEDED]

    def items_of(self, status: int) -> int:
        """How many items they had."""
        return self.items[status - SUCCEEDED]


def read_counts(text: str) -> Counts:
    """The reverse of `Counts.text`."""
    found = cast("list[list[int]]", decode(text))
    return Counts(found[0], found[1], sum(found[0]), *found[2:])


def items_of(child: ExecutionRow) -> int:
    """How many items a child was given."""
    if child.extra is None or '"items"' not in child.extra:
        return 1
    extra = decode(child.extra)
    return int(extra.get("items", 1)) if isinstance(extra, dict) else 1  # type: ignore[arg-type]


def is_exceeded(row: MapRunRow, counts: Counts) -> bool:
    """Whether more items have failed than may. Either threshold counts; without one, none may."""
    bad = counts.items_of(FAILED) + counts.items_of(TIMED_OUT)
    if not bad:
        return False
    percentage = row.tolerated_percentage
    if row.tolerated_count is None and percentage is None:
        return True
    if row.tolerated_count is not None and bad > row.tolerated_count:
        return True
    return percentage is not None and bad * 100 > float(percentage) * row.items
