"""Functions of stacks, and who may call them."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from stepwell.values import JsonObject, decode
from tests.deploy.world import ACCOUNT, REGION, Deployed

FUNCTION = "AWS::Lambda::Function"
PERMISSION = "AWS::Lambda::Permission"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
CODE = "def handler(event, context):\n    return 1\n"


def function(**properties: Any) -> JsonObject:
    """Properties of a function."""
    return {
        "Code": {"ZipFile": CODE},
        "Role": ROLE,
        "Runtime": "python3.12",
        "Handler": "index.handler",
        **properties,
    }


async def shown(deployed: Deployed, made: Existing) -> Any:
    """The function as the API shows it."""
    return (await deployed.call("lambda", "GetFunction", FunctionName=made.id))["Configuration"]


async def test_a_function_has_its_name_as_reference(deployed: Deployed) -> None:
    """A function has its name as reference, and its ARN as attribute."""
    made = await deployed.make(FUNCTION, function(FunctionName="work"))
    assert made.id == "work"
    assert made.attributes == {
        "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work",
        "SnapStartResponse": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "SnapStartResponse.ApplyOn": "None",
        "SnapStartResponse.OptimizationStatus": "Off",
    }
    generated = await deployed.make(FUNCTION, function(), "Other")
    assert generated.id == "shop-Other-ABCDEF123456"


async def test_a_function_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A function of somebody else is not taken over; one's own is found again, whole."""
    properties = function(FunctionName="work", ReservedConcurrentExecutions="3")
    made = await deployed.make(FUNCTION, properties)
    with pytest.raises(ServiceError, match="'work' already exists"):
        await deployed.make(FUNCTION, properties)
    await deployed.call("lambda", "DeleteFunctionConcurrency", FunctionName="work")
    assert await deployed.make(FUNCTION, properties, repeated=True) == made
    kept = await deployed.call("lambda", "GetFunctionConcurrency", FunctionName="work")
    assert kept["ReservedConcurrentExecutions"] == 3


async def test_code_may_lie_in_s3(deployed: Deployed) -> None:
    """Code may lie in S3, and a new key is new code."""
    place = {"LocationConstraint": REGION}
    await deployed.call("s3", "CreateBucket", Bucket="code", CreateBucketConfiguration=place)
    for key in ("one", "two"):
        body = zip_of({"index.py": f"# {key}\n{CODE}"})
        await deployed.call("s3", "PutObject", Bucket="code", Key=key, Body=body)
    made = await deployed.make(FUNCTION, function(Code={"S3Bucket": "code", "S3Key": "one"}))
    before = await shown(deployed, made)
    await deployed.change(FUNCTION, made, function(Code={"S3Bucket": "code", "S3Key": "two"}))
    after = await shown(deployed, made)
    assert before["CodeSha256"] != after["CodeSha256"]
    with pytest.raises(ServiceError, match="NoSuchKey"):
        await deployed.make(FUNCTION, function(Code={"S3Bucket": "code", "S3Key": "three"}), "O")


async def test_the_configuration_follows_the_template(deployed: Deployed) -> None:
    """The configuration follows the template, and is as by default where that is silent."""
    made = await deployed.make(FUNCTION, function())
    plain = await shown(deployed, made)
    full = function(
        Description="d",
        Timeout="30",
        MemorySize=256,
        Environment={"Variables": {"A": 1, "B": True}},
        EphemeralStorage={"Size": 1024},
        TracingConfig={"Mode": "Active"},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
        LoggingConfig={"LogGroup": "mine"},
        SnapStart={"ApplyOn": "PublishedVersions"},
        KmsKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        Handler="index.other",
    )
    changed = await deployed.change(FUNCTION, made, full)
    after = await shown(deployed, made)
    assert after["Environment"] == {"Variables": {"A": "1", "B": "true"}}
    assert (after["Timeout"], after["MemorySize"]) == (30, 256)
    assert after["LoggingConfig"]["LogGroup"] == "mine"
    assert after["DeadLetterConfig"]["TargetArn"].endswith(":dead")
    assert changed.attributes["SnapStartResponse.ApplyOn"] == "PublishedVersions"
    await deployed.change(FUNCTION, changed, function())
    again = await shown(deployed, made)
    again.pop("VpcConfig")
    ignored = ("LastModified", "RevisionId")
    assert {k: v for k, v in again.items() if k not in ignored} == {
        k: v for k, v in plain.items() if k not in ignored
    }


