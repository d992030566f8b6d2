"""Asynchronous invocations: retries, age, room, where results go."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.lambda_.records import EVENT
from tests.services.lambda_.world import World


def _fail(event: Any) -> Any:
    raise ValueError("bad day")


async def _send(world: World, name: str, **more: Any) -> Any:
    return await world.call(
        "Invoke", FunctionName=name, InvocationType="Event", Payload=b'{"n":1}', **more
    )


async def _left(world: World) -> int:
    return len(await world.simulation.core.store.scan(EVENT, limit=100))


def test_an_event_that_fails_runs_three_times_with_a_minute_and_two_between() -> None:
    """An event that fails runs three times with a minute and two between."""

    async def play(world: World) -> None:
        await world.function("bad")
        assert await _send(world, "bad") == {"StatusCode": 202}
        await world.sleep(1)
        assert len(world.runner.calls) == 1
        await world.sleep(60)
        assert len(world.runner.calls) == 2
        await world.sleep(100)
        assert len(world.runner.calls) == 2
        await world.sleep(20)
        assert len(world.runner.calls) == 3
        await world.sleep(1_000)
        assert len(world.runner.calls) == 3
        assert len({call.request_id for _, call in world.runner.calls}) == 1
        assert await _left(world) == 0

    World({"bad": _fail}).run(play)


def test_the_destination_of_success_gets_the_record() -> None:
    """The destination of success gets the record."""

    async def play(world: World) -> None:
        await world.function("good")
        url = await world.queue("done")
        await world.call(
            "PutFunctionEventInvokeConfig",
            FunctionName="good",
            DestinationConfig={
                "OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:done"}
            },
        )
        await _send(world, "good")
        (record,) = await world.received(url, 10)
        assert record["requestContext"]["condition"] == "Success"
        assert record["requestContext"]["approximateInvokeCount"] == 1
        assert record["requestPayload"] == {"n": 1}
        assert record["responsePayload"] == {"n": 1}
        assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}

    World().run(play)


def test_what_is_given_up_goes_to_the_destination_and_to_the_dead_letter_queue() -> None:
    """What is given up goes to the destination and to the dead letter queue."""

    async def play(world: World) -> None:
        dead, failed = await world.queue("dead"), await world.queue("failed")
        await world.function(
            "bad", DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}
        )
        await world.call(
            "PutFunctionEventInvokeConfig",
            FunctionName="bad",
            MaximumRetryAttempts=0,
            DestinationConfig={
                "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}
            },
        )
        await _send(world, "bad")
        assert await world.received(dead, 10) == [{"n": 1}]
        (record,) = await world.received(failed, 10)
        assert record["requestContext"]["condition"] == "RetriesExhausted"
        assert record["responseContext"]["functionError"] == "Unhandled"
        assert record["responsePayload"]["errorType"] == "ValueError"

    World({"bad": _fail}).run(play)


def test_without_room_an_event_waits_and_is_given_up_when_it_is_too_old() -> None:
    """Without room an event waits and is given up when it is too old."""

    async def play(world: World) -> None:
        failed = await world.queue("failed")
        await world.function("busy")
        await world.call(
            "PutFunctionConcurrency", FunctionName="busy", ReservedConcurrentExecutions=0
        )
        await world.call(
            "PutFunctionEventInvokeConfig",
            FunctionName="busy",
            MaximumEventAgeInSeconds=60,
            DestinationConfig={
                "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}
            },
        )
        with pytest.raises(ServiceError) as refused:
            await world.simulation.call("Invoke", FunctionName="busy")
        assert refused.value.code == "TooManyRequestsException"
        reason = refused.value.fields["Reason"]
        assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
        await _send(world, "busy")
        await world.sleep(40)
        assert await _left(world) == 1
        await world.sleep(200)
        (record,) = await world.received(failed)
        assert record["requestContext"]["condition"] == "EventAgeExceeded"
        assert world.runner.calls == []

    World().run(play)


def test_throttled_events_run_once_there_is_room() -> None:
    """Throttled events run once there is room."""

    async def play(world: World) -> None:
        await world.function("busy")
        await world.call(
            "PutFunctionConcurrency", FunctionName="busy", ReservedConcurrentExecutions=0
        )
        await _send(world, "busy")
        await world.sleep(10)
        await world.call("DeleteFunctionConcurrency", FunctionName="busy")
        await world.sleep(60)
        assert world.runner.events_of("busy") == [{"n": 1}]

    World().run(play)


def test_a_delivery_to_a_function_becomes_an_event() -> None:
    """A delivery to a function becomes an event."""

    async def play(world: World) -> None:
        await world.function("first")
        await world.function("second")
        await world.call(
            "PutFunctionEventInvokeConfig",
            FunctionName="first",
            DestinationConfig={
                "OnSuccess": {
                    "Destination": "arn:aws:lambda:us-east-1:000000000000:function:second"
                }
            },
        )
        await _send(world, "first")
        await world.sleep(1)
        (record,) = world.runner.events_of("second")
        assert record["responsePayload"] == {"n": 1}

    World().run(play)
