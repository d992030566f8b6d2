"""What may be asked for and what not: names, capabilities, protection, parameters, exports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.world import ACCOUNT, REGION
from tests.services.cloudformation.world import World, queue, template

TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
POLICY = {"Version": "2012-10-17", "Statement": [TRUST]}


def role(**properties: Any) -> Any:
    """A role."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": POLICY, **properties},
    }


async def _refused(world: World, resources: Any, **other: Any) -> tuple[str, str]:
    body = template(resources, **other.pop("sections", {}))
    return await world.refusal("CreateStack", **{"StackName": "x", **other}, TemplateBody=body)


@pytest.mark.parametrize("name", ["1st", "a_b", "ümlaut", "-a"])
async def test_names(world: World, name: str) -> None:
    """Letters, digits and hyphens, a letter first."""
    code, text = await _refused(world, {"A": queue()}, StackName=name)
    assert code in ("ValidationError", "ValidationException")
    assert "[a-zA-Z][-a-zA-Z0-9]*" in text


async def test_a_name_is_taken(world: World) -> None:
    """Until its stack is deleted; the same request again is answered as the first was."""
    stack_id = await world.create({"A": queue()}, "x", ClientRequestToken="one")
    assert await _refused(world, {"A": queue()}) == (
        "AlreadyExistsException",
        "Stack [x] already exists",
    )
    again = await world.cfn(
        "CreateStack",
        StackName="x",
        TemplateBody=template({"A": queue()}),
        ClientRequestToken="one",
    )
    assert again["StackId"] == stack_id
    await world.delete("x")
    assert await world.create({"A": queue()}, "x") != stack_id
    assert await world.status(stack_id) == "DELETE_COMPLETE"
    told = await world.refusal("DescribeStacks", StackName="y")
    assert told == ("ValidationError", "Stack with id y does not exist")


async def test_capabilities(world: World) -> None:
    """Roles need CAPABILITY_IAM, named ones CAPABILITY_NAMED_IAM, transforms the third one."""
    code, text = await _refused(world, {"R": role()})
    assert (code, text) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    )
    named = role(RoleName="r")
    _, text = await _refused(world, {"R": named}, Capabilities=["CAPABILITY_IAM"])
    assert text == "Requires capabilities : [CAPABILITY_NAMED_IAM]"
    sections = {"Transform": "AWS::LanguageExtensions"}
    _, text = await _refused(world, {"A": queue()}, sections=sections)
    assert text == "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
    await world.create({"R": named}, "x", Capabilities=["CAPABILITY_NAMED_IAM"])
    assert await world.status("x") == "CREATE_COMPLETE"


async def test_everything_that_is_not_here_is_told_at_once(world: World) -> None:
    """And nothing of the template is made."""
    code, text = await _refused(
        world,
        {
            "A": queue("a"),
            "B": {"Type": "AWS::RDS::DBInstance"},
            "C": {"Type": "AWS::Foo::Bar"},
            "D": queue(properties={"Colour": "red"}),
        },
    )
    assert code == "ValidationError"
    assert "AWS::RDS::DBInstance" in text
    assert "AWS::Foo::Bar" in text
    assert "Colour" in text
    assert await world.queues() == []
    assert (await world.cfn("DescribeStacks"))["Stacks"] == []


async def test_protection(world: World) -> None:
    """A protected stack is not deleted until the protection is taken off."""
    await world.create({"A": queue("a")}, EnableTerminationProtection=True)
    code, text = await world.refusal("DeleteStack", StackName="shop")
    assert (code, text) == (
        "ValidationError",
        "Stack [shop] cannot be deleted while TerminationProtection is enabled",
    )
    await world.cfn(
        "UpdateTerminationProtection", StackName="shop", EnableTerminationProtection=False
    )
    await world.delete()
    assert await world.queues() == []


