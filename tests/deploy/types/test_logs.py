"""Log groups of stacks, and what belongs to them."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.errors import ServiceError
from tests.deploy.types.test_lambda_functions import FUNCTION, function
from tests.deploy.world import ACCOUNT, REGION, Deployed

GROUP = "AWS::Logs::LogGroup"
STREAM = "AWS::Logs::LogStream"
POLICY = "AWS::Logs::ResourcePolicy"
SUBSCRIPTION = "AWS::Logs::SubscriptionFilter"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"


async def shown(deployed: Deployed, name: str) -> Any:
    """The group as the API shows it; None when there is none."""
    answer = await deployed.call("logs", "DescribeLogGroups", logGroupNamePrefix=name)
    return next((group for group in answer["logGroups"] if group["logGroupName"] == name), None)


async def test_a_group_has_its_name_as_reference(deployed: Deployed) -> None:
    """A group has its name as reference, and an ARN that ends with a star."""
    made = await deployed.make(GROUP, {"LogGroupName": "/flow", "RetentionInDays": "7"})
    assert made.id == "/flow"
    assert made.attributes == {"Arn": f"{ARN}:/flow:*"}
    assert (await shown(deployed, "/flow"))["retentionInDays"] == 7
    generated = await deployed.make(GROUP, {"LogGroupClass": "INFREQUENT_ACCESS"}, "Other")
    assert generated.id == "shop-Other-ABCDEF123456"
    assert (await shown(deployed, generated.id))["logGroupClass"] == "INFREQUENT_ACCESS"


async def test_a_group_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A group of somebody else is not taken over; one's own is found again, whole."""
    properties = {"LogGroupName": "/flow", "RetentionInDays": 7}
    made = await deployed.make(GROUP, properties)
    with pytest.raises(ServiceError, match="'/flow' already exists"):
        await deployed.make(GROUP, properties)
    await deployed.call("logs", "DeleteRetentionPolicy", logGroupName="/flow")
    assert await deployed.make(GROUP, properties, repeated=True) == made
    assert (await shown(deployed, "/flow"))["retentionInDays"] == 7


async def test_a_group_follows_the_template(deployed: Deployed) -> None:
    """Retention, protection and tags follow the template."""
    made = await deployed.make(GROUP, {"Tags": [{"Key": "a", "Value": "1"}], "KmsKeyId": "k"})
    full = {"RetentionInDays": 14, "DeletionProtectionEnabled": "true"}
    changed = await deployed.change(GROUP, made, full, tags={"s": "t"})
    after = await shown(deployed, made.id)
    assert (after["retentionInDays"], after["deletionProtectionEnabled"]) == (14, True)
    tags = await deployed.call("logs", "ListTagsLogGroup", logGroupName=made.id)
    assert tags["tags"] == {"s": "t"}
    with pytest.raises(ServiceError, match="deletion protection"):
        await deployed.drop(GROUP, changed)
    changed = await deployed.change(GROUP, changed, {})
    after = await shown(deployed, made.id)
    assert (after["retentionInDays"], after["deletionProtectionEnabled"]) == (None, False)
    with pytest.raises(ServiceError, match="cannot be changed"):
        await deployed.change(GROUP, changed, {"LogGroupClass": "DELIVERY"})
    await deployed.drop(GROUP, changed)
    await deployed.drop(GROUP, changed)
    assert await shown(deployed, made.id) is None


async def test_a_group_that_cannot_be_finished_is_not_left_behind(deployed: Deployed) -> None:
    """A group whose retention is refused is not left behind."""
    with pytest.raises(ServiceError, match="retentionInDays"):
        await deployed.make(GROUP, {"LogGroupName": "/flow", "RetentionInDays": 2})
    assert await shown(deployed, "/flow") is None


