"""Schedules under virtual time: when they call their target, and with what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest

from stepwell.errors import ServiceError
from stepwell.services.scheduler import timing
from stepwell.values import encode_text
from tests.services.events.world import ACCOUNT, DAY_MS, REGION, World, arn_of

ROLE = "arn:aws:iam::123456789012:role/r"
MINUTE_MS = 60_000
MACHINE = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}'


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A started Scheduler with queues and state machines beside it. It is Sunday, 15:06:40."""
    world = World()
    await world.start()
    await world.queue("q")
    yield world
    await world.die()


async def _schedule(world: World, expression: str, **other: Any) -> Any:
    target = {"Arn": arn_of("q"), "RoleArn": ROLE, **other.pop("Target", {})}
    params: dict[str, Any] = {
        "Name": "s",
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    return await world.call("scheduler", "CreateSchedule", **{**params, **other})


async def _times(world: World) -> list[str]:
    return [body["time"] for body in await world.bodies("q")]


async def test_a_rate_begins_at_once(world: World) -> None:
    """Without a start date the first time is now."""
    await _schedule(world, "rate(1 minutes)")
    await world.pass_time(150_000)
    expected = ["2025-06-15T15:06:40Z", "2025-06-15T15:07:40Z", "2025-06-15T15:08:40Z"]
    assert await _times(world) == expected


async def test_dates_are_the_first_and_the_last(world: World) -> None:
    """A rate begins at the start date; nothing happens after the end date."""
    start = world.clock.now() + DAY_MS
    dates = {"StartDate": start / 1000, "EndDate": (start + 2 * DAY_MS) / 1000}
    await _schedule(world, "rate(1 day)", **dates)
    await world.pass_time(4 * DAY_MS)
    expected = ["2025-06-16T15:06:40Z", "2025-06-17T15:06:40Z", "2025-06-18T15:06:40Z"]
    assert await _times(world) == expected


async def test_a_time_zone(world: World) -> None:
    """Nine in New York."""
    await _schedule(world, "cron(0 9 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    await world.pass_time(DAY_MS)
    assert await _times(world) == ["2025-06-16T13:00:00Z"]


async def test_once_and_gone(world: World) -> None:
    """A schedule that is completed deletes itself if it should."""
    await _schedule(world, "at(2025-06-15T16:00:00)", ActionAfterCompletion="DELETE")
    await _schedule(world, "at(2025-06-15T16:00:00)", Name="kept")
    await world.pass_time(DAY_MS)
    assert await _times(world) == ["2025-06-15T16:00:00Z"] * 2
    listed = await world.call("scheduler", "ListSchedules")
    assert [schedule["Name"] for schedule in listed["Schedules"]] == ["kept"]


async def test_a_window_is_kept_to(world: World) -> None:
    """Within it, each at some other time."""
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}
    await _schedule(world, "cron(0 0 * * ? *)", FlexibleTimeWindow=window)
    midnight = 1_750_032_000_000
    lateness = []
    for day in range(5):
        fire = world.core.scheduler.schedules.get(f"{ACCOUNT}:{REGION}/default", "s")
        assert fire is not None
        assert fire.fire_at is not None
        lateness.append(fire.fire_at - midnight - day * DAY_MS)
        await world.pass_time(midnight + day * DAY_MS + 31 * MINUTE_MS - world.clock.now())
        assert len(await _times(world)) == 1
    assert all(0 <= late < 30 * MINUTE_MS for late in lateness)
    assert len(set(lateness)) == 5


async def test_what_was_missed_is_made_up_for_once(world: World) -> None:
    """After ten days without a server the target is called once, then as planned."""
    await _schedule(world, "cron(0 0 * * ? *)")
    await world.die()
    world.clock.advance(world.clock.now() + 10 * DAY_MS)
    await world.start()
    await world.pass_time(DAY_MS)
    assert await _times(world) == ["2025-06-16T00:00:00Z", "2025-06-26T00:00:00Z"]


async def test_a_disabled_schedule_waits(world: World) -> None:
    """Until it is enabled; an update replaces everything."""
    await _schedule(world, "cron(0 0 * * ? *)", State="DISABLED")
    await world.pass_time(3 * DAY_MS)
    assert await _times(world) == []
    await world.call(
        "scheduler",
        "UpdateSchedule",
        Name="s",
        ScheduleExpression="cron(0 0 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn_of("q"), "RoleArn": ROLE},
    )
    await world.pass_time(DAY_MS)
    assert await _times(world) == ["2025-06-19T00:00:00Z"]


async def test_context_in_the_input(world: World) -> None:
    """What the target gets may name the schedule and the time."""
    text = '{"at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    made = await _schedule(world, "at(2025-06-15T16:00:00)", Target={"Input": text})
    await world.pass_time(DAY_MS)
    assert await world.bodies("q") == [{"at": "2025-06-15T16:00:00Z", "by": made["ScheduleArn"]}]


async def test_a_bus_gets_an_event(world: World) -> None:
    """The input is its detail."""
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    await world.events("PutRule", Name="r", EventPattern='{"source":["nightly"]}')
    await world.events("PutTargets", Rule="r", Targets=[{"Id": "q", "Arn": arn_of("q")}])
    parameters = {"Source": "nightly", "DetailType": "run"}
    target = {"Arn": bus, "Input": '{"n": 1}', "EventBridgeParameters": parameters}
    await _schedule(world, "at(2025-06-15T16:00:00)", Target=target)
    await world.pass_time(DAY_MS)
    [event] = await world.bodies("q")
    assert (event["source"], event["detail-type"], event["detail"]) == ("nightly", "run", {"n": 1})


@pytest.mark.parametrize("universal", [False, True])
async def test_an_execution_is_started(world: World, universal: bool) -> None:
    """Through a target of its own kind, and through the universal one."""
    made = await world.call(
        "stepfunctions", "CreateStateMachine", name="m", roleArn=ROLE, definition=MACHINE
    )
    arn = made["stateMachineArn"]
    target: dict[str, Any] = {"Arn": arn, "Input": '{"n": 1}'}
    if universal:
        given = encode_text({"StateMachineArn": arn, "Input": '{"n": 1}', "Name": "named"})
        target = {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": given}
    await _schedule(world, "at(2025-06-15T16:00:00)", Target=target)
    await world.pass_time(DAY_MS)
    listed = await world.call("stepfunctions", "ListExecutions", stateMachineArn=arn)
    [execution] = listed["executions"]
    shown = await world.call(
        "stepfunctions", "DescribeExecution", executionArn=execution["executionArn"]
    )
    assert (shown["status"], shown["output"].replace(" ", "")) == ("SUCCEEDED", '{"n":1}')


async def test_an_operation_that_follows_the_commit(world: World) -> None:
    """Any operation of a service of this server can be a target."""
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:createQueue",
        "Input": '{"QueueName": "made"}',
    }
    await _schedule(world, "at(2025-06-15T16:00:00)", Target=target)
    await world.pass_time(DAY_MS)
    assert await world.bodies("made") == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": arn_of("gone")}, "QueueDoesNotExist"),
        (
            {
                "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
                "Input": '{"QueueUrl":"http://x/123456789012/gone","MessageBody":"b"}',
            },
            "Sqs.QueueDoesNotExistException",
        ),
    ],
)
async def test_a_call_that_fails_is_a_dead_letter(world: World, target: Any, code: str) -> None:
    """With what was to be sent, and why it was not."""
    dead = await world.queue("dead")
    target = {**target, "DeadLetterConfig": {"Arn": dead}}
    made = await _schedule(world, "at(2025-06-15T16:00:00)", Target=target)
    await world.pass_time(DAY_MS)
    [letter] = await world.messages("dead")
    attributes = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "SCHEDULE_ARN": made["ScheduleArn"],
        "TARGET_ARN": target["Arn"],
        "SCHEDULED_TIME": "2025-06-15T16:00:00Z",
        "ERROR_CODE": code,
    }


