"""What becomes of a batch: which of its records are done, which are not, and why."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.feeds.ports import Records
from stepwell.services.pipes.inputs import Item

Trouble = ServiceError | StorageTrouble


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are done together, and what became of them on the way."""

    records: Records
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a batch."""

    left: Records
    """What is not done, in order."""
    trouble: Trouble | None = None
    """Why: the first reason."""


class Outcome:
    """What fails while groups are carried one by one."""

    def __init__(self, in_order: bool) -> None:
        self._in_order = in_order
        self._left: Records = []
        self._trouble: Trouble | None = None

    def fail(self, group: Group, trouble: Trouble) -> None:
        """The group is not done."""
        self._left += group.records
        self._trouble = self._trouble or trouble

    def holds_up(self, group: Group) -> bool:
        """Whether it has to stay, because nothing overtakes what came before it."""
        if self._in_order and self._trouble is not None:
            self._left += group.records
            return True
        return False

    def arrival(self) -> Arrival:
        """All of it."""
        return Arrival(self._left, self._trouble)
