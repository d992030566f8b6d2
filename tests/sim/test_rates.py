"""AWS's rates within the product: nested starts, starts by schedules, stacks."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from stepwell.errors import ServiceError
from stepwell.services.states.rates import START
from stepwell.testing.simulation import Client, Simulation
from tests.integrations.played import ROLE, create, ended, sdk, start
from tests.sim.map_runs import passes

REGION = ("000000000000", "us-east-1")


def play(client: Client) -> None:
    """Let a client use a server with AWS's quotas."""
    asyncio.run(Simulation(seed=5, aws_quotas=True).run(client))


def use_up(simulation: Simulation, left: int) -> None:
    """Make all starts of this moment but so many."""
    rates = simulation.core.states.rates
    assert rates is not None
    for _ in range(1_300 - left):
        rates.take(*REGION, START)


def nested(arn: str, **fields: object) -> dict[str, object]:
    """A task that starts an execution."""
    resource = "arn:aws:states:::states:startExecution"
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"StateMachineArn": arn},
        "End": True,
        **fields,
    }


def test_a_nested_start_over_the_rate_fails_its_task() -> None:
    """With the name that AWS's client library gives errors it has no class for."""

    async def client(simulation: Simulation) -> None:
        child = await create(simulation, "child", P=passes())
        parent = await create(simulation, "parent", N=nested(child))
        use_up(simulation, left=1)
        told = await ended(simulation, await start(simulation, parent, "one", {}))
        assert told.error == "StepFunctions.AWSStepFunctionsException"
        assert told.cause is not None
        assert told.cause.startswith(
            "Rate exceeded (Service: AWSStepFunctions; Status Code: 400; Error Code:"
            " ThrottlingException; Request ID: "
        )

    play(client)


def test_a_start_by_the_sdk_integration_over_the_rate_fails_its_task() -> None:
    """In the words of that integration."""

    async def client(simulation: Simulation) -> None:
        child = await create(simulation, "child", P=passes())
        call = sdk("sfn:startExecution", {"StateMachineArn": child})
        parent = await create(simulation, "parent", N=call)
        use_up(simulation, left=1)
        told = await ended(simulation, await start(simulation, parent, "one", {}))
        assert told.error == "Sfn.SfnException"
        assert told.cause is not None
        assert told.cause.startswith("Rate exceeded (Service: Sfn, Status Code: 400, Request ID: ")

    play(client)


def test_a_retrier_gets_it_through() -> None:
    """The bucket fills while it waits; the task succeeds at its second attempt."""
    retry = [{"ErrorEquals": ["StepFunctions.AWSStepFunctionsException"], "IntervalSeconds": 1}]

    async def client(simulation: Simulation) -> None:
        child = await create(simulation, "child", P=passes())
        parent = await create(simulation, "parent", N=nested(child, Retry=retry))
        use_up(simulation, left=1)
        told = await ended(simulation, await start(simulation, parent, "one", {}))
        assert told.status == "SUCCEEDED"
        assert told.types.count("TaskFailed") == 1

    play(client)


@pytest.mark.parametrize("is_universal", [False, True])
def test_a_schedule_tries_again_what_was_over_the_rate(is_universal: bool) -> None:
    """Until the bucket has filled; nothing is lost."""

    async def client(simulation: Simulation) -> None:
        child = await create(simulation, "child", P=passes())
        universal = {
            "Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution",
            "Input": json.dumps({"StateMachineArn": child}),
        }
        due_at = simulation.clock.now() + 60_000
        due = f"{datetime.fromtimestamp(due_at // 1000, UTC):%Y-%m-%dT%H:%M:%S}"
        simulation.clock.call_at(due_at, lambda: use_up(simulation, left=0))
        await simulation.insist(
            "scheduler.CreateSchedule",
            Name="s",
            ScheduleExpression=f"at({due})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"RoleArn": ROLE, **(universal if is_universal else {"Arn": child})},
        )
        await simulation.sleep(due_at - simulation.clock.now())
        shown = await simulation.insist("ListExecutions", stateMachineArn=child)
        assert shown["executions"] == []
        await simulation.sleep(30_000)
        shown = await simulation.insist("ListExecutions", stateMachineArn=child)
        assert [one["status"] for one in shown["executions"]] == ["SUCCEEDED"]

    play(client)


def test_a_stack_waits_for_no_rate() -> None:
    """CloudFormation tries again until it succeeds, so its calls are not counted here."""
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "DefinitionString": json.dumps({"StartAt": "P", "States": {"P": passes()}}),
        },
    }

    async def client(simulation: Simulation) -> None:
        for number in range(100):
            await create(simulation, f"m{number}", P=passes())
        with pytest.raises(ServiceError, match="ThrottlingException: Rate exceeded"):
            await create(simulation, "another", P=passes())
        await simulation.insist(
            "cloudformation.CreateStack",
            StackName="s",
            TemplateBody=json.dumps({"Resources": {"M": machine}}),
        )
        await simulation.sleep(500)
        shown = await simulation.insist("cloudformation.DescribeStacks", StackName="s")
        assert shown["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"

    play(client)