async def test_limits_and_tags_follow_the_template(deployed: Deployed) -> None:
    """Reserved concurrency, loops and tags follow the template."""
    made = await deployed.make(FUNCTION, function(Tags=[{"Key": "a", "Value": "1"}]))
    full = function(ReservedConcurrentExecutions=2, RecursiveLoop="Allow")
    changed = await deployed.change(FUNCTION, made, full, tags={"s": "t"})
    on = {"FunctionName": made.id}
    answer = await deployed.call("lambda", "GetFunction", **on)
    assert answer["Concurrency"] == {"ReservedConcurrentExecutions": 2}
    assert answer["Tags"] == {"s": "t"}
    loops = await deployed.call("lambda", "GetFunctionRecursionConfig", **on)
    assert loops["RecursiveLoop"] == "Allow"
    await deployed.change(FUNCTION, changed, function())
    assert "Concurrency" not in await deployed.call("lambda", "GetFunction", **on)
    loops = await deployed.call("lambda", "GetFunctionRecursionConfig", **on)
    assert loops["RecursiveLoop"] == "Terminate"


async def test_no_change_is_no_new_revision(deployed: Deployed) -> None:
    """No change is no new revision."""
    made = await deployed.make(FUNCTION, function())
    before = await shown(deployed, made)
    await deployed.change(FUNCTION, made, function())
    assert await shown(deployed, made) == before


async def test_a_function_that_cannot_be_finished_is_not_left_behind(deployed: Deployed) -> None:
    """A function whose share of the concurrency is refused is not left behind."""
    properties = function(FunctionName="work", ReservedConcurrentExecutions=999_999)
    with pytest.raises(ServiceError, match="UnreservedConcurrentExecution"):
        await deployed.make(FUNCTION, properties)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        await deployed.call("lambda", "GetFunction", FunctionName="work")


async def test_a_function_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A function that is gone already is deleted."""
    made = await deployed.make(FUNCTION, function())
    await deployed.drop(FUNCTION, made)
    await deployed.drop(FUNCTION, made)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        await shown(deployed, made)


def test_a_container_image_is_found_beforehand() -> None:
    """A container image is found before anything is made."""
    review = TYPES[FUNCTION].review
    assert review is not None
    assert len(review(function(Code={"ImageUri": "x"}))) == 1
    assert len(review(function(PackageType="Image"))) == 1
    assert review(function()) == []
    assert review(function(Code={"Fn::If": ["A", {}, {}]})) == []


async def test_inline_code_is_for_python_and_node(deployed: Deployed) -> None:
    """Inline code is for Python and Node.js."""
    with pytest.raises(ServiceError, match="not for java21"):
        await deployed.make(FUNCTION, function(Runtime="java21"))


async def policy(deployed: Deployed, name: str) -> Any:
    """The statements of a function's policy."""
    answer = await deployed.call("lambda", "GetPolicy", FunctionName=name)
    return decode(answer["Policy"])["Statement"]  # type: ignore[call-overload,index]


async def test_a_permission_is_a_statement_of_the_function(deployed: Deployed) -> None:
    """A permission is a statement of the function's policy, found again, and taken off."""
    made = await deployed.make(FUNCTION, function(FunctionName="work"))
    properties: JsonObject = {
        "FunctionName": made.attributes["Arn"],
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": "arn:aws:events:eu-west-1:000000000000:rule/r",
    }
    permission = await deployed.make(PERMISSION, properties, "Allow")
    assert permission.id == "shop-Allow-ABCDEF123456"
    assert permission.attributes == {"Id": permission.id}
    assert await deployed.make(PERMISSION, properties, "Allow", repeated=True) == permission
    statements = await policy(deployed, "work")
    assert [each["Sid"] for each in statements] == [permission.id]
    await deployed.drop(PERMISSION, permission)
    await deployed.drop(PERMISSION, permission)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        await policy(deployed, "work")
    await deployed.drop(FUNCTION, made)
    await deployed.drop(PERMISSION, permission)
