"""The operations of CloudFormation as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.cloudformation import creating, deleting, describing, events, updating

if TYPE_CHECKING:
    from stepwell.services.cloudformation.stacks import Stacks

_Operation = Callable[["Stacks", Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "CreateStack": creating.create_stack,
    "UpdateStack": updating.update_stack,
    "CancelUpdateStack": updating.cancel_update,
    "ContinueUpdateRollback": updating.continue_rollback,
    "RollbackStack": updating.rollback_stack,
    "DeleteStack": deleting.delete_stack,
    "DescribeStacks": describing.describe_stacks,
    "DescribeStackEvents": events.describe_events,
}


def service(stacks: Stacks) -> Service:
    """CloudFormation."""
    operations = {name: _bind(stacks, run) for name, run in _OPERATIONS.items()}
    return Service("cloudformation", operations)


def _bind(stacks: Stacks, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await stacks.ready()
        answer = await run(stacks, call, params)
        # What a read showed may still be on its way to the disk.
        await stacks.parts.ledger.committed()
        return answer

    return operation
