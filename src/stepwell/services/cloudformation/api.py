"""The operations of CloudFormation as the gateway calls them."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.api import Embedded, Service
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
from stepwell.services.cloudformation.aging import forget_old
from stepwell.services.cloudformation.deployment.deployments import Deployments
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.waiting import custom, doors
from stepwell.services.cloudformation.waiting.collecting import Collecting
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Run, runs

_OPERATIONS: dict[str, Run[Stacks]] = {
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
        name: patience.patient(stacks, name, operation)
        for name, operation in runs(stacks, _OPERATIONS).items()
    }
    return Service("cloudformation", operations)


def embedded(stacks: Stacks) -> Embedded:
    """CloudFormation as a part of the server, with the ways in for answers and signals."""
    stacks.take_on(Deployments(stacks), Collecting(stacks))
    return Embedding(stacks, [service(stacks)], doors.doors(stacks))


async def resume(stacks: Stacks) -> None:
    """Go on with every deployment that the last process left unfinished.

    Called once everything else is loaded, for it calls the other services.
    """
    await forget_old(stacks)
    await stacks.deployments.resume()


def invocation_failed(stacks: Stacks, turn: Turn, payload: bytes, reason: str) -> None:
    """A function that was asked for a custom resource failed for good: nobody will answer."""
    if stacks.is_ready:
        custom.failed(stacks, turn, payload, reason)
