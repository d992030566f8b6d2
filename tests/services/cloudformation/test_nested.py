"""Nested stacks: made, changed and deleted together with their parent."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.services.cloudformation.deployment.deployments import Deployments
from stepwell.services.cloudformation.requests import read_request
from stepwell.services.cloudformation.waiting import nested
from tests.deploy.world import REGION
from tests.services.cloudformation.world import World, queue, template

SIGNAL = {"ResourceSignal": {"Count": 1, "Timeout": "PT5M"}}
URL = "https://templates.s3.eu-west-1.amazonaws.com/"
CHILD = {
    "Parameters": {"Name": {"Type": "String"}, "Delay": {"Type": "String", "Default": "0"}},
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}},
}
NAMED = queue(properties={"QueueName": {"Ref": "Name"}, "DelaySeconds": {"Ref": "Delay"}})


@pytest.fixture
async def templates(world: World) -> World:
    """A bucket with a child's template."""
    where = {"LocationConstraint": REGION}
    await world.call("s3", "CreateBucket", Bucket="templates", CreateBucketConfiguration=where)
    await put(world, "child.json", template({"Q": NAMED}, **CHILD))
    return world


async def put(world: World, key: str, body: str) -> None:
    """A template in the bucket."""
    await world.call("s3", "PutObject", Bucket="templates", Key=key, Body=body.encode())


def child(
    url: str = "https://templates.s3.eu-west-1.amazonaws.com/child.json", **given: Any
) -> Any:
    """The resource that is a stack."""
    properties = {"TemplateURL": url, "Parameters": given}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties}


ARN = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["C", "Outputs.Arn"]}}}}


async def _child_id(world: World) -> str:
    shown = await world.cfn("DescribeStackResource", StackName="shop", LogicalResourceId="C")
    return str(shown["StackResourceDetail"]["PhysicalResourceId"])


async def test_made_and_deleted(templates: World) -> None:
    """A stack of its own that knows its parent; its outputs are attributes."""
    world = templates
    stack_id = await world.create({"C": child(Name="inner")}, sections=ARN)
    assert await world.status() == "CREATE_COMPLETE"
    assert (await world.stack())["Outputs"][0]["OutputValue"].endswith(":inner")
    shown = await world.stack(await _child_id(world))
    assert (shown["ParentId"], shown["RootId"]) == (stack_id, stack_id)
    assert shown["StackName"].startswith("shop-C-")
    child_id = await _child_id(world)
    await world.delete()
    assert await world.queues() == []
    assert await world.status(child_id) == "DELETE_COMPLETE"
    assert await world.status(stack_id) == "DELETE_COMPLETE"


async def test_updated_together(templates: World) -> None:
    """The child changes with the parent, and is not touched when nothing of it does."""
    world = templates
    await world.create({"C": child(Name="one"), "A": queue("a")}, sections=ARN)
    await world.update({"C": child(Name="two"), "A": queue("a")}, sections=ARN)
    assert await world.status() == "UPDATE_COMPLETE"
    assert await world.status(await _child_id(world)) == "UPDATE_COMPLETE"
    assert await world.queues() == ["a", "two"]
    assert (await world.stack())["Outputs"][0]["OutputValue"].endswith(":two")
    before = len(await world.events(await _child_id(world)))
    await world.update({"C": child(Name="two"), "A": queue("b")}, sections=ARN)
    assert len(await world.events(await _child_id(world))) == before


async def test_back_together(templates: World) -> None:
    """When the parent fails after the child was updated, the child has its old resources again."""
    world = templates
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"C": child(Name="one")})
    url = (await world.call("sqs", "GetQueueUrl", QueueName="one"))["QueueUrl"]
    await world.call("sqs", "SendMessage", QueueUrl=url, MessageBody="still here")
    await world.update({"C": child(Name="two"), "B": queue("taken", DependsOn="C")})
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.status(await _child_id(world)) == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["one", "taken"]
    got = await world.call("sqs", "ReceiveMessage", QueueUrl=url)
    assert got["Messages"][0]["Body"] == "still here"


