"""One open Map Run in memory: how far it is, and what can be done next."""

from __future__ import annotations

from stepwell.engine.buckets import TokenBucket
from stepwell.engine.map_items import MapItems
from stepwell.engine.retries import Failure
from stepwell.runtime.map_run_counts import Counts, read_counts
from stepwell.runtime.records import MAP_RUN, RUNNING, MapRunRow
from stepwell.runtime.turn import Turn

CHILDREN_AT_A_TIME_DEFAULT = 1_000
CHILDREN_AT_A_TIME_MAX = 10_000
ITEMS_AT_A_TIME = 100


class Run:
    """An open run in memory. `row` is what the open turn will leave on disk."""

    __slots__ = ("begins_at", "busy", "counts", "due_at", "items", "paces", "row", "window")

    def __init__(self, row: MapRunRow) -> None:
        self.row = row
        self.counts: Counts = read_counts(row.ended)
        self.items: MapItems | None = None
        self.window = ITEMS_AT_A_TIME
        """How many items to look at for the next children; grows with the size of the batches."""
        self.busy = False
        """Whether somebody moves it on already."""
        self.begins_at: int | None = None
        """When it may begin, once somebody asked."""
        self.paces: TokenBucket | None = None
        """How quickly it may begin children, where that is bounded."""
        self.due_at = 0
        """When it is moved on, because it was held back."""

    @property
    def running(self) -> int:
        """How many children run."""
        return self.row.children - self.counts.children_ended - self.counts.pending

    @property
    def room(self) -> int:
        """How many more may now."""
        room = self.room_at_a_time
        return room if self.paces is None else min(room, self.paces.left)

    @property
    def room_at_a_time(self) -> int:
        """How many more may at the same time."""
        asked = self.row.max_concurrency or CHILDREN_AT_A_TIME_DEFAULT
        return min(asked, CHILDREN_AT_A_TIME_MAX) - self.running

    @property
    def given_out(self) -> bool:
        """Whether every item was given to a child."""
        return 0 <= self.row.items <= self.row.taken

    @property
    def can_move(self) -> bool:
        """Whether there is something to do but wait for children."""
        if self.row.status != RUNNING:
            return True
        return self.running == 0 or (self.has_more and self.room > 0)

    @property
    def has_more(self) -> bool:
        """Whether children are still to begin, or to be redriven."""
        return not self.given_out or self.counts.pending > 0

    def begin_child(self, now: int) -> None:
        """One more begins, or goes on."""
        if self.paces is not None:
            self.paces.reserve(now)

    def stage(self, turn: Turn) -> None:
        """Keep how far it is."""
        self.row = self.row._replace(ended=self.counts.text())
        turn.put(MAP_RUN, self.row)

    def end(self, status: int, failure: Failure | None, at: int) -> None:
        """It is over; what it still has to do is to stop its children and tell its parent."""
        self.counts.give_up_redrives()
        self.row = self.row._replace(
            status=status,
            stopped_at=at,
            error=None if failure is None else failure.error,
            cause=None if failure is None else failure.cause,
        )