async def test_parameters(world: World) -> None:
    """Given, by default, from before, hidden, and out of Parameter Store."""
    await world.call("ssm", "PutParameter", Name="size", Type="String", Value="7")
    sections = {
        "Parameters": {
            "Name": {"Type": "String"},
            "Secret": {"Type": "String", "NoEcho": True},
            "Delay": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "size"},
        }
    }
    resources = {
        "A": queue(properties={"QueueName": {"Ref": "Name"}, "DelaySeconds": {"Ref": "Delay"}})
    }
    given = [
        {"ParameterKey": "Name", "ParameterValue": "a"},
        {"ParameterKey": "Secret", "ParameterValue": "sesame"},
    ]
    await world.create(resources, sections=sections, Parameters=given)
    shown = {each["ParameterKey"]: each for each in (await world.stack())["Parameters"]}
    assert shown["Secret"]["ParameterValue"] == "****"
    assert (shown["Delay"]["ParameterValue"], shown["Delay"]["ResolvedValue"]) == ("size", "7")
    kept = [{"ParameterKey": "Secret", "UsePreviousValue": True}]
    changed = [*kept, {"ParameterKey": "Name", "ParameterValue": "b"}]
    await world.cfn("UpdateStack", StackName="shop", UsePreviousTemplate=True, Parameters=changed)
    await world.settled()
    assert await world.queues() == ["b"]
    code, text = await _refused(world, resources, sections=sections)
    assert (code, text) == ("ValidationError", "Parameters: [Name, Secret] must have values")


def _exporting(name: str, value: str = "v") -> dict[str, Any]:
    return {"Outputs": {"O": {"Value": value, "Export": {"Name": name}}}}


async def test_exports(world: World) -> None:
    """They tie stacks together: what is imported stays."""
    await world.create({"A": queue("a")}, "maker", sections=_exporting("shared", "7"))
    imported = {"Fn::ImportValue": "shared"}
    await world.create({"B": queue("b", properties={"DelaySeconds": imported})}, "user")
    assert await world.status("user") == "CREATE_COMPLETE"
    assert (await world.cfn("ListImports", ExportName="shared"))["Imports"] == ["user"]
    exports = (await world.cfn("ListExports"))["Exports"]
    assert [(each["Name"], each["Value"]) for each in exports] == [("shared", "7")]
    told = await world.refusal("DeleteStack", StackName="maker")
    assert told[1] == "Export shared cannot be deleted as it is in use by user"
    await world.update({"A": queue("a")}, "maker", sections=_exporting("shared", "8"))
    assert await world.status("maker") == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [event[2] for event in await world.events("maker") if event[0] == "maker"]
    assert any(
        "Export shared cannot be updated as it is in use by user" in text for text in reasons
    )
    await world.create({"C": queue("c")}, "other", sections=_exporting("shared"))
    assert await world.status("other") == "ROLLBACK_COMPLETE"
    await world.delete("user")
    await world.delete("maker")
    assert (await world.cfn("ListExports"))["Exports"] == []


async def test_an_import_that_is_not_there(world: World) -> None:
    """Nothing is made, and the stack says why."""
    imported = {"Fn::ImportValue": "nothing"}
    await world.create({"A": queue("a"), "B": queue("b", properties={"DelaySeconds": imported})})
    shown = await world.stack()
    assert shown["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (
        "shop",
        "ROLLBACK_IN_PROGRESS",
        "No export named nothing found. Rollback requested by user.",
    ) in await world.events()
    assert not any(
        event[0] == "A" and event[1].startswith("CREATE") for event in await world.events()
    )


async def test_notifications(world: World) -> None:
    """Each event goes to the topics of the stack, in AWS's form."""
    arn = (await world.call("sns", "CreateTopic", Name="news"))["TopicArn"]
    inbox = (await world.call("sqs", "CreateQueue", QueueName="inbox"))["QueueUrl"]
    await world.call(
        "sns",
        "Subscribe",
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox",
        Attributes={"RawMessageDelivery": "true"},
    )
    await world.create({"A": queue("a")}, NotificationARNs=[arn])
    got = await world.call("sqs", "ReceiveMessage", QueueUrl=inbox, MaxNumberOfMessages=10)
    bodies = [message["Body"] for message in got["Messages"]]
    assert len(bodies) == 5
    assert any("LogicalResourceId='A'\n" in body for body in bodies)
    assert any("ResourceStatus='CREATE_COMPLETE'\n" in body for body in bodies)


async def test_onfailure(world: World) -> None:
    """What is left of a creation that failed is the caller's choice."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    failing = {"A": queue("a"), "B": queue("taken", DependsOn="A")}
    await world.create(failing, "stays", OnFailure="DO_NOTHING")
    assert await world.status("stays") == "CREATE_FAILED"
    assert await world.queues() == ["a", "taken"]
    await world.delete("stays")
    gone = await world.create(failing, "goes", OnFailure="DELETE")
    assert await world.status(gone) == "DELETE_COMPLETE"
    assert await world.queues() == ["taken"]
    told = await _refused(world, failing, OnFailure="DELETE", DisableRollback=True)
    assert told[1] == "You can only specify DisableRollback or OnFailure, but not both."
