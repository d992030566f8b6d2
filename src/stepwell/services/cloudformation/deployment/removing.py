"""Deletion, dependants first: of everything a stack has, or of what an update left over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from stepwell.deploy.catalog import find_type
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.deployment import phases, tried
from stepwell.services.cloudformation.deployment.phases import BEGUN_MAX
from stepwell.services.cloudformation.documents import (
    RETAINING,
    Attempt,
    Operation,
    read_rules,
    read_snapshot,
    write,
)
from stepwell.services.cloudformation.records import LeftoverRow, ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks

_log = logging.getLogger("stepwell.cloudformation")

BEGUN = "DELETE_IN_PROGRESS"
WAITS = "DELETE_WAITS"
"""A leftover's deletion waits for an answer from elsewhere."""
GIVEN_UP = "DELETE_FAILED"
LEFTOVER_ATTEMPTS_MAX = 3
NEEDS_REMEMBERED_MAX = 2_048
"""A few stacks of as many resources as one may have."""


@dataclass(frozen=True, slots=True)
class _Item:
    """Something to delete: a resource's row or a leftover."""

    logical_id: str
    needs: frozenset[str]
    row: ResourceRow | None
    leftover: LeftoverRow | None
    busy: bool


def _ready(items: Iterable[_Item]) -> list[_Item]:
    """Those that nothing else of what is left depends on."""
    left = list(items)
    needed = {name for item in left for name in item.needs if name != item.logical_id}
    free = [item for item in left if item.logical_id not in needed]
    # Templates have no circles, but leftovers of several versions might.
    return [item for item in free or left if not item.busy]


@lru_cache(NEEDS_REMEMBERED_MAX)
def _depends_on(rules: str) -> frozenset[str]:
    """What a resource of those rules needs: asked again at every look, for all that are left."""
    return frozenset(read_rules(rules).depends_on)


def _leftovers(stacks: Stacks, stack: StackRow) -> list[_Item]:
    return [
        _Item(
            row.logical_id,
            frozenset(read_snapshot(row.snapshot).rules.depends_on),
            None,
            row,
            row.status in (BEGUN, WAITS),
        )
        for row in stacks.leftovers.of(stack.id)
        if row.status != GIVEN_UP
    ]


