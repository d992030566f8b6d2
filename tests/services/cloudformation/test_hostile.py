"""Hostile or unlucky users of stacks: nothing hangs, nothing leaks, nobody else's is seen."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.deployment.deployments import Deployments
from stepwell.services.cloudformation.deployment.phases import BEGUN_MAX
from tests.deploy.world import REGION
from tests.services.cloudformation.world import World, queue, template

EXTENSIONS = "AWS::LanguageExtensions"
PLACE = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
ENDLESS = "9" * 5_000
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
WAIT = {"Handle": {"Ref": "H"}, "Timeout": "1"}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::CloudFormation::WaitCondition", WAIT | {"Timeout": ENDLESS}),
        ("AWS::CloudFormation::WaitCondition", WAIT | {"Count": ENDLESS}),
        ("Custom::X", {"ServiceToken": "arn:aws:sns:a:b:c", "ServiceTimeout": ENDLESS}),
        (
            "AWS::CloudFormation::Stack",
            {"TemplateURL": "https://s3.amazonaws.com/no/no", "TimeoutInMinutes": ENDLESS},
        ),
    ],
)
async def test_numbers_without_end(world: World, kind: str, properties: Any) -> None:
    """A number that no program reads fails the resource; the deployment comes to its end."""
    await world.create({"H": HANDLE, "X": {"Type": kind, "Properties": properties}})
    assert await world.status() == "ROLLBACK_COMPLETE"


async def test_an_index_without_end(world: World) -> None:
    """Is refused like any other that leads nowhere."""
    body = template({"A": queue(properties={"QueueName": {"Fn::Select": [ENDLESS, ["a"]]}})})
    code, text = await world.refusal("CreateStack", StackName="shop", TemplateBody=body)
    assert code == "ValidationError"
    assert "cannot select nonexistent value" in text


@pytest.mark.parametrize("token", ["9" * 1_000, str(2**70)])
async def test_tokens_without_end(world: World, token: str) -> None:
    """A token that was made up is refused."""
    await world.create({"A": queue("a")})
    told = await world.refusal("DescribeStackEvents", StackName="shop", NextToken=token)
    assert told == ("ValidationError", "The specified NextToken is not valid.")


@pytest.mark.parametrize("text", ["nan", "1_000", "\uff15", "infinity"])
async def test_what_is_no_number(world: World, text: str) -> None:
    """Is no value of a parameter that takes numbers, whatever Python makes of it."""
    code, told = await world.refusal(
        "CreateStack",
        StackName="shop",
        TemplateBody=template({"A": queue()}, Parameters={"P": {"Type": "Number", "MinValue": 1}}),
        Parameters=[{"ParameterKey": "P", "ParameterValue": text}],
    )
    assert (code, told) == ("ValidationError", "Parameter 'P' must be a number")


async def test_change_sets_of_others(world: World) -> None:
    """Another account cannot see or execute a change set, even if it knows its ARN."""
    await world.create({"A": queue("a")})
    body = template({"B": queue("b")})
    named = {"StackName": "shop", "ChangeSetName": "next"}
    made = await world.cfn("CreateChangeSet", TemplateBody=body, **named)
    stranger = world.core.calls.at("111111111111", REGION)
    for operation in ("DescribeChangeSet", "ExecuteChangeSet", "GetTemplate"):
        with pytest.raises(ServiceError) as refused:
            await stranger.call("cloudformation", operation, {"ChangeSetName": made["Id"]})
        assert refused.value.code == "ChangeSetNotFoundException"
    await stranger.call("cloudformation", "DeleteChangeSet", {"ChangeSetName": made["Id"]})
    assert (await world.cfn("DescribeChangeSet", **named))["ExecutionStatus"] == "AVAILABLE"


async def test_hidden_parameters_stay_hidden(world: World) -> None:
    """A value with NoEcho is in no event, nor in a change set, not even as a part of a text."""
    declared = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}}
    value = {"Fn::Sub": 'a "${P}" b'}
    properties = {"Type": "String", "Name": "/p", "Value": value}
    resources = {"A": {"Type": "AWS::SSM::Parameter", "Properties": properties}}

    def given(secret: str) -> Any:
        return [{"ParameterKey": "P", "ParameterValue": secret}]

    await world.create(resources, sections=declared, Parameters=given('one"secret'))
    shown = await world.call("ssm", "GetParameter", Name="/p")
    assert shown["Parameter"]["Value"] == 'a "one"secret" b'
    made = await world.cfn(
        "CreateChangeSet",
        StackName="shop",
        ChangeSetName="next",
        TemplateBody=template(resources, **declared),
        Parameters=given("two-secret"),
    )
    changes = await world.cfn(
        "DescribeChangeSet", ChangeSetName=made["Id"], IncludePropertyValues=True
    )
    assert "secret" not in json.dumps(changes, default=str)
    assert 'a \\"****\\" b' in changes["Changes"][0]["ResourceChange"]["BeforeContext"]
    await world.cfn("ExecuteChangeSet", ChangeSetName=made["Id"])
    await world.settled()
    events = await world.cfn("DescribeStackEvents", StackName="shop")
    assert "secret" not in json.dumps(events, default=str)
    assert "****" in json.dumps(events, default=str)


async def test_a_pattern_that_would_take_years(world: World) -> None:
    """A parameter is checked at once, however its pattern repeats repetitions."""
    declared = {"P": {"Type": "String", "AllowedPattern": "(a+)+$"}}
    code, told = await world.refusal(
        "CreateStack",
        StackName="shop",
        TemplateBody=template({"A": queue()}, Parameters=declared),
        Parameters=[{"ParameterKey": "P", "ParameterValue": "a" * 4_000 + "b"}],
    )
    assert (code, told) == ("ValidationError", "Parameter 'P' must match pattern (a+)+$")


async def test_texts_that_grow(world: World) -> None:
    """Functions make no text larger than the largest template: many of them would fill memory."""
    declared = {"P": {"Type": "String", "Default": "x" * 4_096}}
    grown = {"Fn::Join": ["", [{"Ref": "P"}] * 300]}
    body = template({"A": queue(properties={"QueueName": grown})}, Parameters=declared)
    _, told = await world.refusal("CreateStack", StackName="shop", TemplateBody=body)
    assert "more than 1,048,576 characters" in told


async def test_texts_that_are_many(world: World) -> None:
    """Nor do all texts of a template together fill memory: it is refused, in one sentence."""
    declared = {"P": {"Type": "String", "Default": "x" * 4_096}}
    grown = {"Fn::Join": ["", [{"Ref": "P"}] * 80]}
    many = {f"Q{number}": queue(properties={"QueueName": grown}) for number in range(200)}
    body = template(many, Parameters=declared)
    await world.call("s3", "CreateBucket", Bucket="templates", **PLACE)
    await world.call("s3", "PutObject", Bucket="templates", Key="t", Body=body.encode())
    url = "https://templates.s3.amazonaws.com/t"
    _, told = await world.refusal("CreateStack", StackName="shop", TemplateURL=url)
    assert told.count("functions make too much text") == 1


@pytest.mark.parametrize(
    "grown",
    [
        {"Fn::Join": ["", {"Fn::Split": ["x", {"Fn::Join": ["", [{"Ref": "P"}] * 255]}]}]},
        [{"Ref": "P"}] * 9_000,
    ],
)
async def test_lists_that_grow(world: World, grown: Any) -> None:
    """Neither do lists of much and lists of many."""
    declared = {"P": {"Type": "String", "Default": "x" * 4_096}}
    body = template(
        {"A": queue(properties={"Tags": grown})}, Parameters=declared, Transform=EXTENSIONS
    )
    await world.call("s3", "CreateBucket", Bucket="templates", **PLACE)
    await world.call("s3", "PutObject", Bucket="templates", Key="t", Body=body.encode())
    url = "https://templates.s3.amazonaws.com/t"
    told = await world.refusal(
        "CreateStack", StackName="shop", TemplateURL=url, Capabilities=["CAPABILITY_AUTO_EXPAND"]
    )
    assert "functions make too much text" in told[1]


async def test_texts_that_escape_what_is_escaped(world: World) -> None:
    """JSON in JSON doubles its backslashes with each level: it is bounded like other texts."""
    deep: Any = {"a": "b"}
    for _ in range(25):
        deep = {"Fn::ToJsonString": [deep]}
    body = template({"A": queue(properties={"QueueName": deep})})
    _, told = await world.refusal("CreateStack", StackName="shop", TemplateBody=body)
    assert "functions make a text of more than 1,048,576 characters" in told


async def test_others_have_their_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many resources that could all be begun some are begun, then others have their turn."""
    turns: list[Turn] = []
    begin = Deployments.begin

    def counted(deployments: Deployments, turn: Turn, target: Any) -> None:
        turns.append(turn)
        begin(deployments, turn, target)

    monkeypatch.setattr(Deployments, "begin", counted)
    resources = {f"P{number}": parameter(f"/{number}") for number in range(100)}
    await world.create(resources)
    for number, resource in enumerate(resources.values()):
        resource["Properties"]["Value"] = f"b{number}"
    taken = parameter("/0") | {"DependsOn": list(resources)}
    await world.update(resources | {"Taken": taken})
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    await world.delete()
    assert len(turns) == 100 + 101 + 100 + 100
    assert max(Counter(map(id, turns)).values()) == BEGUN_MAX


def parameter(name: str) -> Any:
    """A parameter of SSM."""
    properties = {"Type": "String", "Name": name, "Value": "a"}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties}


async def test_a_disk_without_space(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits that fail are not tried again at once, again and again; later everything goes on."""
    commit, tried = world.store.commit, []

    async def refused(changes: Any) -> None:
        tried.append(1)
        if len(tried) < 4:
            await commit(changes)
        else:
            raise StorageTrouble("no space")

    monkeypatch.setattr(world.store, "commit", refused)
    body = template({"A": queue("a"), "B": queue("b", DependsOn="A")})
    await world.cfn("CreateStack", StackName="shop", TemplateBody=body)
    for _ in range(2_000):
        await asyncio.sleep(0)
    assert 4 <= len(tried) < 10
    monkeypatch.undo()
    for _ in range(5):
        world.clock.advance(world.clock.now() + 1_000)
        await world.settled()
    assert await world.status() == "CREATE_COMPLETE"
    assert await world.queues() == ["a", "b"]
