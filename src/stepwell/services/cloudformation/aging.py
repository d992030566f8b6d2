"""Deleted stacks can be described by their id for ninety days; then nothing is left of them."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.records import EVENT, StackRow
from stepwell.services.cloudformation.stacks import Stacks

KEPT_MS = 90 * 86_400_000
_PAGE = 1_000


async def forget_old(stacks: Stacks) -> None:
    """Forget the stacks that were deleted long ago. Called at each start."""
    before = stacks.parts.clock.now() - KEPT_MS
    old = [row for row in stacks.stacks.everything() if 0 < row.deleted_at < before]
    for row in old:
        await _forget(stacks, row)


async def _forget(stacks: Stacks, stack: StackRow) -> None:
    while True:
        rows = await stacks.parts.store.scan(EVENT, (stack.id,), limit=_PAGE)
        with stacks.parts.ledger.stage() as turn:
            for event in rows:
                turn.delete(EVENT, (event.stack, event.number))
            if len(rows) < _PAGE:
                _forget_rows(stacks, turn, stack)
        await stacks.parts.ledger.committed()
        if len(rows) < _PAGE:
            return


def _forget_rows(stacks: Stacks, turn: Turn, stack: StackRow) -> None:
    for row in stacks.resources.of(stack.id):
        stacks.resources.delete(turn, row.stack, row.logical_id)
    for version in stacks.details.of(stack.id):
        stacks.versions.forget(turn, stack.id, version.number)
    for planned in stacks.change_sets.of(stack.id):
        stacks.change_sets.delete(turn, planned.stack, planned.id)
    stacks.stacks.delete(turn, stack.id)
