"""Subscription filters: lines of log groups that go on to functions."""

from __future__ import annotations

import gzip
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from stepwell.values import decode
from tests.deploy.world import ACCOUNT, REGION, Deployed

GROUP = {"logGroupName": "/flow"}
WORK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"


@pytest.fixture
async def server() -> AsyncIterator[Deployed]:
    """A server with the group `/flow`, its stream `s` and the function `work`."""
    world = Deployed()
    await world.start()
    await world.call("logs", "CreateLogGroup", **GROUP)
    await world.call("logs", "CreateLogStream", **GROUP, logStreamName="s")
    await world.call(
        "lambda",
        "CreateFunction",
        FunctionName="work",
        Runtime="python3.12",
        Handler="index.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/r",
        Code={"ZipFile": zip_of({"index.py": ""})},
    )
    yield world
    await world.stop()


async def subscribe(server: Deployed, name: str = "f", pattern: str = "", **other: Any) -> None:
    """Put a subscription filter."""
    given = {"destinationArn": WORK, **GROUP, **other}
    await server.call(
        "logs", "PutSubscriptionFilter", filterName=name, filterPattern=pattern, **given
    )


async def write(server: Deployed, *messages: str) -> int:
    """Write lines into the stream; when."""
    now = server.clock.now()
    events = [{"timestamp": now, "message": message} for message in messages]
    await server.call("logs", "PutLogEvents", **GROUP, logStreamName="s", logEvents=events)
    return now


async def got(server: Deployed) -> list[Any]:
    """What the function was called with, unpacked."""
    await server.core.functions.events.settle()
    return [
        decode(gzip.decompress(b64decode(event["awslogs"]["data"])))
        for event in server.runner.events_of("work")
    ]


async def test_lines_that_match_reach_the_function(server: Deployed) -> None:
    """Lines that match reach the function as AWS sends them; others do not."""
    await subscribe(server, pattern="ERROR")
    now = await write(server, "all is well", "ERROR one", "ERROR two")
    await write(server, "all is well")
    (message,) = await got(server)
    assert [event.pop("id") < "1" for event in message["logEvents"]] == [True, True]
    assert message == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/flow",
        "logStream": "s",
        "subscriptionFilters": ["f"],
        "logEvents": [
            {"timestamp": now, "message": "ERROR one"},
            {"timestamp": now, "message": "ERROR two"},
        ],
    }


async def test_many_lines_come_in_pieces(server: Deployed) -> None:
    """More than a function takes at once comes in pieces, in order."""
    await subscribe(server)
    lines = [f"{number} {'x' * 200_000}" for number in range(5)]
    await write(server, *lines)
    messages = await got(server)
    assert len(messages) == 3
    sent = [event["message"] for message in messages for event in message["logEvents"]]
    assert sorted(sent) == lines


async def test_subscriptions_are_shown_changed_and_deleted(server: Deployed) -> None:
    """A group has two at most; the same name is the same one, with the time it was made."""
    await subscribe(server, "a", roleArn=f"arn:aws:iam::{ACCOUNT}:role/r")
    await subscribe(server, "b")
    with pytest.raises(ServiceError, match="LimitExceeded"):
        await subscribe(server, "c")
    made_at = server.clock.now()
    server.clock.advance(made_at + 1000)
    await subscribe(server, "b", "WARN", distribution="Random")
    shown = await server.call("logs", "DescribeSubscriptionFilters", **GROUP, filterNamePrefix="b")
    assert shown["subscriptionFilters"] == [
        {
            "filterName": "b",
            "logGroupName": "/flow",
            "filterPattern": "WARN",
            "destinationArn": WORK,
            "distribution": "Random",
            "applyOnTransformedLogs": False,
            "creationTime": made_at,
        }
    ]
    await server.call("logs", "DeleteSubscriptionFilter", **GROUP, filterName="a")
    with pytest.raises(ServiceError, match="subscription filter does not exist"):
        await server.call("logs", "DeleteSubscriptionFilter", **GROUP, filterName="a")


async def test_a_group_takes_its_subscriptions_along(server: Deployed) -> None:
    """A deleted group takes its subscriptions along."""
    await subscribe(server)
    await server.call("logs", "DeleteLogGroup", **GROUP)
    await server.call("logs", "CreateLogGroup", **GROUP)
    shown = await server.call("logs", "DescribeSubscriptionFilters", **GROUP)
    assert shown["subscriptionFilters"] == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"destinationArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}, "streams are not"),
        ({"pattern": "{ $.a = "}, "InvalidParameterException"),
        ({"applyOnTransformedLogs": True}, "applyOnTransformedLogs is not supported"),
        ({"logGroupName": "/none"}, "log group does not exist"),
    ],
)
async def test_what_cannot_be_is_refused(
    server: Deployed, given: dict[str, Any], text: str
) -> None:
    """Other destinations, patterns that are none and what is not here are refused."""
    with pytest.raises(ServiceError, match=text):
        await subscribe(server, **given)


async def test_a_function_does_not_subscribe_to_itself(server: Deployed) -> None:
    """The log of the function itself is refused: it would never end."""
    await server.call("logs", "CreateLogGroup", logGroupName="/aws/lambda/work")
    with pytest.raises(ServiceError, match="reserved for the function log"):
        await subscribe(server, logGroupName="/aws/lambda/work")
