"""Tasks that invoke functions."""

from __future__ import annotations

from typing import Any

from stepwell.values import decode
from tests.services.lambda_.world import World, arn_of


class CustomError(Exception):
    """An error of a function."""


def _fail(event: Any) -> Any:
    raise CustomError("no such day")


def test_the_arn_of_a_function_as_resource_gives_its_payload() -> None:
    """The arn of a function as resource gives its payload."""

    async def play(world: World) -> None:
        await world.function("echo")
        ended = await world.execute({"Resource": arn_of("echo")}, {"a": [1, None]})
        assert (ended["status"], decode(ended["output"])) == ("SUCCEEDED", {"a": [1, None]})
        types = [event["type"] for event in await world.history(ended["executionArn"])]
        assert types[2:5] == [
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
        ]

    World().run(play)


def test_an_error_of_a_function_is_named_as_its_type_with_its_document_as_cause() -> None:
    """An error of a function is named as its type with its document as cause."""

    async def play(world: World) -> None:
        await world.function("bad")
        for state in (
            {"Resource": arn_of("bad")},
            {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "bad"}},
        ):
            ended = await world.execute(state)
            assert ended["status"] == "FAILED"
            assert ended["error"] == "CustomError"
            cause = decode(ended["cause"])
            assert isinstance(cause, dict)
            assert cause["errorMessage"] == "no such day"

    World({"bad": _fail}).run(play)


def test_a_function_that_is_not_there_fails_the_task_and_not_the_creation() -> None:
    """A function that is not there fails the task and not the creation."""

    async def play(world: World) -> None:
        ended = await world.execute({"Resource": arn_of("nobody")})
        assert ended["error"] == "Lambda.ResourceNotFoundException"
        assert ended["cause"].startswith(f"Function not found: {arn_of('nobody')}:$LATEST (Service")

    World().run(play)


def test_invoke_answers_with_payload_version_and_status() -> None:
    """Invoke answers with payload version and status."""

    async def play(world: World) -> None:
        await world.function("greet")
        parameters = {"FunctionName": "greet", "Payload": {"name": "Ada"}, "LogType": "Tail"}
        state = {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters}
        ended = await world.execute(state)
        output = decode(ended["output"])
        assert isinstance(output, dict)
        assert output["Payload"] == {"hello": "Ada"}
        assert output["ExecutedVersion"] == "$LATEST"
        assert output["StatusCode"] == 200
        assert output["LogResult"]

    World({"greet": lambda event: {"hello": event["name"]}}).run(play)


def test_an_event_is_accepted_at_once_and_runs_afterwards() -> None:
    """An event is accepted at once and runs afterwards."""

    async def play(world: World) -> None:
        await world.function("later")
        parameters = {"FunctionName": "later", "Payload": {"n": 1}, "InvocationType": "Event"}
        state = {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters}
        ended = await world.execute(state)
        output = decode(ended["output"])
        assert isinstance(output, dict)
        assert output["StatusCode"] == 202
        await world.sleep(1)
        assert world.runner.events_of("later") == [{"n": 1}]

    World().run(play)


def test_a_task_that_timed_out_waits_no_longer() -> None:
    """A task that timed out waits no longer."""

    async def play(world: World) -> None:
        await world.function("slow", Timeout=900)
        state = {"Resource": arn_of("slow"), "TimeoutSeconds": 5}
        ended = await world.execute(state)
        assert ended["error"] == "States.Timeout"
        types = [event["type"] for event in await world.history(ended["executionArn"])]
        assert "LambdaFunctionTimedOut" in types

    world = World()

    async def slow(event: Any) -> Any:
        await world.sleep(100)
        return event

    world.runner.handlers["slow"] = slow
    world.run(play)


def test_a_token_goes_out_with_the_payload() -> None:
    """A token goes out with the payload."""

    async def play(world: World) -> None:
        await world.function("ask")
        parameters = {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}
        state = {
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": parameters,
            "TimeoutSeconds": 100,
        }
        ended = await world.execute(state)
        assert decode(ended["output"]) == {"ok": True}

    world = World()

    async def ask(event: Any) -> Any:
        await world.call("SendTaskSuccess", taskToken=event["token"], output='{"ok":true}')
        return None

    world.runner.handlers["ask"] = ask
    world.run(play)
