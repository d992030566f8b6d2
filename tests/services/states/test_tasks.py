"""Tokens, activities and tags."""

from __future__ import annotations

import asyncio

import pytest

from tests.services.states.fakes import ARN, World

ACTIVITY = ARN.replace("stateMachine", "activity")


@pytest.fixture
async def world() -> World:
    """A fresh service."""
    return await World().open()


async def test_answers_reach_the_runtime(world: World) -> None:
    """Success, failure and heartbeat are handed on with what they carry."""
    await world.call("SendTaskSuccess", taskToken="t", output='{"a": 1}')
    await world.call("SendTaskFailure", taskToken="t", error="E")
    await world.call("SendTaskHeartbeat", taskToken="t")
    assert world.executions.told == [
        ("succeeded", "t", '{"a": 1}'),
        ("failed", "t", "E", None),
        ("beat", "t"),
    ]


async def test_an_output_that_is_no_json_is_refused(world: World) -> None:
    """The task stays as it is; a bad token is told first, as on AWS."""
    readable = "AQ" + "A" * 48
    code, message = await world.refusal("SendTaskSuccess", taskToken=readable, output="oops")
    assert code == "InvalidOutput"
    assert message.startswith("Invalid Output: 'Unrecognized token 'oops': ")
    code, _ = await world.refusal("SendTaskSuccess", taskToken="t", output="oops")
    assert code == "InvalidToken"
    assert world.executions.told == []


async def test_activities_live_and_go(world: World) -> None:
    """Created once, described, deleted without complaint as often as asked."""
    first = await world.call("CreateActivity", name="a")
    assert await world.call("CreateActivity", name="a") == first
    described = await world.call("DescribeActivity", activityArn=ACTIVITY + "a")
    assert described == {
        **first,
        "name": "a",
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }
    for _ in range(2):
        await world.call("DeleteActivity", activityArn=ACTIVITY + "a")
    assert world.executions.told == [("activity deleted", ACTIVITY + "a")]
    for operation in ("DescribeActivity", "GetActivityTask"):
        assert await world.refusal(operation, activityArn=ACTIVITY + "a") == (
            "ActivityDoesNotExist",
            f"Activity Does Not Exist: '{ACTIVITY}a'",
        )


async def test_activities_are_listed_in_pages(world: World) -> None:
    """By name, a page at a time."""
    for name in ("b", "a", "c"):
        await world.call("CreateActivity", name=name)
    first = await world.call("ListActivities", maxResults=2)
    second = await world.call("ListActivities", maxResults=2, nextToken=first["nextToken"])
    names = [a["name"] for a in first["activities"] + second["activities"]]
    assert names == ["a", "b", "c"]


async def test_a_worker_gets_a_task_or_null(world: World) -> None:
    """A task comes with its input; without one the token is null."""
    await world.call("CreateActivity", name="a")
    world.executions.task = ("token", '{"x": 1}')
    answer = await world.call("GetActivityTask", activityArn=ACTIVITY + "a", workerName="w")
    assert answer == {"taskToken": "token", "input": '{"x": 1}'}
    assert world.executions.told == [("poll", ACTIVITY + "a", "w")]
    answer = await world.call("GetActivityTask", activityArn=ACTIVITY + "a")
    assert answer == {"taskToken": None}


async def test_closing_ends_long_polls(world: World) -> None:
    """A server that stops answers its long polls at once."""
    await world.call("CreateActivity", name="a")
    object.__setattr__(world.states.settings, "activity_poll_seconds", 3600)
    poll = asyncio.create_task(world.call("GetActivityTask", activityArn=ACTIVITY + "a"))
    await world.executions.polled.wait()
    world.states.close()
    assert await poll == {"taskToken": None}
    answer = await world.call("GetActivityTask", activityArn=ACTIVITY + "a")
    assert answer == {"taskToken": None}


async def test_tags_of_machines_and_activities(world: World) -> None:
    """Tags are set, replaced and taken away."""
    await world.machine("m", tags=[{"key": "a", "value": "1"}])
    await world.call("CreateActivity", name="a", tags=[{"key": "z", "value": "9"}])
    for arn, before in ((ARN + "m", [("a", "1")]), (ACTIVITY + "a", [("z", "9")])):
        tags = (await world.call("ListTagsForResource", resourceArn=arn))["tags"]
        assert [(t["key"], t["value"]) for t in tags] == before
        await world.call("TagResource", resourceArn=arn, tags=[{"key": "b", "value": "2"}])
        await world.call("TagResource", resourceArn=arn, tags=[{"key": "b", "value": "3"}])
        await world.call("UntagResource", resourceArn=arn, tagKeys=["a", "z", "none"])
        tags = (await world.call("ListTagsForResource", resourceArn=arn))["tags"]
        assert tags == [{"key": "b", "value": "3"}]


async def test_no_more_than_fifty_tags(world: World) -> None:
    """The fifty-first tag is refused with all of its call; those of AWS count apart."""
    arn = await world.machine("m")
    tags = [{"key": str(n), "value": ""} for n in range(51)]
    await world.call("TagResource", resourceArn=arn, tags=tags[:50])
    assert (await world.refusal("TagResource", resourceArn=arn, tags=tags[50:]))[0] == "TooManyTags"
    theirs = [{"key": f"aws:{n}", "value": ""} for n in range(51)]
    await world.call("TagResource", resourceArn=arn, tags=theirs[:50])
    refused = await world.refusal("TagResource", resourceArn=arn, tags=theirs[50:])
    assert refused[0] == "TooManyTags"
    assert len((await world.call("ListTagsForResource", resourceArn=arn))["tags"]) == 100


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (ARN + "m:1", "ResourceNotFound"),
        (ARN + "none", "ResourceNotFound"),
        (ACTIVITY + "none", "ResourceNotFound"),
        ("nope", "InvalidArn"),
    ],
)
async def test_only_what_exists_is_tagged(world: World, arn: str, code: str) -> None:
    """Versions and unknown resources have no tags."""
    await world.machine("m", publish=True)
    assert (await world.refusal("TagResource", resourceArn=arn, tags=[]))[0] == code
