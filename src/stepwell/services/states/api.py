"""The table of operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.states import (
    activities,
    aliases,
    descriptions,
    executions,
    history,
    machines,
    map_runs,
    redrives,
    state_tests,
    tags,
    tasks,
    validation,
    versions,
)
from stepwell.services.states.rates import START, START_EXPRESS, ApiRates
from stepwell.services.states.states import States

_Written = Callable[[States, Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Written] = {
    "CreateActivity": activities.create_activity,
    "CreateStateMachine": machines.create_state_machine,
    "CreateStateMachineAlias": aliases.create_state_machine_alias,
    "DeleteActivity": activities.delete_activity,
    "DeleteStateMachine": machines.delete_state_machine,
    "DeleteStateMachineAlias": aliases.delete_state_machine_alias,
    "DeleteStateMachineVersion": versions.delete_state_machine_version,
    "DescribeActivity": activities.describe_activity,
    "DescribeExecution": executions.describe_execution,
    "DescribeMapRun": map_runs.describe_map_run,
    "DescribeStateMachine": descriptions.describe_state_machine,
    "DescribeStateMachineAlias": aliases.describe_state_machine_alias,
    "DescribeStateMachineForExecution": descriptions.describe_state_machine_for_execution,
    "GetActivityTask": tasks.get_activity_task,
    "GetExecutionHistory": history.get_execution_history,
    "ListActivities": activities.list_activities,
    "ListExecutions": executions.list_executions,
    "ListMapRuns": map_runs.list_map_runs,
    "ListStateMachineAliases": aliases.list_state_machine_aliases,
    "ListStateMachineVersions": versions.list_state_machine_versions,
    "ListStateMachines": descriptions.list_state_machines,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PublishStateMachineVersion": versions.publish_state_machine_version,
    "RedriveExecution": redrives.redrive_execution,
    "SendTaskFailure": tasks.send_task_failure,
    "SendTaskHeartbeat": tasks.send_task_heartbeat,
    "SendTaskSuccess": tasks.send_task_success,
    "StartExecution": executions.start_execution,
    "StartSyncExecution": executions.start_sync_execution,
    "StopExecution": executions.stop_execution,
    "TagResource": tags.tag_resource,
    "TestState": state_tests.test_state,
    "UntagResource": tags.untag_resource,
    "UpdateMapRun": map_runs.update_map_run,
    "UpdateStateMachine": machines.update_state_machine,
    "UpdateStateMachineAlias": aliases.update_state_machine_alias,
    "ValidateStateMachineDefinition": validation.validate_state_machine_definition,
}


def service(states: States, *, limited: bool = True) -> Service:
    """The Step Functions API over these parts; not `limited` for what the server does itself."""
    operations: dict[str, Operation] = {
        name: partial(operation, states) for name, operation in _OPERATIONS.items()
    }
    if limited and states.rates is not None:
        operations = {
            name: _limited(states, states.rates, name, operation)
            for name, operation in operations.items()
        }
    return Service(
        "stepfunctions",
        operations,
        long_polls=frozenset({"GetActivityTask"}),
        request_bytes_max=states.settings.request_bytes_max,
    )


def _limited(states: States, rates: ApiRates, name: str, operation: Operation) -> Operation:
    """The operation, as often as its rate allows; starts of express state machines have their own.

    The gateway has only read the request until then; nothing was looked up.
    """
    standard = rates.limited(name, operation)
    if name != START:
        return standard
    express = rates.limited(START_EXPRESS, operation)

    async def start(call: Call, params: Params) -> Answer:
        base = ":".join(str(params.get("stateMachineArn")).split(":", 7)[:7])
        machine = states.registry.machines.get(base)
        is_express = machine is not None and machine.row.type == "EXPRESS"
        return await (express if is_express else standard)(call, params)

    return start
