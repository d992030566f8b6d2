"""What a rule does with an event: targets, dead letters, other buses."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.values import encode_text
from tests.services.events.world import ACCOUNT, REGION, World, arn_of

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/"


async def _rule(world: World, name: str, bus: str = "default", **target: Any) -> None:
    await world.events("PutRule", Name=name, EventBusName=bus, EventPattern='{"source":["shop"]}')
    await world.events("PutTargets", Rule=name, EventBusName=bus, Targets=[{"Id": "t", **target}])


async def _put(world: World, detail: Any, bus: str = "default") -> None:
    entry = {"Source": "shop", "DetailType": "d", "Detail": encode_text(detail)}
    answer = await world.events("PutEvents", Entries=[{**entry, "EventBusName": bus}])
    assert answer["FailedEntryCount"] == 0


async def test_a_missing_queue_is_a_dead_letter_at_once(world: World) -> None:
    """With AWS's message attributes, and without attempts that cannot help."""
    dead = await world.queue("dead")
    await _rule(world, "r", Arn=arn_of("gone"), DeadLetterConfig={"Arn": dead})
    await _put(world, {"n": 1})
    [letter] = await world.messages("dead")
    assert letter["Body"]["detail"] == {"n": 1}
    attributes = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
    assert attributes == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r",
        "TARGET_ARN": arn_of("gone"),
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The specified queue does not exist.",
    }


async def test_a_template_that_makes_no_json_is_a_dead_letter(world: World) -> None:
    """A variable that vanishes can leave nonsense behind."""
    queue, dead = await world.queue("q"), await world.queue("dead")
    transformer = {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": '{"x": <x>}'}
    await _rule(world, "r", Arn=queue, DeadLetterConfig={"Arn": dead}, InputTransformer=transformer)
    await _put(world, {"x": 1})
    await _put(world, {})
    assert await world.bodies("q") == [{"x": 1}]
    [letter] = await world.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_JSON"


async def test_a_log_group_gets_a_line(world: World) -> None:
    """The event is its text; without the group it is a dead letter."""
    dead = await world.queue("dead")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/all"
    await _rule(world, "r", Arn=arn, InputPath="$.detail", DeadLetterConfig={"Arn": dead})
    await _put(world, {"n": 1})
    [letter] = await world.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
    await world.call("logs", "CreateLogGroup", logGroupName="/aws/events/all")
    await _put(world, {"n": 2})
    found = await world.call("logs", "FilterLogEvents", logGroupName="/aws/events/all")
    assert [event["message"] for event in found["events"]] == ['{"n":2}']


async def test_a_topic_hands_the_event_on(world: World) -> None:
    """To its own subscriptions, in the same turn."""
    queue = await world.queue("q")
    topic = (await world.call("sns", "CreateTopic", Name="t"))["TopicArn"]
    await world.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    await _rule(world, "r", Arn=topic, InputPath="$.detail")
    await _put(world, {"n": 1})
    [notification] = await world.bodies("q")
    assert notification["Message"] == '{"n":1}'


async def test_a_missing_function_is_a_dead_letter_at_once(world: World) -> None:
    """As a missing queue is."""
    dead = await world.queue("dead")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone"
    await _rule(world, "r", Arn=arn, DeadLetterConfig={"Arn": dead})
    await _put(world, {"n": 1})
    [letter] = await world.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


async def test_an_event_goes_to_another_bus_and_no_further(world: World) -> None:
    """It keeps its id; a third bus does not see it."""
    queue = await world.queue("q")
    for name in ("second", "third"):
        await world.events("CreateEventBus", Name=name)
        await _rule(world, f"{name}-to-queue", name, Arn=queue)
    await _rule(world, "to-second", Arn=f"{BUS}second")
    await _rule(world, "to-third", "second", Arn=f"{BUS}third")
    await _rule(world, "to-first", "second", Arn=f"{BUS}default")
    await _put(world, {"n": 1})
    [event] = await world.bodies("q")
    assert event["detail"] == {"n": 1}


async def test_a_fifo_queue_gets_the_group(world: World) -> None:
    """SqsParameters are needed and used."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    await world.call("sqs", "CreateQueue", QueueName="f.fifo", Attributes=attributes)
    with pytest.raises(ServiceError, match="SqsParameters must be specified for target: t"):
        await _rule(world, "r", Arn=arn_of("f.fifo"))
    await _rule(world, "r", Arn=arn_of("f.fifo"), SqsParameters={"MessageGroupId": "g"})
    await _put(world, {"n": 1})
    assert [body["detail"] for body in await world.bodies("f.fifo")] == [{"n": 1}]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Arn": "nonsense"}, "Provided Arn is not in correct format."),
        ({"Arn": "arn:aws:kinesis:eu-west-1:1:stream/s"}, "of the service kinesis are not"),
        ({"Arn": arn_of("q"), "EcsParameters": {"x": 1}}, "EcsParameters is not supported"),
        ({"Arn": arn_of("q"), "Input": "{"}, "JSON syntax error in input for target t"),
        ({"Arn": arn_of("q"), "InputPath": "detail"}, "Invalid JSON path detail"),
        ({"Arn": arn_of("q"), "Input": "{}", "InputPath": "$"}, "Only one of Input"),
        (
            {"Arn": arn_of("q"), "InputTransformer": {"InputTemplate": "<x>"}},
            "placeholder x",
        ),
        (
            {"Arn": arn_of("q"), "InputTransformer": {"InputTemplate": "{nonsense}"}},
            "Invalid InputTemplate for target t",
        ),
        ({"Arn": f"{BUS}other", "Input": "{}"}, "event bus target t"),
    ],
)
async def test_targets_are_checked(world: World, target: Any, message: str) -> None:
    """What cannot work, or does not exist here, is refused when the target is put."""
    with pytest.raises(ServiceError, match=message):
        await _rule(world, "r", **target)


async def test_a_year_of_another_rule_wants_nothing(world: World) -> None:
    """A rule whose pattern changed wants what the new one says."""
    queue = await world.queue("q")
    await _rule(world, "r", Arn=queue)
    await world.events("PutRule", Name="r", EventPattern='{"source":["other"]}')
    await _put(world, {})
    assert await world.bodies("q") == []
