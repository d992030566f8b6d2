"""Schedules of rules, under virtual time."""

from __future__ import annotations

from typing import Any

from tests.services.events.world import DAY_MS, World


async def _scheduled(world: World, expression: str) -> None:
    arn = await world.queue("ticks")
    await world.events("PutRule", Name="tick", ScheduleExpression=expression)
    await world.events("PutTargets", Rule="tick", Targets=[{"Id": "q", "Arn": arn}])


async def _times(world: World) -> list[str]:
    return [body["time"] for body in await world.bodies("ticks")]


async def test_the_event_of_a_schedule(world: World) -> None:
    """It has AWS's shape."""
    await _scheduled(world, "rate(1 day)")
    await world.pass_time(DAY_MS)
    [event] = await world.bodies("ticks")
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2025-06-16T15:06:40Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/tick"],
        "detail": {},
    }


async def test_a_few_months_of_working_days(world: World) -> None:
    """Each working day ticks once, at nine."""
    await _scheduled(world, "cron(0 9 ? * MON-FRI *)")
    ticks: list[str] = []
    for _ in range(9):
        await world.pass_time(3 * DAY_MS)
        ticks += await _times(world)
    assert len(ticks) == 20
    assert all(tick.endswith("T09:00:00Z") for tick in ticks)
    assert ticks == sorted(set(ticks))


async def test_what_was_missed_is_made_up_for_once(world: World) -> None:
    """A server that was down for ten days ticks once when it is back, then as planned."""
    await _scheduled(world, "rate(1 day)")
    await world.die()
    world.clock.advance(world.clock.now() + 10 * DAY_MS + 5_000)
    await world.start()
    await world.pass_time(1_000)
    assert await _times(world) == ["2025-06-16T15:06:40Z"]
    await world.pass_time(DAY_MS)
    assert await _times(world) == ["2025-06-26T15:06:40Z"]


async def test_a_rule_that_is_off_does_not_tick(world: World) -> None:
    """Switched on again it goes on, without what it missed."""
    await _scheduled(world, "rate(1 day)")
    await world.events("DisableRule", Name="tick")
    await world.pass_time(3 * DAY_MS)
    assert await _times(world) == []
    await world.events("EnableRule", Name="tick")
    await world.pass_time(DAY_MS)
    assert len(await _times(world)) == 1


async def test_a_new_schedule_takes_over(world: World) -> None:
    """The old one does not tick again; neither does a deleted rule."""
    await _scheduled(world, "rate(1 day)")
    await world.events("PutRule", Name="tick", ScheduleExpression="rate(2 days)")
    await world.pass_time(3 * DAY_MS)
    assert await _times(world) == ["2025-06-17T15:06:40Z"]
    await world.events("RemoveTargets", Rule="tick", Ids=["q"])
    await world.events("DeleteRule", Name="tick")
    await world.pass_time(3 * DAY_MS)
    assert await _times(world) == []


async def test_a_schedule_starts_a_state_machine(world: World) -> None:
    """The execution's input is the event."""
    made: Any = await world.call(
        "stepfunctions",
        "CreateStateMachine",
        name="nightly",
        roleArn="arn:aws:iam::123456789012:role/r",
        definition='{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
    )
    await world.events("PutRule", Name="tick", ScheduleExpression="rate(1 day)")
    target = {"Id": "m", "Arn": made["stateMachineArn"], "RoleArn": "arn:aws:iam::1:role/r"}
    await world.events("PutTargets", Rule="tick", Targets=[target])
    await world.pass_time(DAY_MS)
    arn = made["stateMachineArn"]
    listed = await world.call("stepfunctions", "ListExecutions", stateMachineArn=arn)
    [execution] = listed["executions"]
    assert execution["status"] == "SUCCEEDED"
    shown = await world.call(
        "stepfunctions", "DescribeExecution", executionArn=execution["executionArn"]
    )
    assert '"detail-type":"Scheduled Event"' in str(shown["output"])
