"""The operations of CloudFormation as the gateway calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.services.api import Service
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
from stepwell.services.operations import Run, runs

if TYPE_CHECKING:
    from stepwell.services.cloudformation.stacks import Stacks

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
