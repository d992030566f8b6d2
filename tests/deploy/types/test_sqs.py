"""Queues and queue policies of stacks."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from tests.deploy.world import Deployed

QUEUE = "AWS::SQS::Queue"
POLICY = "AWS::SQS::QueuePolicy"


async def attributes(deployed: Deployed, url: str) -> dict[str, str]:
    """What the queue is set to."""
    shown = await deployed.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    return dict(shown["Attributes"])


async def test_a_queue_has_its_url_as_reference_and_an_arn(deployed: Deployed) -> None:
    """A queue has its url as reference and an arn."""
    queue = await deployed.make(QUEUE, {"QueueName": "orders", "VisibilityTimeout": "45"})
    assert queue.id.endswith("/000000000000/orders")
    assert queue.attributes["Arn"] == "arn:aws:sqs:eu-west-1:000000000000:orders"
    assert (await attributes(deployed, queue.id))["VisibilityTimeout"] == "45"


async def test_a_queue_without_a_name_is_named_after_its_stack(deployed: Deployed) -> None:
    """A queue without a name is named after its stack."""
    queue = await deployed.make(QUEUE, {"FifoQueue": True})
    assert queue.attributes["QueueName"] == "shop-Thing-ABCDEF123456.fifo"


async def test_a_queue_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A queue of somebody else is not taken over."""
    await deployed.call("sqs", "CreateQueue", QueueName="orders")
    with pytest.raises(ServiceError, match="'orders' already exists"):
        await deployed.make(QUEUE, {"QueueName": "orders"})


async def test_a_repeated_creation_finds_its_own_queue(deployed: Deployed) -> None:
    """A repeated creation finds its own queue."""
    first = await deployed.make(QUEUE, {"QueueName": "orders"})
    again = await deployed.make(QUEUE, {"QueueName": "orders"}, repeated=True)
    assert again == first


async def test_an_attribute_that_a_template_drops_is_as_by_default(deployed: Deployed) -> None:
    """An attribute that a template drops is as by default."""
    dead = await deployed.make(QUEUE, {}, "Dead")
    redrive = {"deadLetterTargetArn": dead.attributes["Arn"], "maxReceiveCount": 3}
    queue = await deployed.make(QUEUE, {"RedrivePolicy": redrive, "DelaySeconds": 5})
    assert "RedrivePolicy" in await attributes(deployed, queue.id)
    await deployed.change(QUEUE, queue, {})
    shown = await attributes(deployed, queue.id)
    assert "RedrivePolicy" not in shown
    assert shown["DelaySeconds"] == "0"


async def test_tags_follow_the_template_and_the_stack(deployed: Deployed) -> None:
    """Tags follow the template and the stack."""
    queue = await deployed.make(QUEUE, {"Tags": [{"Key": "a", "Value": "1"}]}, tags={"s": "t"})
    shown = await deployed.call("sqs", "ListQueueTags", QueueUrl=queue.id)
    assert shown["Tags"] == {"a": "1", "s": "t"}
    await deployed.change(QUEUE, queue, {"Tags": [{"Key": "b", "Value": "2"}]})
    shown = await deployed.call("sqs", "ListQueueTags", QueueUrl=queue.id)
    assert shown["Tags"] == {"b": "2"}


async def test_a_queue_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A queue that is gone already is deleted."""
    queue = await deployed.make(QUEUE, {})
    await deployed.drop(QUEUE, queue)
    await deployed.drop(QUEUE, queue)
    with pytest.raises(ServiceError):
        await attributes(deployed, queue.id)


async def test_a_policy_is_put_on_its_queues_and_taken_off(deployed: Deployed) -> None:
    """A policy is put on its queues and taken off."""
    queue = await deployed.make(QUEUE, {}, "Jobs")
    policy = await deployed.make(
        POLICY, {"Queues": [queue.id], "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    )
    assert "Policy" in await attributes(deployed, queue.id)
    await deployed.drop(POLICY, policy)
    assert "Policy" not in await attributes(deployed, queue.id)
