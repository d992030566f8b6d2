"""A bug of ours in a deployment: it ends what is under way, as a failure that says so.

The way forward becomes the way back; what can't even go back fails where it is. So every bug leads
on to a later phase or to the end, and no stack stays in progress with nobody who works at it.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from stepwell.services.cloudformation.deployment import attempts, phases, removing
from stepwell.services.cloudformation.deployment.tried import Failed, internal_failure
from stepwell.services.cloudformation.documents import (
    APPLY,
    CLEANUP,
    RESTORE,
    Operation,
    read_attempt,
    read_operation,
)
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.stacks import Stacks

_log = logging.getLogger("stepwell.cloudformation")


async def broke(stacks: Stacks, stack_id: str, phase: int, bug: Exception) -> None:
    """The look at a stack raised: whatever its `phase` was to do does not come to be.

    Raises StorageTrouble.
    """
    _log.error("%s: the deployment broke", stack_id, exc_info=bug)
    await stacks.read_again()
    stack = stacks.stacks.get(stack_id)
    if stack is None or not stack.operation or stack.phase != phase:
        # Somebody led it on meanwhile.
        return
    reason = internal_failure(bug)
    try:
        _go_on(stacks, stack, reason)
    except Exception:
        _log.exception("%s: neither can it be led back", stack_id)
        await stacks.read_again()
        _end(stacks, stack._replace(operation=""), _failed(stack.status), reason)


def _go_on(stacks: Stacks, stack: StackRow, reason: str) -> None:
    operation = read_operation(stack)
    assert operation is not None
    if operation.phase != APPLY:
        _end(stacks, stack, _status(operation), reason)
    elif not operation.trouble:
        # What is under way is waited for, then the way back begins.
        phases.note(stacks, stack, replace(operation, trouble=reason))
        stacks.deployments.poke(stack.id)
    else:
        phases.failed(stacks, stack, operation)


def _end(stacks: Stacks, stack: StackRow, status: str, reason: str) -> None:
    with stacks.parts.ledger.stage() as turn:
        phases.end(stacks, turn, stack, status, reason)


def _failed(status: str) -> str:
    """What becomes of a status on the way when nothing else is known, or nothing else works."""
    return f"{status.removesuffix('_IN_PROGRESS').removesuffix('_COMPLETE_CLEANUP')}_FAILED"


def _status(operation: Operation) -> str:
    """Where an operation ends that can't go back."""
    if operation.phase == RESTORE:
        return "UPDATE_ROLLBACK_FAILED"
    if operation.phase == CLEANUP:
        # The stack is what it is to be; only something that nobody needs may be left.
        return "UPDATE_ROLLBACK_COMPLETE" if operation.rolling_back else "UPDATE_COMPLETE"
    keeps_stack = operation.rolling_back and operation.on_failure != "DELETE"
    return "ROLLBACK_FAILED" if keeps_stack else "DELETE_FAILED"


async def attempt_broke(stacks: Stacks, target: tuple[str, str, int], bug: Exception) -> None:
    """What an attempt came to could not be recorded: it failed. Raises StorageTrouble."""
    stack_id, logical_id, number = target
    _log.error("%s: the attempt at %s broke", stack_id, logical_id, exc_info=bug)
    await stacks.read_again()
    stack = stacks.stacks.get(stack_id)
    reason = internal_failure(bug)
    try:
        if number:
            removing.finish_leftover(stacks, stack_id, number, reason)
            return
        row = stacks.resources.get(stack_id, logical_id)
        attempt = None if row is None else read_attempt(row)
        if attempt is not None:
            attempts.finish(stacks, stack_id, logical_id, attempt.number, Failed(reason))
    except Exception as worse:
        if stack is not None:
            await broke(stacks, stack_id, stack.phase, worse)
