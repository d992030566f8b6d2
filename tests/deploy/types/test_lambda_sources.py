"""Event source mappings of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from tests.deploy.types.test_lambda_functions import FUNCTION, function
from tests.deploy.world import Deployed, reviewed

MAPPING = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"


async def queue_and_function(deployed: Deployed) -> dict[str, Any]:
    """A queue and the function `work`, as properties of a mapping."""
    queue = await deployed.make(QUEUE, {}, "Jobs")
    await deployed.make(FUNCTION, function(FunctionName="work"), "Work")
    return {"EventSourceArn": queue.attributes["Arn"], "FunctionName": "work"}


async def stream(deployed: Deployed) -> str:
    """The stream of a table."""
    made = await deployed.call(
        "dynamodb",
        "CreateTable",
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(made["TableDescription"]["LatestStreamArn"])


async def shown(deployed: Deployed, mapping: Existing) -> dict[str, Any]:
    """The mapping as the API shows it, without when it changed."""
    answer = await deployed.call("lambda", "GetEventSourceMapping", UUID=mapping.id)
    return {name: value for name, value in answer.items() if name != "LastModified"}


async def test_a_mapping_has_its_id_as_reference(deployed: Deployed) -> None:
    """A mapping has its UUID as reference, and is found again."""
    properties = await queue_and_function(deployed)
    mapping = await deployed.make(MAPPING, properties)
    answer = await shown(deployed, mapping)
    arn = answer["EventSourceMappingArn"]
    assert mapping.attributes == {"Id": mapping.id, "EventSourceMappingArn": arn}
    assert await deployed.make(MAPPING, properties, repeated=True) == mapping
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(MAPPING, properties)


async def test_a_repeated_creation_before_anything_was_made_makes_it(deployed: Deployed) -> None:
    """A repeated creation makes what the first attempt did not get to."""
    properties = await queue_and_function(deployed)
    mapping = await deployed.make(MAPPING, properties, repeated=True)
    assert (await shown(deployed, mapping))["BatchSize"] == 10


async def test_a_queues_mapping_follows_the_template(deployed: Deployed) -> None:
    """A queue's mapping follows the template, and is as by default where that is silent."""
    plain = await queue_and_function(deployed)
    mapping = await deployed.make(MAPPING, plain)
    before = await shown(deployed, mapping)
    full = {
        **plain,
        "BatchSize": "50",
        "MaximumBatchingWindowInSeconds": 5,
        "Enabled": False,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]},
        "ScalingConfig": {"MaximumConcurrency": 5},
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    changed = await deployed.change(MAPPING, mapping, full)
    answer = await shown(deployed, mapping)
    assert (answer["BatchSize"], answer["State"]) == (50, "Disabled")
    assert answer["ScalingConfig"] == {"MaximumConcurrency": 5}
    arn = changed.attributes["EventSourceMappingArn"]
    tags = await deployed.call("lambda", "ListTags", Resource=arn)
    assert tags["Tags"] == {"a": "1"}
    await deployed.change(MAPPING, changed, plain)
    after = await shown(deployed, mapping)
    assert {name: value for name, value in after.items() if value != {}} == before
    assert (await deployed.call("lambda", "ListTags", Resource=arn))["Tags"] == {}


async def test_a_streams_mapping_follows_the_template(deployed: Deployed) -> None:
    """A stream's mapping follows the template, and is as by default where that is silent."""
    await deployed.make(FUNCTION, function(FunctionName="work"), "Work")
    plain = {
        "EventSourceArn": await stream(deployed),
        "FunctionName": "work",
        "StartingPosition": "LATEST",
    }
    mapping = await deployed.make(MAPPING, plain)
    before = await shown(deployed, mapping)
    full = {
        **plain,
        "BatchSize": 5,
        "BisectBatchOnFunctionError": "true",
        "MaximumRecordAgeInSeconds": 60,
        "MaximumRetryAttempts": 1,
        "ParallelizationFactor": 2,
    }
    changed = await deployed.change(MAPPING, mapping, full)
    answer = await shown(deployed, mapping)
    assert answer["BisectBatchOnFunctionError"] is True
    assert (answer["BatchSize"], answer["MaximumRetryAttempts"]) == (5, 1)
    await deployed.change(MAPPING, changed, plain)
    assert await shown(deployed, mapping) == before


async def test_a_mapping_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A mapping that is gone already is deleted."""
    mapping = await deployed.make(MAPPING, await queue_and_function(deployed))
    await deployed.drop(MAPPING, mapping)
    await deployed.drop(MAPPING, mapping)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await shown(deployed, mapping)


def test_other_sources_are_found_beforehand() -> None:
    """Sources that are not embedded are refused before anything is made."""
    review = TYPES[MAPPING].review
    assert review is not None
    assert len(review({"EventSourceArn": "arn:aws:kinesis:eu-west-1:000000000000:stream/s"})) == 1
    assert review({"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}}) == []
    assert review({"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:jobs"}) == []


def test_sources_that_are_managed_elsewhere() -> None:
    """They need no ARN on AWS: here they are refused by their name, and nothing else is missed."""
    known = TYPES[MAPPING]
    assert "EventSourceArn" not in known.required
    assert reviewed(MAPPING, {"FunctionName": "f", "SelfManagedEventSource": {}}) == []
    assert "SelfManagedEventSource" in known.refused
    assert reviewed(MAPPING, {"FunctionName": "f"}) == [
        "EventSourceArn is missing, and no source is managed elsewhere."
    ]
