"""The service as Amazon's own client library sees it, through the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwell.gateway.app import create_app
from stepwell.gateway.server import serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.runtime.clock import SystemClock
from tests.services.states.fakes import ARN, PASS, ROLE, World

Do = Callable[..., Any]


@pytest.fixture
async def world() -> World:
    """A fresh service."""
    return await World().open()


@pytest.fixture
async def do(world: World) -> AsyncIterator[Do]:
    """Calls a client's method from a thread, so that the server in this loop can answer."""
    app = create_app(
        [world.service],
        settings=GatewaySettings(),
        health=dict,
        clock=SystemClock(),
        ids=world.ids,
    )
    closing = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve(app, "127.0.0.1", 0, closing=closing, on_ready=port.set_result)
    )
    client = boto3.client(
        "stepfunctions",
        endpoint_url=f"http://127.0.0.1:{await port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}, inject_host_prefix=False),
    )

    async def call(method: str, **params: Any) -> Any:
        return await asyncio.to_thread(getattr(client, method), **params)

    yield call
    client.close()
    closing.set()
    await server


async def test_a_machine_from_creation_to_deletion(do: Do) -> None:
    """Created, described, tagged, listed, updated, deleted; times are times."""
    created = await do("create_state_machine", name="m", definition=PASS, roleArn=ROLE)
    assert created["stateMachineArn"] == ARN + "m"
    described = await do("describe_state_machine", stateMachineArn=ARN + "m")
    assert described["creationDate"] == created["creationDate"]
    assert described["definition"] == PASS
    await do("tag_resource", resourceArn=ARN + "m", tags=[{"key": "k", "value": "v"}])
    tags = await do("list_tags_for_resource", resourceArn=ARN + "m")
    assert tags["tags"] == [{"key": "k", "value": "v"}]
    updated = await do("update_state_machine", stateMachineArn=ARN + "m", roleArn=ROLE + "2")
    assert updated["revisionId"]
    assert len((await do("list_state_machines"))["stateMachines"]) == 1
    await do("delete_state_machine", stateMachineArn=ARN + "m")
    with pytest.raises(ClientError) as refused:
        await do("describe_state_machine", stateMachineArn=ARN + "m")
    assert refused.value.response["Error"]["Code"] == "StateMachineDoesNotExist"


async def test_an_execution_and_its_history(do: Do, world: World) -> None:
    """The history's bytes are parsed by the client like any answer."""
    await do("create_state_machine", name="m", definition=PASS, roleArn=ROLE)
    started = await do("start_execution", stateMachineArn=ARN + "m", name="e", input='{"a": 1}')
    arn = started["executionArn"]
    body = (
        b'{"timestamp":1700000000.5,"type":"ExecutionStarted","id":1,"previousEventId":0,'
        b'"executionStartedEventDetails":{"input":"{\\"a\\": 1}"}}'
    )
    await world.executions.happened(arn, body)
    history = await do("get_execution_history", executionArn=arn, maxResults=1)
    assert history["events"][0]["timestamp"].timestamp() == 1_700_000_000.5
    assert history["events"][0]["executionStartedEventDetails"] == {"input": '{"a": 1}'}
    assert "nextToken" not in history
    assert (await do("describe_execution", executionArn=arn))["status"] == "RUNNING"
    assert (await do("list_executions", stateMachineArn=ARN + "m"))["executions"][0]["name"] == "e"
    await do("stop_execution", executionArn=arn, cause="enough")
    assert (await do("describe_execution", executionArn=arn))["cause"] == "enough"


async def test_a_worker_without_work(do: Do) -> None:
    """The client sees no token when no task came."""
    created = await do("create_activity", name="a")
    answer = await do("get_activity_task", activityArn=created["activityArn"])
    assert answer.get("taskToken") is None


async def test_errors_have_their_shape(do: Do) -> None:
    """Codes and texts arrive as AWS sends them."""
    with pytest.raises(ClientError) as refused:
        await do("create_activity", name="a b")
    assert refused.value.response["Error"] == {
        "Code": "InvalidName",
        "Message": "Invalid Name: 'a b'",
    }