async def test_a_group_takes_its_schedules_with_it(world: World) -> None:
    """Deleted, none of them is due again."""
    await world.call("scheduler", "CreateScheduleGroup", Name="g")
    await _schedule(world, "cron(0 0 * * ? *)", GroupName="g")
    await world.call("scheduler", "DeleteScheduleGroup", Name="g")
    await world.pass_time(2 * DAY_MS)
    assert await _times(world) == []
    with pytest.raises(ServiceError, match="Schedule group g does not exist"):
        await world.call("scheduler", "GetSchedule", Name="s", GroupName="g")


@pytest.mark.parametrize(
    ("expression", "other", "message"),
    [
        ("rate(1 second)", {}, "Invalid Schedule Expression"),
        ("rate(1 day)", {"ScheduleExpressionTimezone": "Mars/Base"}, r"Timezone Mars/Base\.$"),
        ("rate(1 day)", {"StartDate": 1.0}, "cannot be earlier"),
        ("rate(1 day)", {"StartDate": 1e300}, "between the years"),
        ("rate(1 day)", {"EndDate": -1.0}, "between the years"),
        ("rate(1 day)", {"EndDate": 1.0}, "cannot be in the past"),
        ("rate(1 day)", {"StartDate": 2e9, "EndDate": 2e9}, "must come before"),
        ("rate(1 day)", {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "is required"),
        ("rate(1 day)", {"Target": {"Arn": "x"}}, "not in correct format"),
        ("rate(1 day)", {"Target": {"Arn": "arn:aws:ecs:a:1:cluster/c"}}, "service ecs"),
        ("rate(1 day)", {"Target": {"KinesisParameters": {"a": 1}}}, "KinesisParameters"),
        (
            "rate(1 day)",
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"}},
            "ec2:stopInstances is not supported",
        ),
        (
            "rate(1 day)",
            {"Target": {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}},
            "EventBridgeParameters is required",
        ),
        ("rate(1 day)", {"Target": {"Arn": arn_of("f.fifo")}}, "MessageGroupId is required"),
    ],
)
async def test_refused(world: World, expression: str, other: Any, message: str) -> None:
    """What makes no sense, or does not exist here, is refused when it is created."""
    with pytest.raises(ServiceError, match=message):
        await _schedule(world, expression, **other)


async def test_without_zone_data_the_refusal_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slim image may have none: UTC goes on, and other zones are refused with what is missing."""

    def no_zone(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(timing, "ZoneInfo", no_zone)
    with pytest.raises(ServiceError, match=r"Timezone Europe/Paris\. \(.* install .* tzdata"):
        await _schedule(world, "rate(1 day)", ScheduleExpressionTimezone="Europe/Paris")
    await _schedule(world, "rate(1 day)", ScheduleExpressionTimezone="UTC")