async def test_a_failure_within(templates: World) -> None:
    """The child's reason is the parent's, and nothing stays."""
    world = templates
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"C": child(Name="taken"), "A": queue("a")})
    assert await world.status() == "ROLLBACK_COMPLETE"
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert failed[0] == "C"
    assert "was not successfully created" in failed[2]
    assert "The following resource(s) failed to create: [Q]." in failed[2]
    assert await world.queues() == ["taken"]
    listed = await world.cfn("ListStacks", StackStatusFilter=["CREATE_FAILED"])
    assert listed["StackSummaries"] == []


async def test_a_failed_update_within(templates: World) -> None:
    """A child that cannot be updated goes back by itself, then the parent does."""
    world = templates
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"C": child(Name="one"), "A": queue("a")})
    await world.update({"C": child(Name="taken"), "A": queue("a2")})
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["a", "one", "taken"]


async def test_a_template_that_is_not_there(templates: World) -> None:
    """The resource fails with S3's words."""
    world = templates
    await world.create({"C": child("https://s3.amazonaws.com/templates/none.json")})
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert "S3 error: The specified key does not exist." in failed[2]
    assert await world.status() == "ROLLBACK_COMPLETE"


async def test_a_template_that_nests_itself(templates: World) -> None:
    """It ends at a bound, and leaves nothing."""
    world = templates
    url = URL + "loop.json"
    await put(world, "loop.json", template({"C": child(url), "Q": queue()}))
    await world.create({"C": child(url)})
    assert await world.status() == "ROLLBACK_COMPLETE"
    assert await world.queues() == []
    assert (await world.cfn("DescribeStacks"))["Stacks"][0]["StackName"] == "shop"
    assert len((await world.cfn("DescribeStacks"))["Stacks"]) == 1


async def test_on_after_a_failure(templates: World) -> None:
    """A child whose parent stayed where it failed goes on, or back, from there."""
    world = templates
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"C": child(Name="one")}, sections=ARN)
    failing = {"C": child(Name="two"), "B": queue("taken", DependsOn="C")}
    await world.update(failing, sections=ARN, DisableRollback=True)
    assert await world.status() == "UPDATE_FAILED"
    assert await world.queues() == ["one", "taken", "two"]
    await world.update({"C": child(Name="three"), "B": queue("taken", DependsOn="C")}, sections=ARN)
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["one", "taken"]
    assert (await world.stack())["Outputs"][0]["OutputValue"].endswith(":one")
    await world.update(failing, sections=ARN, DisableRollback=True)
    await world.update({"C": child(Name="four")}, sections=ARN)
    assert await world.status() == "UPDATE_COMPLETE"
    assert await world.status(await _child_id(world)) == "UPDATE_COMPLETE"
    assert await world.queues() == ["four", "taken"]


def meanwhile(world: World, monkeypatch: pytest.MonkeyPatch, **params: Any) -> None:
    """While the parent reads the child's template, somebody updates the child directly."""

    async def read(stacks: Any, stack: Any, *given: Any, **named: Any) -> Any:
        asked = await read_request(stacks, stack, *given, **named)
        monkeypatch.setattr(nested, "read_request", read_request)
        await world.cfn("UpdateStack", StackName=stack.id, UsePreviousTemplate=True, **params)
        return asked

    monkeypatch.setattr(nested, "read_request", read)


