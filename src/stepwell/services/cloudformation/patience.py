"""Answers that wait a moment for the deployment that they begin.

Deployments are mostly over within a second here, and tools look for their end at once and then only
every five to thirty seconds. So what begins one is answered when it is over, and after
`Stacks.patience_ms` all the same. A caller sees nothing of it but a stack that is further.
"""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Operation, Params
from stepwell.services.cloudformation.change_sets import find
from stepwell.services.cloudformation.stacks import Stacks

PATIENCE_MS = 2_000
"""What a server has where time is the machine's."""
_BEGINNING = frozenset({"CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack"})


def patient(stacks: Stacks, name: str, run: Operation) -> Operation:
    """The operation; with patience where it begins a deployment."""
    if name not in _BEGINNING:
        return run

    async def operation(call: Call, params: Params) -> Answer:
        if not stacks.patience_ms:
            return await run(call, params)
        # A stack that is being deleted is not found by its name afterwards.
        known = await _stack(stacks, call, params)
        answer = await run(call, params)
        begun = answer.get("StackId", known) if isinstance(answer, dict) else known
        if begun is not None:
            await stacks.deployments.over(begun, stacks.patience_ms)
        return answer

    return operation


async def _stack(stacks: Stacks, call: Call, params: Params) -> str | None:
    """The id of the stack that a request names, if it is there already."""
    await stacks.ready()
    if params.get("ChangeSetName"):
        try:
            return find(stacks, call, params)[0].id
        except ServiceError:
            return None
    row = stacks.named(call.scope, str(params.get("StackName") or ""))
    return None if row is None else row.id
