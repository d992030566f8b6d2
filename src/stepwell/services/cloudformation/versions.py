"""Versions of a stack: a template with the values that it was given.

The text of the template, which may be large, is on disk; a few read ones are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from stepwell.deploy.reading import read_template
from stepwell.runtime.off_loop import off_loop
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.goal import Goal
from stepwell.services.cloudformation.records import (
    TEMPLATE,
    ChangeSetRow,
    StackRow,
    TemplateRow,
    VersionRow,
)
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf
from stepwell.values import JsonValue, decode, encode_text

V = TypeVar("V")

REMEMBERED_MAX = 32
"""How many read templates stay in memory."""


@dataclass(frozen=True, slots=True)
class Details:
    """All of a version but the template's text."""

    description: str = ""
    given: dict[str, str] = field(default_factory=dict)
    """Parameters as the caller gave them."""
    values: dict[str, JsonValue] = field(default_factory=dict)
    """All parameters with their effective values."""
    resolved: dict[str, str] = field(default_factory=dict)
    """What parameters stand for that name a parameter of SSM."""
    hidden: list[str] = field(default_factory=list)
    """Parameters with NoEcho."""
    capabilities: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    role: str = ""
    notifications: list[str] = field(default_factory=list)
    alarms: dict[str, JsonValue] = field(default_factory=dict)
    """The RollbackConfiguration."""


class Versions:
    """Reads and writes versions."""

    def __init__(
        self,
        parts: ServiceParts,
        details: Shelf[VersionRow],
        change_sets: Shelf[ChangeSetRow],
    ) -> None:
        self._parts = parts
        self._rows = details
        self._change_sets = change_sets
        self._goals: OrderedDict[tuple[str, int], Goal] = OrderedDict()
        self._details: OrderedDict[tuple[str, int], tuple[VersionRow, Details]] = OrderedDict()
        self._rollbacks = 0
        parts.ledger.on_rollback(self.forget_goals)

    def put(
        self, turn: Turn, stack: str, number: int, details: Details, body: str, goal: Goal
    ) -> None:
        """Keep a version. A number is never used for another one."""
        text = encode_text(details)
        self._rows.put(turn, VersionRow(stack, number, text))
        turn.put(TEMPLATE, TemplateRow(stack, number, body, goal.processed))
        _remember(self._goals, (stack, number), goal)

    def forget(self, turn: Turn, stack: str, number: int) -> None:
        """Delete a version."""
        self._rows.delete(turn, stack, number)
        turn.delete(TEMPLATE, (stack, number))
        self._goals.pop((stack, number), None)
        self._details.pop((stack, number), None)

    def prune(self, turn: Turn, row: StackRow) -> None:
        """Forget what the stack was once and will not be again: templates are large."""
        kept = {row.version, row.settled}
        kept |= {planned.version for planned in self._change_sets.of(row.id)}
        for version in self._rows.of(row.id):
            if version.number not in kept:
                self.forget(turn, row.id, version.number)

    def next_number(self, stack: str) -> int:
        """A number that no version of the stack has."""
        rows = self._rows.of(stack)
        return rows[-1].number + 1 if rows else 1

    def details(self, stack: str, number: int) -> Details:
        """The values of a version."""
        row = self._rows.get(stack, number)
        if row is None:
            return Details()
        key = (stack, number)
        known = self._details.get(key)
        if known is None or known[0] is not row:
            known = (row, Details(**cast("dict[str, Any]", decode(row.details))))
            _remember(self._details, key, known)
        return known[1]

    async def template(self, stack: str, number: int) -> TemplateRow | None:
        """The text of a version, from disk."""
        await self._parts.ledger.committed()
        return await self._parts.store.get(TEMPLATE, (stack, number))

    async def goal(self, row: StackRow, number: int) -> Goal:
        """A version, ready to be evaluated."""
        key = (row.id, number)
        while (known := self._goals.get(key)) is None:
            rollbacks = self._rollbacks
            text = await self.template(*key)
            assert text is not None
            details = self.details(*key)
            read = await off_loop(len(text.processed or text.body), _goal, text, row, details)
            if rollbacks == self._rollbacks:
                _remember(self._goals, key, read)
        self._goals.move_to_end(key)
        return known

    def forget_goals(self) -> None:
        """Read templates again: after a failed commit a number may come to mean another one."""
        self._goals.clear()
        self._rollbacks += 1


def _goal(text: TemplateRow, row: StackRow, details: Details) -> Goal:
    template = read_template(text.processed or text.body)
    return Goal.of(template, text.processed, row, details.values, details.notifications)


def _remember(kept: OrderedDict[tuple[str, int], V], key: tuple[str, int], value: V) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED_MAX:
        kept.popitem(last=False)