async def test_updated_by_somebody_else_meanwhile(
    templates: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes second is refused: the parent goes back, the direct update is carried out."""
    world = templates
    await world.create({"C": child(Name="one"), "A": queue("a")}, sections=ARN)
    meanwhile(
        world,
        monkeypatch,
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "direct"}],
    )
    await world.update({"C": child(Name="two"), "A": queue("b")}, sections=ARN)
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    failed = next(event for event in await world.events() if event[1] == "UPDATE_FAILED")
    child_id = await _child_id(world)
    assert failed[0] == "C"
    assert f"Stack:{child_id} is in UPDATE_IN_PROGRESS state and can not be updated." in failed[2]
    assert await world.status(child_id) == "UPDATE_COMPLETE"
    assert await world.queues() == ["a", "direct"]
    await world.update({"C": child(Name="two"), "A": queue("b")}, sections=ARN)
    assert await world.queues() == ["b", "two"]


async def test_a_child_that_others_use_stays(templates: World) -> None:
    """What a child exports and another stack imports keeps the child, and its parent."""
    world = templates
    export = {"Outputs": {"Arn": {"Value": "x", "Export": {"Name": "shared"}}}}
    await put(world, "child.json", template({"Q": NAMED}, **(CHILD | export)))
    await world.create({"C": child(Name="one")})
    user = queue(properties={"QueueName": {"Fn::ImportValue": "shared"}})
    await world.create({"U": user}, name="user")
    await world.delete()
    assert await world.status() == "DELETE_FAILED"
    reasons = [reason for _, _, reason in await world.events()]
    assert any(
        "Export shared cannot be deleted as it is in use by user" in each for each in reasons
    )
    await world.delete("user")
    await world.delete()
    assert await world.queues() == []


async def test_a_child_that_is_changed_is_not_deleted(templates: World) -> None:
    """As on AWS the deletion of the parent fails then; when the child is still, it is deleted."""
    world = templates
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "CreationPolicy": SIGNAL}
    await put(world, "child.json", template({"Q": NAMED}, **CHILD))
    await world.create({"C": child(Name="one")})
    child_id = await _child_id(world)
    body = template({"Q": NAMED, "W": wait}, **CHILD)
    kept = [{"ParameterKey": "Name", "UsePreviousValue": True}]
    await world.cfn("UpdateStack", StackName=child_id, TemplateBody=body, Parameters=kept)
    await world.settled()
    await world.delete()
    assert await world.status() == "DELETE_FAILED"
    reasons = [reason for _, _, reason in await world.events()]
    assert any("cannot be deleted while in status UPDATE_IN_PROGRESS" in each for each in reasons)
    await world.cfn(
        "SignalResource", StackName=child_id, LogicalResourceId="W", UniqueId="1", Status="SUCCESS"
    )
    await world.settled()
    await world.delete()
    assert await world.queues() == []


async def test_a_way_back_that_failed_within(templates: World) -> None:
    """It is continued from the parent, whose child goes back too, all but what is skipped."""
    world = templates
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"C": child(Name="one", Delay="0")})
    child_id = await _child_id(world)
    failing = {"C": child(Name="one", Delay="5"), "B": queue("taken", DependsOn="C")}
    url = (await world.call("sqs", "GetQueueUrl", QueueName="one"))["QueueUrl"]
    hindrance(world, url)
    await world.update(failing)
    assert await world.status() == "UPDATE_ROLLBACK_FAILED"
    assert await world.status(child_id) == "UPDATE_ROLLBACK_FAILED"
    told = await world.refusal("ContinueUpdateRollback", StackName=child_id)
    assert told == ("ValidationError", "RollbackUpdatedStack cannot be invoked on child stacks")
    name = (await world.stack(child_id))["StackName"]
    await world.cfn("ContinueUpdateRollback", StackName="shop", ResourcesToSkip=[f"{name}.Q"])
    await world.settled()
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.status(child_id) == "UPDATE_ROLLBACK_COMPLETE"


def hindrance(world: World, url: str) -> None:
    """The queue is gone when its delay is to be set back."""
    deployments = world.core.stacks.deployments
    assert isinstance(deployments, Deployments)
    deleted = deployments.poke
    phases_seen: list[str] = []

    def poke(stack: str) -> None:
        row = world.core.stacks.stacks.get(stack)
        if row is not None and row.status == "UPDATE_ROLLBACK_IN_PROGRESS" and not phases_seen:
            phases_seen.append(row.status)
            gone = world.call("sqs", "DeleteQueue", QueueUrl=url)
            deployments._spawn(gone)
        deleted(stack)

    deployments.poke = poke  # type: ignore[method-assign]
