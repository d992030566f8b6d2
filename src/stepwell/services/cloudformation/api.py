"""The operations of CloudFormation as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.cloudformation import (
    change_set_views,
    change_sets,
    creating,
    deleting,
    describing,
    events,
    keeping,
    listing,
    patience,
    templates,
    updating,
)
from stepwell.services.cloudformation.waiting import doors

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
    "ListStacks": listing.list_stacks,
    "ListStackResources": listing.list_resources,
    "DescribeStackResources": listing.describe_resources,
    "DescribeStackResource": listing.describe_resource,
    "ListExports": listing.list_exports,
    "ListImports": listing.list_imports,
    "GetTemplate": templates.get_template,
    "GetTemplateSummary": templates.template_summary,
    "ValidateTemplate": templates.validate_template,
    "CreateChangeSet": change_sets.create_change_set,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "DeleteChangeSet": change_sets.delete_change_set,
    "DescribeChangeSet": change_set_views.describe_change_set,
    "ListChangeSets": change_set_views.list_change_sets,
    "UpdateTerminationProtection": keeping.set_protection,
    "SetStackPolicy": keeping.set_policy,
    "GetStackPolicy": keeping.get_policy,
    "SignalResource": doors.signal_resource,
    "DescribeStackEvents": events.describe_events,
}


def service(stacks: Stacks) -> Service:
    """CloudFormation."""
    operations = {
        name: patience.patient(stacks, name, _bind(stacks, run))
        for name, run in _OPERATIONS.items()
    }
    return Service("cloudformation", operations)


def _bind(stacks: Stacks, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await stacks.ready()
        answer = await run(stacks, call, params)
        # What a read showed may still be on its way to the disk.
        await stacks.parts.ledger.committed()
        return answer

    return operation
