"""Revisions of state machines and their compiled programs, kept while they are used.

Definitions live in the store only. The newest used ones are kept here, bounded by number and by
the size of their texts, so that a start or a transition normally reads and parses nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from stepwell.language.compile import compile_definition, compile_taken
from stepwell.language.labels import labelled
from stepwell.language.program import Program
from stepwell.language.resources import Runs, runs_here
from stepwell.runtime.off_loop import off_loop
from stepwell.runtime.ports import Store
from stepwell.runtime.records import MAP_RUN, REVISION, RevisionRow

ENTRIES_MAX = 2_000
TEXT_CHARACTERS_MAX = 64_000_000

_Key = tuple[int, int]


class Compile(Protocol):
    """Makes a definition's text a program. Raises InvalidDefinition."""

    def __call__(self, text: str, /, *, machine_type: str, runs: Runs) -> Program:
        """The program. `runs` says which resources can be run; the others are refused."""


class Programs:
    """The cache. A revision never changes, so an entry is never stale."""

    def __init__(
        self,
        store: Store,
        compiler: Compile = compile_definition,
        taken: Callable[[str], Program] = compile_taken,
    ) -> None:
        self._store = store
        self._compiler = compiler
        self._taken = taken
        self.runs: Runs = runs_here
        """Which resources a new definition may name."""
        self._entries: OrderedDict[_Key, tuple[RevisionRow, Program | None]] = OrderedDict()
        self._characters = 0
        self._making: dict[_Key, asyncio.Future[Program]] = {}

    def compile(self, definition: str, machine_type: str) -> Program:
        """The program of a new definition. Raises InvalidDefinition."""
        return self._compiler(definition, machine_type=machine_type, runs=self.runs)

    def cached(self, machine: int, revision: int) -> Program | None:
        """The program if it is at hand, without waiting."""
        entry = self._entries.get((machine, revision))
        if entry is None:
            return None
        self._entries.move_to_end((machine, revision))
        return entry[1]

    async def get(self, machine: int, revision: int) -> Program:
        """The compiled program of a revision. Raises LookupError when there is no such revision."""
        program = self.cached(machine, revision)
        if program is None:
            row = await self.revision(machine, revision)
            program = await self._labelled(row) or await self._known(row)
            self.remember(row, program)
        return program

    async def _known(self, row: RevisionRow) -> Program:
        """The program of a stored definition; whoever asks meanwhile gets the same one.

        What was taken once is taken for good, whatever is configured or checked today.
        """
        key = row.machine, row.revision
        making = self._making.get(key)
        if making is None:
            work = off_loop(len(row.definition), self._taken, row.definition)
            making = self._making[key] = asyncio.ensure_future(work)
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def _labelled(self, row: RevisionRow) -> Program | None:
        """The program of a Map Run's children: they are executions of the run, as of a machine."""
        run = await self._store.get(MAP_RUN, (row.machine,)) if "/" in row.name else None
        if run is None:
            return None
        return labelled(await self.get(run.machine, run.revision), run.label)

    def cached_revision(self, machine: int, revision: int) -> RevisionRow | None:
        """The revision's row if it is at hand, without waiting."""
        entry = self._entries.get((machine, revision))
        return None if entry is None else entry[0]

    async def revision(self, machine: int, revision: int) -> RevisionRow:
        """The row of a revision. Raises LookupError when there is no such revision."""
        row = self.cached_revision(machine, revision)
        if row is None:
            row = await self._store.get(REVISION, (machine, revision))
            if row is None:
                row = await self._revision_of_run(machine)
            if row is None:
                raise LookupError(f"state machine {machine} has no revision {revision}")
            if (machine, revision) not in self._entries:
                self.remember(row, None)
        return row

    async def _revision_of_run(self, run: int) -> RevisionRow | None:
        """What a Map Run's children are executions of: the labelled machine."""
        found = await self._store.get(MAP_RUN, (run,))
        if found is None:
            return None
        parent = await self.revision(found.machine, found.revision)
        return parent._replace(
            machine=run,
            arn=f"{parent.arn.partition('/')[0]}/{found.label}",
            name=f"{parent.name.partition('/')[0]}/{found.label}",
        )

    def remember(self, row: RevisionRow, program: Program | None) -> None:
        """Keep a revision that was just made or read."""
        self._drop((row.machine, row.revision))
        self._entries[row.machine, row.revision] = row, program
        self._characters += len(row.definition)
        while len(self._entries) > ENTRIES_MAX or self._characters > TEXT_CHARACTERS_MAX:
            if len(self._entries) == 1:
                break
            self._drop(next(iter(self._entries)))

    def forget(self) -> None:
        """Drop everything: a commit failed, and what was remembered may not exist."""
        self._entries.clear()
        self._characters = 0

    def _drop(self, key: _Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._characters -= len(entry[0].definition)
