"""What was configured stays, and a request that was answered had its effect, whatever commit the
process dies at."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.api import HttpAnswer, HttpRequest
from stepwell.stores.faulty import StoreCrashed
from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import create, ended
from tests.sim.crashing import WHERE

URI = "arn:aws:apigateway:us-east-1:states:action/StartExecution"


@dataclass(slots=True)
class Record:
    """What is left of a run."""

    methods: dict[str, list[str]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)


async def workload(simulation: Simulation, record: Record) -> None:
    """An API is made and deployed; three requests start one execution each."""
    machine = await create(simulation, "started", Done={"Type": "Pass", "End": True})
    api = await simulation.insist("CreateRestApi", name="api")
    place = {"restApiId": api["id"]}
    found = await made(simulation, place, api["rootResourceId"])
    method = {**place, "resourceId": found, "httpMethod": "POST"}
    with contextlib.suppress(ServiceError):
        await simulation.insist("PutMethod", **method, authorizationType="NONE")
    template = (
        '{"name": "$input.path(\'$.name\')", "input": "$util.escapeJavaScript($input.body)",'
        f' "stateMachineArn": "{machine}"}}'
    )
    await simulation.insist(
        "PutIntegration",
        **method,
        type="AWS",
        integrationHttpMethod="POST",
        uri=URI,
        requestTemplates={"application/json": template},
    )
    with contextlib.suppress(ServiceError):
        await simulation.insist("PutMethodResponse", **method, statusCode="200")
    await simulation.insist("PutIntegrationResponse", **method, statusCode="200")
    await simulation.insist("apigateway.CreateDeployment", **place, stageName="dev")
    for name in ("a", "b", "c"):
        answer = await ask(simulation, api["id"], json.dumps({"name": name}).encode())
        record.answers.append(answer.status)
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        done = await ended(simulation, arn)
        record.outputs.append(done.output)
    told = await simulation.insist("GetResources", **place)
    for each in told["items"]:
        record.methods[each["path"]] = sorted(each.get("resourceMethods", {}))
    listed = await simulation.insist("ListExecutions", stateMachineArn=machine)
    record.executions = sorted(each["name"] for each in listed["executions"])


async def made(simulation: Simulation, place: dict[str, str], root: str) -> str:
    """The resource `/start`; one that a crash kept from being told is there already."""
    try:
        answer = await simulation.insist("CreateResource", **place, parentId=root, pathPart="start")
        return str(answer["id"])
    except ServiceError:
        told = await simulation.insist("GetResources", **place)
        return str(next(each["id"] for each in told["items"] if each["path"] == "/start"))


async def ask(simulation: Simulation, api: str, body: bytes) -> HttpAnswer:
    """A request, made until it is answered, as a client with retries does."""
    request = HttpRequest(
        method="POST",
        host="localhost:4566",
        path=f"/_aws/execute-api/{api}/dev/start",
        query="",
        headers=[("content-type", "application/json")],
        body=body,
        base_url="http://localhost:4566",
        request_id="00000000-0000-4000-8000-000000000000",
    )
    while True:
        await simulation._up.wait()
        door = next(d for d in simulation.core.doors() if "execute-api" in d.host_labels)
        task = asyncio.ensure_future(door.answer(request))
        try:
            answer = await task
            # The second request is refused when the first one took effect and was not answered.
            taken = (b'"executionArn"', b"ExecutionAlreadyExists")
            if answer is not None and any(text in answer.body for text in taken):
                return answer
        except (asyncio.CancelledError, StoreCrashed):
            if not task.cancelled() and not isinstance(task.exception(), StoreCrashed):
                raise
        except StorageTrouble:
            pass
        await simulation.sleep(10)


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=5, faults=faults)
    await simulation.run(functools.partial(workload, record=record))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def test_undisturbed() -> None:
    """One execution for each request, with the request's body as its input."""
    record, _ = undisturbed()
    assert record.methods == {"/": [], "/start": ["POST"]}
    assert record.answers == [200, 200, 200]
    assert record.executions == ["a", "b", "c"]
    assert record.outputs == [{"name": name} for name in ("a", "b", "c")]


@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1):
        record, _ = asyncio.run(play([Faults(**{where: point})]))
        assert record == expected, (where, point)
