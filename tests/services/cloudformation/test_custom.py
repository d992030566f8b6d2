"""Custom resources: asked through a topic, answered at the server's door."""

from __future__ import annotations

import json
from typing import Any

from stepwell.services.api import HttpRequest
from tests.deploy.world import ACCOUNT, REGION
from tests.services.cloudformation.world import World, queue

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:asked"
HOUR_MS = 3_600_000


def custom(**properties: Any) -> Any:
    """A custom resource that is asked for through the topic."""
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": TOPIC, **properties}}


async def listen(world: World) -> None:
    """A topic whose messages end in a queue."""
    await world.call("sns", "CreateTopic", Name="asked")
    await world.call("sqs", "CreateQueue", QueueName="inbox")
    await world.call(
        "sns",
        "Subscribe",
        TopicArn=TOPIC,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox",
        Attributes={"RawMessageDelivery": "true"},
    )


async def asked(world: World) -> Any:
    """The next request."""
    await world.settled()
    url = (await world.call("sqs", "GetQueueUrl", QueueName="inbox"))["QueueUrl"]
    got = await world.call("sqs", "ReceiveMessage", QueueUrl=url)
    message = got["Messages"][0]
    handle = message["ReceiptHandle"]
    await world.call("sqs", "DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    return json.loads(message["Body"])


async def put(world: World, url: str, document: Any) -> int:
    """PUT at one of the server's doors; the status of the answer."""
    path = "/" + url.split("/", 3)[3]
    request = HttpRequest(
        "PUT", "localhost", path, "", [], json.dumps(document).encode(), "http://localhost", "r"
    )
    for door in world.core.doors():
        if any(path.startswith(prefix) for prefix in door.path_prefixes):
            answer = await door.answer(request)
            await world.settled()
            return 404 if answer is None else answer.status
    return 404


async def answer(world: World, request: Any, **other: Any) -> int:
    """Answer a request with success, unless `other` says otherwise."""
    told = {"Status": "SUCCESS", "PhysicalResourceId": "thing-1", **other}
    return await put(world, request["ResponseURL"], told)


RESULT = {"Outputs": {"Colour": {"Value": {"Fn::GetAtt": ["T", "Colour"]}}}}


async def test_made_changed_and_deleted(world: World) -> None:
    """The stack waits for each answer; attributes are what the answer says."""
    await listen(world)
    stack_id = await world.create({"T": custom(Size=3, Big=True)}, sections=RESULT)
    assert await world.status() == "CREATE_IN_PROGRESS"
    request = await asked(world)
    assert request["RequestType"] == "Create"
    assert request["ResourceProperties"] == {"ServiceToken": TOPIC, "Size": "3", "Big": "true"}
    assert (request["StackId"], request["LogicalResourceId"]) == (stack_id, "T")
    assert request["ResourceType"] == "Custom::Thing"
    assert await answer(world, request, Data={"Colour": "red"}) == 200
    assert await world.status() == "CREATE_COMPLETE"
    assert (await world.stack())["Outputs"][0]["OutputValue"] == "red"
    assert await answer(world, request) == 403
    await world.update({"T": custom(Size=4)}, sections=RESULT)
    request = await asked(world)
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Update", "thing-1")
    assert request["OldResourceProperties"]["Size"] == "3"
    await answer(world, request, Data={"Colour": "blue"})
    assert (await world.stack())["Outputs"][0]["OutputValue"] == "blue"
    await world.delete()
    request = await asked(world)
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Delete", "thing-1")
    await answer(world, request)
    assert await world.status(stack_id) == "DELETE_COMPLETE"


async def test_another_id_replaces(world: World) -> None:
    """When an update answers with another physical id, the old one is deleted in the cleanup."""
    await listen(world)
    await world.create({"T": custom(Size=1)})
    await answer(world, await asked(world))
    await world.update({"T": custom(Size=2)})
    await answer(world, await asked(world), PhysicalResourceId="thing-2")
    assert await world.status() == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    request = await asked(world)
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Delete", "thing-1")
    await answer(world, request)
    assert await world.status() == "UPDATE_COMPLETE"


async def test_a_refusal(world: World) -> None:
    """A failed answer is the reason; what may be there is asked to be deleted."""
    await listen(world)
    await world.create({"T": custom(), "A": queue("a", DependsOn="T")})
    request = await asked(world)
    await answer(world, request, Status="FAILED", Reason="no room")
    assert await world.status() == "ROLLBACK_IN_PROGRESS"
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert failed[2] == (
        "Received response status [FAILED] from custom resource. Message returned: no room "
        f"(RequestId: {request['RequestId']})"
    )
    request = await asked(world)
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Delete", "thing-1")
    await answer(world, request)
    assert await world.status() == "ROLLBACK_COMPLETE"


async def test_no_answer(world: World) -> None:
    """After an hour, or what ServiceTimeout says, it has failed."""
    await listen(world)
    await world.create({"T": custom(ServiceTimeout=60)}, OnFailure="DO_NOTHING")
    request = await asked(world)
    world.clock.advance(world.clock.now() + 59_000)
    await world.settled()
    assert await world.status() == "CREATE_IN_PROGRESS"
    world.clock.advance(world.clock.now() + 2_000)
    await world.settled()
    assert await world.status() == "CREATE_FAILED"
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert (
        f"did not receive a response from your Custom Resource. Please check your logs for "
        f"requestId [{request['RequestId']}]" in failed[2]
    )


async def test_nobody_to_ask(world: World) -> None:
    """A function that is not there is a failure at once, with its name."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone"
    await world.create({"T": custom(ServiceToken=arn)})
    assert await world.status() == "ROLLBACK_COMPLETE"
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert "Function not found" in failed[2]


async def test_a_failure_elsewhere_does_not_wait(world: World) -> None:
    """What waits is broken off, and asked to delete what may be there."""
    await listen(world)
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"T": custom(), "Q": queue("taken")})
    events = await world.events()
    assert ("T", "CREATE_FAILED", "Resource creation cancelled") in events
    assert (await asked(world))["RequestType"] == "Create"
    request = await asked(world)
    assert request["RequestType"] == "Delete"
    await answer(world, request)
    assert await world.status() == "ROLLBACK_COMPLETE"


async def test_a_stack_that_waits_can_be_deleted(world: World) -> None:
    """Nobody has to wait an hour for a function that does not answer."""
    await listen(world)
    stack_id = await world.create({"T": custom(), "A": queue("a")})
    await asked(world)
    await world.delete()
    request = await asked(world)
    assert request["RequestType"] == "Delete"
    await answer(world, request)
    assert await world.status(stack_id) == "DELETE_COMPLETE"
    assert await world.queues() == ["inbox"]


async def test_it_waits_over_a_restart(world: World) -> None:
    """The answer may come to the next process."""
    await listen(world)
    await world.create({"T": custom()})
    request = await asked(world)
    await world.restart()
    assert await world.status() == "CREATE_IN_PROGRESS"
    await answer(world, request)
    assert await world.status() == "CREATE_COMPLETE"


async def test_a_wait_condition(world: World) -> None:
    """So many signals at the handle's address; their data are the attribute."""
    resources = {
        "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "W": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "H"}, "Timeout": "60", "Count": 2},
        },
    }
    data = {"Outputs": {"Data": {"Value": {"Fn::GetAtt": ["W", "Data"]}}}}
    await world.create(resources, sections=data)
    shown = await world.cfn("DescribeStackResource", StackName="shop", LogicalResourceId="H")
    url = shown["StackResourceDetail"]["PhysicalResourceId"]
    for name in ("one", "two"):
        assert await world.status() == "CREATE_IN_PROGRESS"
        signal = {"Status": "SUCCESS", "UniqueId": name, "Data": f"{name}!", "Reason": ""}
        assert await put(world, url, signal) == 200
    assert await world.status() == "CREATE_COMPLETE"
    value = (await world.stack())["Outputs"][0]["OutputValue"]
    assert json.loads(value) == {"one": "one!", "two": "two!"}
    await world.delete()
    assert await put(world, url, {"Status": "SUCCESS"}) == 403


async def test_a_wait_condition_without_signals(world: World) -> None:
    """It fails when its time is up; SignalResource serves one with a policy."""
    waits = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT5M"}},
    }
    await world.create({"W": waits}, "late", OnFailure="DO_NOTHING")
    await world.create({"W": waits}, "soon")
    await world.cfn(
        "SignalResource", StackName="soon", LogicalResourceId="W", UniqueId="x", Status="SUCCESS"
    )
    world.clock.advance(world.clock.now() + 301_000)
    await world.settled()
    assert await world.status("soon") == "CREATE_COMPLETE"
    assert await world.status("late") == "CREATE_FAILED"
    assert (
        "W",
        "CREATE_FAILED",
        "Failed to receive 1 resource signal(s) within the specified duration",
    ) in await world.events("late")
