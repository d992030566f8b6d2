"""Machines played by the whole product in one process, under virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Simulation

ROLE = "arn:aws:iam::000000000000:role/played"
REGION = "arn:aws:states:us-east-1:000000000000"
QUEUE = "http://localhost:4566/000000000000/played"
ROUNDS_MAX = 500


def sdk(action: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    """A Task that calls `aws-sdk:<action>` and ends its scope."""
    resource = f"arn:aws:states:::aws-sdk:{action}"
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": parameters,
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that is over."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    types: list[str]
    events: list[dict[str, Any]]


async def create(simulation: Simulation, name: str, **states: Any) -> str:
    """A machine of these states, begun at the first; its ARN."""
    definition = {"StartAt": next(iter(states)), "States": states}
    told = await simulation.insist(
        "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    return str(told["stateMachineArn"])


async def start(simulation: Simulation, machine: str, name: str, given: Any) -> str:
    """Start an execution; its ARN. One that a crash kept from being told may be over already."""
    try:
        await simulation.insist(
            "StartExecution", stateMachineArn=machine, name=name, input=json.dumps(given)
        )
    except ServiceError as error:
        if error.code != "ExecutionAlreadyExists":
            raise
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


async def ended(simulation: Simulation, arn: str) -> Ended:
    """The execution once it is over."""
    for _ in range(ROUNDS_MAX):
        told = await simulation.insist("DescribeExecution", executionArn=arn)
        if told["status"] != "RUNNING":
            break
        await simulation.sleep(1_000)
    else:
        raise AssertionError(f"{arn} does not end")
    history = await simulation.insist("GetExecutionHistory", executionArn=arn, maxResults=1000)
    output = told.get("output")
    return Ended(
        told["status"],
        None if output is None else json.loads(output),
        told.get("error"),
        told.get("cause"),
        [event["type"] for event in history["events"]],
        history["events"],
    )


async def play(task: dict[str, Any], given: Any = None) -> Ended:
    """A machine of one task, with a queue `played` beside it."""
    found: list[Ended] = []

    async def client(simulation: Simulation) -> None:
        await simulation.insist("CreateQueue", QueueName="played")
        machine = await create(simulation, "one", Call=task)
        arn = await start(simulation, machine, "one", {} if given is None else given)
        found.append(await ended(simulation, arn))

    await run(client)
    return found[0]


async def run(client: Callable[[Simulation], Coroutine[Any, Any, None]]) -> None:
    """Run one client without faults."""
    await Simulation(seed=3).run(client)
