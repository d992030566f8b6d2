"""One attempt at a resource: the call of its type, and what is recorded of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from stepwell.deploy.catalog import find_type
from stepwell.deploy.dynamic import resolve_dynamic
from stepwell.deploy.resource_type import Made, ResourceType, Wanted
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.deployment import phases, removing
from stepwell.services.cloudformation.deployment.touching import TouchingCloud
from stepwell.services.cloudformation.deployment.tried import (
    Failed,
    existing_of,
    internal_failure,
    reason_of,
)
from stepwell.services.cloudformation.documents import (
    APPLY,
    NEW,
    Attempt,
    Snapshot,
    read_attempt,
    read_operation,
    read_snapshot,
    snapshot_of,
    write,
)
from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import encode_text

INITIATED = "Resource creation Initiated"

_log = logging.getLogger("stepwell.cloudformation")


async def run(
    stacks: Stacks, target: tuple[str, str, int], *, repeated: bool
) -> Callable[[], None] | None:
    """Carry out the attempt on disk; the answer records its result. None: there is no attempt.

    Raises StorageTrouble: nothing is known of it.
    """
    stack_id, logical_id, number = target
    stack = stacks.stacks.get(stack_id)
    if stack is None:
        return None
    if number:
        return await removing.run(stacks, stack, number)
    row = stacks.resources.get(stack_id, logical_id)
    attempt = None if row is None else read_attempt(row)
    if row is None or attempt is None:
        return None
    known = find_type(attempt.type)
    if known is not None and known.waits:
        return await stacks.waiting.start(stack, row)
    made = await _call(stacks, stack, row, attempt, repeated=repeated)
    return lambda: finish(stacks, stack_id, logical_id, attempt.number, made)


async def _call(
    stacks: Stacks, stack: StackRow, row: ResourceRow, attempt: Attempt, *, repeated: bool
) -> Made | Failed:
    known = find_type(attempt.type)
    if known is None:
        return Failed(f"Unrecognized resource types: [{attempt.type}]")
    account, _, region = stack.scope.partition(":")
    cloud = stacks.clouds.at(account, region)
    try:
        # What is on disk keeps the references, so that no secret is there.
        properties = await resolve_dynamic(attempt.properties, cloud)
        making = attempt.action in ("create", "replace")
        wanted = Wanted(
            stack.name,
            stack.id,
            row.logical_id,
            properties,
            attempt.suffix,
            attempt.tags,
            attempt.adopts or (repeated and (attempt.touched or not making)),
        )
        if making:
            note = partial(_note, stacks, stack.id, row.logical_id, attempt.number)
            watched = TouchingCloud(cloud, note, touched=attempt.touched)
            return _recordable(await known.create(watched, wanted))
        existing = await existing_of(stack, row.logical_id, snapshot_of(row), cloud)
        if attempt.action == "delete":
            await known.delete(cloud, existing)
            return Made(row.physical_id)
        assert known.update is not None
        return _recordable(await known.update(cloud, wanted, existing))
    except ServiceError as error:
        return Failed(reason_of(error, attempt.number))
    except StorageTrouble:
        raise
    except Exception as bug:
        _log.exception("%s: %s of %s broke", stack.id, attempt.action, row.logical_id)
        return Failed(internal_failure(bug))


def _recordable(made: Made) -> Made | Failed:
    """What a type made; a failure, if the store could not take it."""
    try:
        made.id.encode()
        encode_text(dict(made.attributes)).encode()
    except Exception as bug:
        _log.exception("%r can't be recorded", made)
        return Failed(internal_failure(bug), made.id)
    return made


def _note(stacks: Stacks, stack_id: str, logical_id: str, number: int, touched: bool) -> None:
    """Note whether the attempt changed something; in the turn that is open now."""
    row = stacks.resources.get(stack_id, logical_id) if stacks.is_ready else None
    attempt = None if row is None else read_attempt(row)
    if row is None or attempt is None or attempt.number != number:
        return
    with stacks.parts.ledger.stage() as turn:
        noted = replace(attempt, touched=touched)
        stacks.resources.put(turn, row._replace(attempt=write(noted)))


def finish(
    stacks: Stacks, stack_id: str, logical_id: str, number: int, made: Made | Failed
) -> None:
    """Record the result of an attempt. Does nothing if it is not under way any more."""
    stack = stacks.stacks.get(stack_id)
    row = stacks.resources.get(stack_id, logical_id)
    attempt = None if row is None else read_attempt(row)
    if stack is None or row is None or attempt is None or attempt.number != number:
        return
    with stacks.parts.ledger.stage() as turn:
        if attempt.action == "delete":
            _deleted(stacks, turn, stack, row, made)
        elif isinstance(made, Failed):
            if attempt.action == "create" and made.physical_id:
                row = row._replace(
                    physical_id=made.physical_id, properties=encode_text(attempt.properties)
                )
            fail(stacks, turn, stack, row, attempt, made.reason)
        else:
            _succeeded(stacks, turn, stack, row, attempt, made)


def _succeeded(
    stacks: Stacks, turn: Turn, stack: StackRow, row: ResourceRow, attempt: Attempt, made: Made
) -> None:
    verb = "CREATE" if attempt.action == "create" else "UPDATE"
    known = find_type(attempt.type)
    done = row._replace(
        type=attempt.type,
        physical_id=made.id,
        properties=encode_text(attempt.properties),
        attributes=encode_text(dict(made.attributes)),
        suffix=attempt.suffix,
        rules=write(attempt.rules),
        status=f"{verb}_COMPLETE",
        reason=_remark(known),
        updated_at=stacks.parts.clock.now(),
        phase=stack.phase,
        attempt="",
    )
    if attempt.action != "update" and row.physical_id != made.id:
        events.resource_event(stacks, turn, stack, done, f"{verb}_IN_PROGRESS", INITIATED)
    if is_failing(stacks, stack):
        # Somebody else failed meanwhile: AWS does not wait for this one.
        what = "creation" if verb == "CREATE" else "update"
        done = done._replace(status=f"{verb}_FAILED", reason=f"Resource {what} cancelled")
    if row.physical_id != made.id and not _is_kept(stack, row):
        phases.put_aside(stacks, turn, stack, row)
    stacks.resources.put(turn, done)
    events.resource_event(stacks, turn, stack, done, done.status, done.reason)


def _is_kept(stack: StackRow, row: ResourceRow) -> bool:
    """Whether what was replaced now is what the way back leads to.

    After an update that stayed where it failed it may be something made meanwhile; and on the way
    back there is no way back any more.
    """
    operation = read_operation(stack)
    if row.before in ("", NEW) or operation is None or operation.phase != APPLY:
        return False
    return read_snapshot(row.before).physical_id == row.physical_id


def _remark(known: ResourceType | None) -> str:
    if known is not None and known.stored_only:
        return "Stored without effect: this server does nothing with it."
    return ""


def is_failing(stacks: Stacks, stack: StackRow) -> bool:
    """Whether the way forward has failed already."""
    operation = read_operation(stack)
    if operation is None or operation.phase != APPLY:
        return False
    if operation.trouble:
        return True
    return any(
        row.phase == stack.phase and row.status in ("CREATE_FAILED", "UPDATE_FAILED")
        for row in stacks.resources.of(stack.id)
    )


def fail(
    stacks: Stacks, turn: Turn, stack: StackRow, row: ResourceRow, attempt: Attempt, reason: str
) -> None:
    """Record that an attempt at making or changing a resource did not go well."""
    verb = "CREATE" if attempt.action == "create" else "UPDATE"
    failed = row._replace(
        status=f"{verb}_FAILED",
        reason=reason,
        updated_at=stacks.parts.clock.now(),
        phase=stack.phase,
        attempt="",
    )
    if attempt.action == "update":
        # Nobody knows how far it came: what is changed back starts from what it should have been.
        failed = failed._replace(properties=encode_text(attempt.properties))
    stacks.resources.put(turn, failed)
    events.resource_event(stacks, turn, stack, failed, failed.status, reason)


def _deleted(
    stacks: Stacks, turn: Turn, stack: StackRow, row: ResourceRow, made: Made | Failed
) -> None:
    ok = not isinstance(made, Failed)
    done = row._replace(
        status="DELETE_COMPLETE" if ok else "DELETE_FAILED",
        reason=made.reason if isinstance(made, Failed) else "",
        updated_at=stacks.parts.clock.now(),
        phase=stack.phase,
        attempt="",
    )
    stacks.resources.put(turn, done)
    events.resource_event(stacks, turn, stack, done, done.status, done.reason)


def replaced(row: ResourceRow) -> Snapshot | None:
    """What a resource was before the operation, if it is another one now."""
    if row.before in ("", NEW):
        return None
    before = read_snapshot(row.before)
    return before if before.physical_id != row.physical_id else None
