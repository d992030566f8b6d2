"""Creation: order, events, outputs, and the way back when something fails."""

from __future__ import annotations

from tests.services.cloudformation.world import World, queue


async def test_a_stack_is_made(world: World) -> None:
    """Its resources in the order of their references; events as AWS has them."""
    dead = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3}
    stack_id = await world.create(
        {"Work": queue("jobs", properties={"RedrivePolicy": dead}), "Dead": queue("dead")},
        sections={"Outputs": {"Url": {"Value": {"Ref": "Work"}, "Description": "where"}}},
    )
    shown = await world.stack()
    assert (shown["StackStatus"], shown["StackId"]) == ("CREATE_COMPLETE", stack_id)
    assert [output["OutputKey"] for output in shown["Outputs"]] == ["Url"]
    assert shown["Outputs"][0]["OutputValue"].endswith("/jobs")
    assert await world.queues() == ["dead", "jobs"]
    assert await world.events() == [
        ("shop", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Dead", "CREATE_IN_PROGRESS", ""),
        ("Dead", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Dead", "CREATE_COMPLETE", ""),
        ("Work", "CREATE_IN_PROGRESS", ""),
        ("Work", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Work", "CREATE_COMPLETE", ""),
        ("shop", "CREATE_COMPLETE", ""),
    ]
    await world.delete()
    assert await world.queues() == []
    assert await world.status(stack_id) == "DELETE_COMPLETE"


async def test_a_failure_is_rolled_back(world: World) -> None:
    """What was made is deleted, the rest is never begun, and the reason stands at the resource."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create(
        {"A": queue("a"), "B": queue("taken", DependsOn="A"), "C": queue("c", DependsOn="B")}
    )
    assert await world.queues() == ["taken"]
    shown = await world.stack()
    assert shown["StackStatus"] == "ROLLBACK_COMPLETE"
    events = await world.events()
    failed = next(event for event in events if event[1] == "CREATE_FAILED")
    assert failed[0] == "B"
    assert "already exists" in failed[2]
    assert (
        "shop",
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [B]. Rollback requested by user.",
    ) in events
    assert [event[:2] for event in events[-4:]] == [
        ("B", "DELETE_COMPLETE"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
        ("shop", "ROLLBACK_COMPLETE"),
    ]


async def test_events_have_times_of_their_own(world: World) -> None:
    """Sorted by time they are in their order, however much happens in a millisecond."""
    await world.create({name: queue(name) for name in "abc"})
    shown = (await world.cfn("DescribeStackEvents", StackName="shop"))["StackEvents"]
    times = [event["Timestamp"] for event in shown]
    assert times == sorted(set(times), reverse=True)
    assert len({event["EventId"] for event in shown}) == len(shown)