async def advance_removal(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Delete what can be deleted now; when nothing is left, the operation ends."""
    rows = stacks.resources.of(stack.id)
    stuck = {row.logical_id for row in rows if _is_over(stack, row) and _failed(row)}
    if operation.force:
        stuck.clear()
    left = [
        _Item(
            row.logical_id,
            _depends_on(row.rules),
            row,
            None,
            bool(row.attempt) or row.logical_id in stuck,
        )
        for row in rows
        if not _is_over(stack, row) or row.logical_id in stuck
    ]
    items = [*left, *_leftovers(stacks, stack)]
    ready = _ready(items)
    if _begin_all(stacks, stack, operation, ready):
        stacks.deployments.poke(stack.id)
    elif not ready and not any(_runs(item) for item in items):
        _forget_leftovers(stacks, stack)
        phases.removed(stacks, stack, operation)


def _runs(item: _Item) -> bool:
    if item.row is not None:
        return bool(item.row.attempt)
    return item.busy


def _is_over(stack: StackRow, row: ResourceRow) -> bool:
    if row.attempt or not row.status.startswith("DELETE_"):
        # What was under way when the stack was told to go may have ended meanwhile.
        return False
    return row.phase == stack.phase or row.status == "DELETE_COMPLETE"


def _failed(row: ResourceRow) -> bool:
    return row.status == "DELETE_FAILED"


async def advance_cleanup(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Delete leftovers; when none is left, the update is over."""
    items = _leftovers(stacks, stack)
    ready = _ready(items)
    if _begin_all(stacks, stack, operation, ready):
        stacks.deployments.poke(stack.id)
    elif not ready and not items and not _children_clean_up(stacks, stack):
        given_up = _forget_leftovers(stacks, stack)
        phases.cleaned(stacks, stack, operation, given_up)


def _children_clean_up(stacks: Stacks, stack: StackRow) -> bool:
    return any(child.operation for child in phases.children_of(stacks, stack))


def _forget_leftovers(stacks: Stacks, stack: StackRow) -> list[str]:
    """What cannot be deleted is no affair of the stack's any more."""
    given_up = stacks.leftovers.of(stack.id)
    with stacks.parts.ledger.stage() as turn:
        for row in given_up:
            stacks.leftovers.delete(turn, stack.id, row.number)
    return [row.logical_id for row in given_up]


def _begin_all(stacks: Stacks, stack: StackRow, operation: Operation, ready: list[_Item]) -> bool:
    """Begin what is ready, a part of it if it is much. True: there is more to do at once."""
    with stacks.parts.ledger.stage() as turn:
        some = ready[:BEGUN_MAX]
        skipped = [_begin(stacks, turn, stack, operation, item) for item in some]
    return any(skipped) or len(ready) > BEGUN_MAX


def _begin(stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation, item: _Item) -> bool:
    """Begin a deletion. True: there is nothing to wait for."""
    if item.leftover is not None:
        return _begin_leftover(stacks, turn, stack, item.leftover)
    assert item.row is not None
    return _begin_row(stacks, turn, stack, operation, item.row)


def _begin_row(
    stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation, row: ResourceRow
) -> bool:
    now = stacks.parts.clock.now()
    status = _skipped(operation, row)
    if status:
        done = row._replace(status=status, reason="", updated_at=now, phase=stack.phase)
        stacks.resources.put(turn, done)
        events.resource_event(stacks, turn, stack, done, status)
        return True
    attempt = Attempt(
        stacks.parts.ids.next_id(), "delete", row.type, {}, row.suffix, read_rules(row.rules)
    )
    begun = row._replace(
        status=BEGUN, reason="", updated_at=now, phase=stack.phase, attempt=write(attempt)
    )
    stacks.resources.put(turn, begun)
    events.resource_event(stacks, turn, stack, begun, BEGUN)
    stacks.deployments.begin(turn, (stack.id, row.logical_id, 0))
    return False


def _skipped(operation: Operation, row: ResourceRow) -> str:
    """The status of a resource that is not deleted; empty: it is."""
    policy = read_rules(row.rules).deletion_policy
    if row.logical_id in operation.retain:
        return "DELETE_SKIPPED"
    if row.status == "DELETE_COMPLETE" or not row.physical_id:
        return "DELETE_COMPLETE"
    if not operation.rolling_back:
        return "DELETE_SKIPPED" if policy in RETAINING else ""
    kept = policy == "Retain" and not operation.retain_except_on_create
    return "DELETE_SKIPPED" if kept else ""


def _begin_leftover(stacks: Stacks, turn: Turn, stack: StackRow, row: LeftoverRow) -> bool:
    snapshot = read_snapshot(row.snapshot)
    thing = (row.logical_id, snapshot.physical_id, snapshot.type)
    if row.retained:
        events.thing_event(stacks, turn, stack, thing, "DELETE_SKIPPED")
        stacks.leftovers.delete(turn, stack.id, row.number)
        return True
    stacks.leftovers.put(turn, row._replace(status=BEGUN, attempts=row.attempts + 1))
    events.thing_event(stacks, turn, stack, thing, BEGUN)
    stacks.deployments.begin(turn, (stack.id, row.logical_id, row.number))
    return False


async def run(stacks: Stacks, stack: StackRow, number: int) -> Callable[[], None] | None:
    """Delete a leftover; the answer records it."""
    row = stacks.leftovers.get(stack.id, number)
    if row is None or row.status != BEGUN:
        return None
    known = find_type(read_snapshot(row.snapshot).type)
    if known is not None and known.waits:
        return await stacks.waiting.start_leftover(stack, row)
    reason = await _delete(stacks, stack, row)
    return lambda: finish_leftover(stacks, stack.id, number, reason)


async def _delete(stacks: Stacks, stack: StackRow, row: LeftoverRow) -> str:
    snapshot = read_snapshot(row.snapshot)
    known = find_type(snapshot.type)
    if known is None:
        return f"Unrecognized resource types: [{snapshot.type}]"
    account, _, region = stack.scope.partition(":")
    try:
        cloud = stacks.clouds.at(account, region)
        existing = await tried.existing_of(stack, row.logical_id, snapshot, cloud)
        await known.delete(cloud, existing)
    except ServiceError as error:
        return tried.reason_of(error, row.number)
    except StorageTrouble:
        raise
    except Exception as bug:
        _log.exception("%s: the deletion of %s broke", stack.id, row.logical_id)
        return tried.internal_failure(bug)
    return ""


def finish_leftover(stacks: Stacks, stack_id: str, number: int, reason: str) -> None:
    """Record a leftover's deletion; a few times it is tried again."""
    stack = stacks.stacks.get(stack_id)
    row = stacks.leftovers.get(stack_id, number)
    if stack is None or row is None:
        return
    snapshot = read_snapshot(row.snapshot)
    thing = (row.logical_id, snapshot.physical_id, snapshot.type)
    with stacks.parts.ledger.stage() as turn:
        if not reason:
            stacks.leftovers.delete(turn, stack_id, number)
            events.thing_event(stacks, turn, stack, thing, "DELETE_COMPLETE")
            return
        events.thing_event(stacks, turn, stack, thing, GIVEN_UP, reason)
        again = row.attempts < LEFTOVER_ATTEMPTS_MAX
        status = "" if again else GIVEN_UP
        stacks.leftovers.put(turn, row._replace(status=status, token=""))