async def test_a_stream_belongs_to_its_group(deployed: Deployed) -> None:
    """A stream belongs to its group, and goes with it or alone."""
    group = await deployed.make(GROUP, {"LogGroupName": "/flow"}, "Group")
    properties = {"LogGroupName": "/flow", "LogStreamName": "s"}
    made = await deployed.make(STREAM, properties)
    assert made.id == "s"
    with pytest.raises(ServiceError, match="'s' already exists"):
        await deployed.make(STREAM, properties)
    assert await deployed.make(STREAM, properties, repeated=True) == made
    await deployed.drop(STREAM, made)
    answer = await deployed.call("logs", "DescribeLogStreams", logGroupName="/flow")
    assert answer["logStreams"] == []
    await deployed.drop(GROUP, group)
    await deployed.drop(STREAM, made)


async def test_a_resource_policy_is_kept(deployed: Deployed) -> None:
    """A resource policy is kept, changed and deleted."""
    properties = {"PolicyName": "p", "PolicyDocument": '{"Statement":[]}'}
    made = await deployed.make(POLICY, properties)
    assert made.id == "p"
    with pytest.raises(ServiceError, match="'p' already exists"):
        await deployed.make(POLICY, properties)
    assert await deployed.make(POLICY, properties, repeated=True) == made
    changed: dict[str, Any] = {"PolicyName": "p", "PolicyDocument": {"Id": "x"}}
    await deployed.change(POLICY, made, changed)
    answer = await deployed.call("logs", "DescribeResourcePolicies")
    assert answer["resourcePolicies"][0]["policyDocument"] == '{"Id":"x"}'
    await deployed.drop(POLICY, made)
    await deployed.drop(POLICY, made)
    answer = await deployed.call("logs", "DescribeResourcePolicies")
    assert answer["resourcePolicies"] == []


async def test_a_subscription_brings_lines_to_a_function(deployed: Deployed) -> None:
    """A subscription brings the lines that match to a function, follows the template, and ends."""
    await deployed.make(GROUP, {"LogGroupName": "/flow"}, "Group")
    await deployed.make(STREAM, {"LogGroupName": "/flow", "LogStreamName": "s"}, "Stream")
    await deployed.make(FUNCTION, function(FunctionName="work"), "Work")
    properties = {
        "LogGroupName": "/flow",
        "FilterPattern": "ERROR",
        "DestinationArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work",
    }
    made = await deployed.make(SUBSCRIPTION, properties)
    assert made.id == "shop-Thing-ABCDEF123456"
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(SUBSCRIPTION, properties)
    assert await deployed.make(SUBSCRIPTION, properties, repeated=True) == made
    changed = await deployed.change(SUBSCRIPTION, made, {**properties, "FilterPattern": "WARN"})
    answer = await deployed.call("logs", "DescribeSubscriptionFilters", logGroupName="/flow")
    assert [each["filterPattern"] for each in answer["subscriptionFilters"]] == ["WARN"]
    await deployed.drop(SUBSCRIPTION, changed)
    await deployed.drop(SUBSCRIPTION, changed)
    answer = await deployed.call("logs", "DescribeSubscriptionFilters", logGroupName="/flow")
    assert answer["subscriptionFilters"] == []


def test_subscriptions_of_streams_are_found_beforehand() -> None:
    """A subscription that is no function's is refused before anything is made."""
    review = TYPES[SUBSCRIPTION].review
    assert review is not None
    assert len(review({"DestinationArn": "arn:aws:kinesis:eu-west-1:000000000000:stream/s"})) == 1
    assert review({"DestinationArn": "arn:aws:lambda:eu-west-1:000000000000:function:f"}) == []
    assert review({"DestinationArn": {"Ref": "F"}}) == []


async def test_what_nothing_reads_is_kept(deployed: Deployed) -> None:
    """Metric filters and deliveries are kept, with what other resources refer to."""
    made = await deployed.make("AWS::Logs::MetricFilter", {"FilterName": "errors"})
    assert made.id == "errors"
    source = await deployed.make("AWS::Logs::DeliverySource", {"Name": "s"})
    assert source.attributes["Arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-source:s"
