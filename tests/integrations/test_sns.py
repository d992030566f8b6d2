"""Tasks that publish: results, errors, and messages that are no text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.testing.simulation import Simulation
from tests.integrations.played import Ended, create, ended, sdk, start

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
URL = "http://localhost:4566/000000000000/inbox"


def task(parameters: Any) -> dict[str, Any]:
    """A Task that publishes."""
    resource = "arn:aws:states:::sns:publish"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


async def played(state: dict[str, Any]) -> tuple[Ended, list[str]]:
    """The end of a machine of that state, and what came into a queue behind the topic."""
    found: list[tuple[Ended, list[str]]] = []

    async def client(simulation: Simulation) -> None:
        await simulation.call("CreateQueue", QueueName="inbox")
        await simulation.call("CreateTopic", Name="news")
        await simulation.call(
            "Subscribe",
            TopicArn=TOPIC,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:us-east-1:000000000000:inbox",
        )
        machine = await create(simulation, "m", Publish=state)
        done = await ended(simulation, await start(simulation, machine, "x", {}))
        told = await simulation.call("ReceiveMessage", QueueUrl=URL, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in told.get("Messages", ())]
        found.append((done, [body["Message"] for body in bodies]))

    await Simulation(seed=3).run(client)
    return found[0]


@pytest.mark.parametrize(
    ("message", "text"), [("text", "text"), ({"a": [1]}, '{"a":[1]}'), (1, "1"), (True, "true")]
)
async def test_what_is_published(message: Any, text: str) -> None:
    """A message that is no text goes out as its JSON; the result has AWS's envelope."""
    done, messages = await played(task({"TopicArn": TOPIC, "Message": message}))
    assert messages == [text]
    assert done.output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    headers = done.output["SdkHttpMetadata"]["HttpHeaders"]
    assert (headers["Content-Type"], headers["Content-Length"]) == ("text/xml", "294")
    assert len(done.output["MessageId"]) == 36


@pytest.mark.parametrize(
    ("parameters", "error", "cause"),
    [
        ({"TopicArn": TOPIC + "x", "Message": "m"}, "NotFound", "Topic does not exist"),
        (
            {"TopicArn": TOPIC, "Message": ""},
            "InvalidParameter",
            "Invalid parameter: Empty message",
        ),
        (
            {
                "TopicArn": TOPIC,
                "Message": "m",
                "MessageAttributes": {"k": {"DataType": "Number", "StringValue": "x"}},
            },
            "InvalidParameterValue",
            "Could not cast message attribute 'k' value to number.",
        ),
    ],
)
async def test_refusals(parameters: Any, error: str, cause: str) -> None:
    """Named by the exception's class, in both ways of calling; nothing goes out."""
    done, messages = await played(task(parameters))
    assert (done.status, done.error) == ("FAILED", f"SNS.{error}Exception")
    assert done.cause is not None
    assert done.cause.startswith(f"{cause} (Service: AmazonSNS; Status Code: ")
    assert messages == []
    done, messages = await played(sdk("sns:publish", parameters))
    assert (done.status, done.error) == ("FAILED", f"Sns.{error}Exception")
    assert messages == []


async def test_a_batch() -> None:
    """Every entry has its answer."""
    entries = [
        {"Id": "good", "Message": {"a": 1}},
        {"Id": "bad", "Message": "m", "Subject": "s" * 101},
    ]
    done, messages = await played(
        sdk("sns:publishBatch", {"TopicArn": TOPIC, "PublishBatchRequestEntries": entries})
    )
    assert messages == ['{"a":1}']
    assert [each["Id"] for each in done.output["Successful"]] == ["good"]
    assert [each["Code"] for each in done.output["Failed"]] == ["InvalidParameter"]
