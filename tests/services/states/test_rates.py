"""How often AWS lets an account call, as Amazon's own client library meets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwell.errors import ServiceError
from stepwell.gateway.app import create_app
from stepwell.gateway.protocols.codes import json_code
from stepwell.gateway.server import serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.models.service_model import load
from stepwell.services.api import Call
from stepwell.services.states.rates import RATES, START, START_EXPRESS
from stepwell.services.states.states import StatesSettings
from stepwell.testing.virtual import VirtualClock
from tests.services.states.fakes import ARN, PASS, ROLE, World

Do = Callable[..., Any]
LIMITED = StatesSettings(activity_poll_seconds=0, request_bytes_max=2_000, has_rates=True)


@pytest.fixture
async def world() -> World:
    """A service with AWS's rates, on a clock that stands."""
    return await World(settings=LIMITED, clock=VirtualClock()).open()


def after(world: World, milliseconds: int) -> None:
    """Let time pass."""
    clock = world.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(clock.now() + milliseconds)


@pytest.fixture
async def client(world: World) -> AsyncIterator[Do]:
    """Makes clients of that service, for a region and a number of retries."""
    app = create_app(
        [world.service],
        settings=GatewaySettings(),
        health=dict,
        clock=world.clock,
        ids=world.ids,
    )
    closing = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve(app, "127.0.0.1", 0, closing=closing, on_ready=port.set_result)
    )
    endpoint, made = f"http://127.0.0.1:{await port}", []

    def make(region: str = "us-east-1", attempts: int = 0, **config: Any) -> Any:
        made.append(
            boto3.client(
                "stepfunctions",
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"max_attempts": attempts, **config}),
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()
    closing.set()
    await server


