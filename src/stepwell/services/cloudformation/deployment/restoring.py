"""The way back of an update: what it touched is made what it was before, in the order of making.

A resource that was replaced is the old one again, without any call, and the new one is left over.
Nothing of the template is evaluated: what was there is in the rows.
"""

from __future__ import annotations

from stepwell.deploy.catalog import find_type
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.deployment.phases import BEGUN_MAX
from stepwell.services.cloudformation.documents import (
    NEW,
    Attempt,
    Operation,
    Snapshot,
    read_snapshot,
    write,
)
from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import encode_text


async def advance(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Begin what is ready; when everything is back, go on to the cleanup."""
    touched = {
        row.logical_id: row for row in stacks.resources.of(stack.id) if row.before not in ("", NEW)
    }
    rows = touched.values()
    failed = [row.logical_id for row in rows if _is_over(stack, row) and _has_failed(row)]
    if failed:
        if not any(row.attempt for row in rows):
            _give_up(stacks, stack, failed)
        return
    done = {row.logical_id for row in rows if _is_over(stack, row)}
    if len(done) == len(touched):
        phases.restored(stacks, stack, operation)
        return
    settled: list[bool] = []
    with stacks.parts.ledger.stage() as turn:
        for name, row in touched.items():
            if name in done or row.attempt:
                continue
            before = read_snapshot(row.before)
            waits_for = touched.keys() & set(before.rules.depends_on)
            if waits_for <= done and len(settled) < BEGUN_MAX:
                settled.append(_begin(stacks, turn, stack, operation, row, before))
    if any(settled) or len(settled) == BEGUN_MAX:
        stacks.deployments.poke(stack.id)


def _is_over(stack: StackRow, row: ResourceRow) -> bool:
    return row.phase == stack.phase and not row.attempt


def _has_failed(row: ResourceRow) -> bool:
    return row.status == "UPDATE_FAILED"


def _give_up(stacks: Stacks, stack: StackRow, failed: list[str]) -> None:
    reason = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
    with stacks.parts.ledger.stage() as turn:
        phases.end(stacks, turn, stack, "UPDATE_ROLLBACK_FAILED", reason)


def _begin(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    operation: Operation,
    row: ResourceRow,
    before: Snapshot,
) -> bool:
    """Begin to bring a resource back. True: it is back already."""
    now = stacks.parts.clock.now()
    begun = row._replace(status="UPDATE_IN_PROGRESS", reason="", updated_at=now, phase=stack.phase)
    events.resource_event(stacks, turn, stack, begun, begun.status, "", before.properties)
    was_replaced = before.physical_id != row.physical_id
    if was_replaced or _is_skipped(stack, operation, row) or not _can_be_changed(before):
        if was_replaced:
            phases.put_aside(stacks, turn, stack, row)
        _restore(stacks, turn, stack, begun, before)
        return True
    attempt = Attempt(
        stacks.parts.ids.next_id(),
        "update",
        before.type,
        before.properties,
        before.suffix,
        before.rules,
        tags=stacks.versions.details(stack.id, stack.settled).tags,
    )
    stacks.resources.put(turn, begun._replace(attempt=write(attempt)))
    stacks.deployments.begin(turn, (stack.id, row.logical_id, 0))
    return False


def _is_skipped(stack: StackRow, operation: Operation, row: ResourceRow) -> bool:
    """Resources of nested stacks are named with the stack's name before a dot."""
    return bool({row.logical_id, f"{stack.name}.{row.logical_id}"}.intersection(operation.skip))


def _can_be_changed(before: Snapshot) -> bool:
    """Whether anything but its replacement was tried at it."""
    known = find_type(before.type)
    return known is not None and known.update is not None


def _restore(
    stacks: Stacks, turn: Turn, stack: StackRow, row: ResourceRow, before: Snapshot
) -> None:
    back = row._replace(
        type=before.type,
        physical_id=before.physical_id,
        properties=encode_text(before.properties),
        attributes=encode_text(before.attributes),
        suffix=before.suffix,
        rules=write(before.rules),
        status="UPDATE_COMPLETE",
    )
    stacks.resources.put(turn, back)
    events.resource_event(stacks, turn, stack, back, back.status)