async def test_a_bucket_is_used_up_and_filled_again(world: World, client: Do) -> None:
    """A hundred calls, a refusal as AWS words it, and one call more every 200 ms."""
    states = client()
    for _ in range(100):
        await asyncio.to_thread(states.list_state_machines)
    with pytest.raises(ClientError) as refused:
        await asyncio.to_thread(states.list_state_machines)
    answer = refused.value.response
    assert answer["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    after(world, 200)
    await asyncio.to_thread(states.list_state_machines)
    with pytest.raises(ClientError, match="Rate exceeded"):
        await asyncio.to_thread(states.list_state_machines)


async def test_other_regions_and_operations_have_their_own(world: World, client: Do) -> None:
    """What is used up here is not used up there."""
    states = client()
    for _ in range(100):
        await asyncio.to_thread(states.list_state_machines)
    await asyncio.to_thread(client("eu-central-1").list_state_machines)
    await asyncio.to_thread(states.list_activities)


async def test_a_client_in_its_usual_configuration_tries_again(world: World, client: Do) -> None:
    """The library knows the code: it waits and calls again, and its caller sees nothing of it."""
    states = client(attempts=3, mode="standard")
    for _ in range(100):
        await world.call("ListStateMachines")
    loop = asyncio.get_running_loop()

    def pass_time(**answered: Any) -> None:
        loop.call_soon_threadsafe(after, world, 1_000)

    states.meta.events.register("needs-retry.sfn.ListStateMachines", pass_time)
    answer = await asyncio.to_thread(states.list_state_machines)
    assert answer["stateMachines"] == []
    assert answer["ResponseMetadata"]["RetryAttempts"] >= 1


async def test_a_request_has_a_size(client: Do) -> None:
    """One that brings more than the service takes is refused before it is read."""
    states = client()
    empty = {"stateMachineArn": f"{ARN}m", "input": ""}
    fits = "x" * (2_000 - len(json.dumps(empty)))
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        await asyncio.to_thread(states.start_execution, **{**empty, "input": fits})
    with pytest.raises(ClientError) as refused:
        await asyncio.to_thread(states.start_execution, **{**empty, "input": fits + "x"})
    answer = refused.value.response
    assert answer["Error"]["Code"] == "RequestEntityTooLargeException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 413


async def counted(world: World, operation: str, region: str, **params: Any) -> int:
    """How many calls pass before one is throttled, in a moment."""
    call = Call("000000000000", region, "request-1", "http://localhost:4566")
    for count in range(10_000):
        try:
            await world.call_as(call, operation, dict(params))
        except ServiceError as error:
            if error.code == "ThrottlingException":
                return count
    raise AssertionError("it is never throttled")


@pytest.mark.parametrize(
    ("operation", "region", "size", "per_second"),
    [
        ("SendTaskHeartbeat", "us-west-2", 3_000, 500),
        ("SendTaskHeartbeat", "us-east-2", 1_500, 300),
        ("StopExecution", "eu-west-1", 1_000, 200),
        ("StopExecution", "eu-west-2", 500, 25),
        ("DescribeExecution", "us-east-1", 300, 15),
        ("DescribeExecution", "ap-south-1", 250, 10),
        ("TestState", "us-east-1", 50, 10),
    ],
)
async def test_bursts_and_refills(
    world: World, operation: str, region: str, size: int, per_second: int
) -> None:
    """The numbers of AWS's page; a call that is refused for another reason counts as well."""
    params = {
        "SendTaskHeartbeat": {"taskToken": "none"},
        "TestState": {"definition": "none"},
    }.get(operation, {"executionArn": "none"})
    assert await counted(world, operation, region, **params) == size
    after(world, 1_000)
    assert await counted(world, operation, region, **params) == per_second


async def test_starts_of_express_machines_have_their_own_bucket(world: World) -> None:
    """Standard ones are used up after 1,300, express ones go on to 6,000."""
    await world.machine("s")
    await world.machine("e", type="EXPRESS")
    assert await counted(world, START, "us-east-1", stateMachineArn=f"{ARN}s") == 1_300
    assert await counted(world, START, "us-east-1", stateMachineArn=f"{ARN}e") == 6_000
    assert await counted(world, START, "us-east-1", stateMachineArn=f"{ARN}e:1") == 0
    after(world, 1_000)
    assert await counted(world, START, "us-east-1", stateMachineArn=f"{ARN}none") == 300


async def test_starts_that_are_waited_for_are_not_bounded(world: World) -> None:
    """StartSyncExecution has no bucket on AWS's page."""
    await world.machine("e", type="EXPRESS")
    for _ in range(7_000):
        await world.call("StartSyncExecution", stateMachineArn=f"{ARN}e")


async def test_a_throttled_call_does_nothing() -> None:
    """It changes nothing, and does not even look at what it was given."""
    world = await World(settings=LIMITED, clock=VirtualClock()).open()
    for _ in range(100):
        await world.refusal("CreateStateMachine", name="", definition=PASS, roleArn=ROLE)
    given = {"name": "m", "definition": PASS, "roleArn": ROLE}
    told = await world.refusal("CreateStateMachine", **given)
    assert told == ("ThrottlingException", "Rate exceeded")
    assert world.states.registry.machines == {}
    after(world, 1_000)
    await world.call("CreateStateMachine", **given)


async def test_the_open_profile_throttles_nothing() -> None:
    """There is not even a bucket, nor anything before the operations."""
    world = await World().open()
    assert world.states.rates is None
    for _ in range(200):
        await world.call("ListStateMachines")


def test_the_code_has_the_namespace_of_the_framework() -> None:
    """AWS's front answers it, not the service; one whose model names the error does so itself."""
    code, _ = json_code(load("stepfunctions"), "ThrottlingException")
    assert code == "com.amazon.coral.availability#ThrottlingException"
    code, _ = json_code(load("dynamodb"), "ThrottlingException")
    assert code == "com.amazonaws.dynamodb.v20120810#ThrottlingException"


def test_every_operation_has_its_rate() -> None:
    """All that AWS has, but the one without a bucket; a name more is a mistake."""
    operations = set(load("stepfunctions").operations)
    assert set(RATES) - {START_EXPRESS} == operations - {"StartSyncExecution"}


def test_the_page_of_quotas_has_these_numbers() -> None:
    """What users read is what is enforced."""
    shown = {
        START: "`StartExecution`, standard",
        START_EXPRESS: "`StartExecution`, express",
    }
    page = (Path(__file__).parents[3] / "docs" / "reference" / "quotas.md").read_text()
    rows = [line for line in page.splitlines() if line.count("|") == 6 and line.startswith("| `")]
    assert set(rows) == {
        f"| {shown.get(name, f'`{name}`')} "
        + " ".join(f"| {number:,}" for rate in rates for number in rate)
        + " |"
        for name, rates in RATES.items()
    }
