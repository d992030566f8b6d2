"""Queues themselves: names, attributes, lists, tags, permissions, purge, delete."""

from __future__ import annotations

import json

import pytest

from stepwell.services.sqs import Settings
from stepwell.services.sqs.sweeping import sweep
from tests.services.sqs.world import BASE_URL, World


async def test_creating_again_answers_the_same_queue(world: World) -> None:
    """Same name and attributes: same URL. Another value: AWS's conflict."""
    url = await world.queue("q", DelaySeconds="3")
    assert url == f"{BASE_URL}/000000000000/q"
    assert await world.queue("q", DelaySeconds="3", VisibilityTimeout="30") == url
    assert await world.queue("q") == url
    assert await world.refused("CreateQueue", QueueName="q", Attributes={"DelaySeconds": "4"}) == (
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute "
        "DelaySeconds",
    )


@pytest.mark.parametrize("name", ["", "a b", "q.fifo", "x" * 81, "ä"])
async def test_names_are_checked(world: World, name: str) -> None:
    """Letters, digits, hyphens, underscores; 80 of them; `.fifo` only on FIFO queues."""
    code, _ = await world.refused("CreateQueue", QueueName=name)
    assert code == ("InvalidParameterValue" if name else "MissingParameter")
    assert await world.refused(
        "CreateQueue", QueueName="plain", Attributes={"FifoQueue": "true"}
    ) == (
        "InvalidParameterValue",
        "Value plain for parameter QueueName is invalid. Reason: The name of a FIFO queue can "
        "only include alphanumeric characters, hyphens, or underscores, must end with .fifo "
        "suffix and be 1 to 80 in length.",
    )


@pytest.mark.parametrize(
    "form",
    [
        "q",
        "http://localhost:4566/000000000000/q",
        "https://sqs.us-east-1.amazonaws.com/000000000000/q",
        "http://queue.localhost:9324/queue/q",
        "http://localhost:4566/queue/us-east-1/000000000000/q",
        "http://localhost:9324/q",
    ],
)
async def test_a_queue_is_found_by_any_form_of_its_url(world: World, form: str) -> None:
    """Only the last two parts count, and the account may be left out."""
    await world.queue("q")
    assert await world.send(form)


async def test_another_account_is_another_queue(world: World) -> None:
    """The account in the URL counts."""
    await world.queue("q")
    assert await world.refused(
        "SendMessage", QueueUrl="http://x/466170491455/q", MessageBody="m"
    ) == ("QueueDoesNotExist", "The specified queue does not exist.")
    assert (await world.refused("GetQueueUrl", QueueName="other"))[0] == "QueueDoesNotExist"


async def test_defaults_are_those_of_aws(world: World) -> None:
    """GetQueueAttributes All on fresh queues (recorded)."""
    url = await world.queue("q")
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    shown = answer["Attributes"]
    assert shown.pop("CreatedTimestamp") == shown.pop("LastModifiedTimestamp") == "1700000000"
    standard = {
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }
    assert shown == standard
    url = await world.queue("q.fifo")
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    assert answer["Attributes"].keys() - standard.keys() == {
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
    }


async def test_attributes_survive_and_can_be_asked_for_singly(world: World) -> None:
    """What was set is shown after a restart; what is not set is left out."""
    url = await world.queue("q")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    await world.time.advance(2)
    await world.call(
        "SetQueueAttributes",
        QueueUrl=url,
        Attributes={"VisibilityTimeout": "7", "Policy": policy, "KmsMasterKeyId": "key"},
    )
    await world.restart()
    names = [
        "VisibilityTimeout",
        "Policy",
        "RedrivePolicy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
        "SqsManagedSseEnabled",
        "LastModifiedTimestamp",
    ]
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    assert answer["Attributes"] == {
        "VisibilityTimeout": "7",
        "Policy": policy,
        "KmsMasterKeyId": "key",
        "KmsDataKeyReusePeriodSeconds": "300",
        "SqsManagedSseEnabled": "false",
        "LastModifiedTimestamp": "1700000002",
    }
    assert await world.call("GetQueueAttributes", QueueUrl=url) == {}
    assert await world.refused("GetQueueAttributes", QueueUrl=url, AttributeNames=["Nothing"]) == (
        "InvalidAttributeName",
        "Unknown Attribute Nothing.",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"),
        ("DelaySeconds", "-1"),
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "many"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("KmsDataKeyReusePeriodSeconds", "59"),
        ("SqsManagedSseEnabled", "perhaps"),
        ("Policy", "no json"),
    ],
)
async def test_values_out_of_range_are_refused_and_change_nothing(
    world: World, name: str, value: str
) -> None:
    """InvalidAttributeValue, at creation and later, and none of the other changes is done."""
    refused = ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    assert await world.refused("CreateQueue", QueueName="x", Attributes={name: value}) == refused
    url = await world.queue("q")
    changes = {"VisibilityTimeout": "9", name: value}
    assert await world.refused("SetQueueAttributes", QueueUrl=url, Attributes=changes) == refused
    answer = await world.call(
        "GetQueueAttributes", QueueUrl=url, AttributeNames=["VisibilityTimeout"]
    )
    assert answer["Attributes"] == {"VisibilityTimeout": "30"}


async def test_fifo_attributes_are_unknown_to_standard_queues(world: World) -> None:
    """In the words that were recorded, at creation and later."""
    only = "You can specify the {} only when FifoQueue is set to true."
    for name, value, text in (
        ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
        ("ContentBasedDeduplication", "false", "Unknown Attribute ContentBasedDeduplication."),
        ("DeduplicationScope", "queue", only.format("DeduplicationScope")),
        ("FifoThroughputLimit", "perQueue", only.format("FifoThroughputLimit")),
        ("Colour", "red", "Unknown Attribute Colour."),
    ):
        refused = await world.refused("CreateQueue", QueueName="q", Attributes={name: value})
        assert refused == ("InvalidAttributeName", text)
    url = await world.queue("q.fifo")
    assert await world.refused(
        "SetQueueAttributes", QueueUrl=url, Attributes={"FifoQueue": "false"}
    ) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )


async def test_two_kinds_of_encryption_exclude_each_other(world: World) -> None:
    """Recorded: both at once is refused; a key switches the other off for good."""
    url = await world.queue("q")
    both = {"KmsMasterKeyId": "key", "SqsManagedSseEnabled": "true"}
    code, text = await world.refused("SetQueueAttributes", QueueUrl=url, Attributes=both)
    assert code == "InvalidAttributeName"
    assert text.startswith("You can use one type of server-side encryption (SSE) at one time.")
    for key in ("key", ""):
        await world.call("SetQueueAttributes", QueueUrl=url, Attributes={"KmsMasterKeyId": key})
    names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"]
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    assert answer["Attributes"] == {"SqsManagedSseEnabled": "false"}


async def test_lists_have_prefixes_and_pages(world: World) -> None:
    """Ordered by name; a token only when MaxResults is given and more is there."""
    assert await world.call("ListQueues") == {}
    for name in ("b2", "a1", "b1", "b3"):
        await world.queue(name)
    answer = await world.call("ListQueues", QueueNamePrefix="b", MaxResults=2)
    assert [url.rsplit("/")[-1] for url in answer["QueueUrls"]] == ["b1", "b2"]
    answer = await world.call(
        "ListQueues", QueueNamePrefix="b", MaxResults=2, NextToken=answer["NextToken"]
    )
    assert [url.rsplit("/")[-1] for url in answer["QueueUrls"]] == ["b3"]
    assert "NextToken" not in answer
    assert (await world.refused("ListQueues", NextToken="%"))[0] == "InvalidParameterValue"
    assert (await world.refused("ListQueues", MaxResults=1001))[0] == "InvalidParameterValue"


async def test_a_deleted_queue_is_gone_with_its_messages(world: World) -> None:
    """A new queue of the same name starts empty; the old rows are cleared by sweeps."""
    url = await world.queue("q")
    await world.send(url)
    await world.call("DeleteQueue", QueueUrl=url)
    assert (await world.refused("ReceiveMessage", QueueUrl=url))[0] == "QueueDoesNotExist"
    assert (await world.refused("DeleteQueue", QueueUrl=url))[0] == "QueueDoesNotExist"
    await world.queue("q")
    assert await world.receive(url) == []
    await world.restart()
    await sweep(world.queues, world.time.now())
    assert await world.rows() == 0
    assert world.queues.abandoned == {}


async def test_a_name_can_be_held_after_its_queue_is_deleted() -> None:
    """With the setting of AWS, sixty seconds."""
    world = await World(Settings(deleted_name_seconds=60)).start()
    url = await world.queue("q")
    await world.call("DeleteQueue", QueueUrl=url)
    assert await world.refused("CreateQueue", QueueName="q") == (
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the "
        "same name.",
    )
    await world.time.advance(60)
    assert await world.queue("q") == url


async def test_purge_takes_everything_and_not_twice_a_minute(world: World) -> None:
    """Ready, delayed and in flight are gone, what comes later stays; old handles still delete."""
    url = await world.queue("q")
    await world.send(url, "flies")
    [message] = await world.receive(url)
    await world.send(url, "ready")
    await world.send(url, "later", DelaySeconds=5)
    await world.call("PurgeQueue", QueueUrl=url)
    await world.send(url, "new")
    assert await world.refused("PurgeQueue", QueueUrl=url) == (
        "PurgeQueueInProgress",
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    )
    await world.delete(url, message)
    await world.restart()
    await world.time.advance(60)
    await sweep(world.queues, world.time.now())
    assert await world.rows() == 1
    assert await world.bodies(url) == ["new"]
    await world.call("PurgeQueue", QueueUrl=url)


async def test_tags(world: World) -> None:
    """Set at creation, added, replaced, removed; empty values are values."""
    await world.call("CreateQueue", QueueName="q", tags={"a": "1"})
    url = f"{BASE_URL}/000000000000/q"
    await world.call("TagQueue", QueueUrl=url, Tags={"b": "", "a": "2"})
    await world.restart()
    assert await world.call("ListQueueTags", QueueUrl=url) == {"Tags": {"a": "2", "b": ""}}
    await world.call("UntagQueue", QueueUrl=url, TagKeys=["a", "b", "c"])
    assert await world.call("ListQueueTags", QueueUrl=url) == {}
    many = {str(number): "" for number in range(51)}
    assert (await world.refused("TagQueue", QueueUrl=url, Tags=many))[0] == "InvalidParameterValue"


async def test_permissions_are_statements_of_the_policy(world: World) -> None:
    """As recorded: one principal is a text, several a list; the last one takes the policy away."""
    url = await world.queue("q")
    add = {"QueueUrl": url, "Label": "mine", "Actions": ["ReceiveMessage"]}
    await world.call("AddPermission", **add, AWSAccountIds=["111111111111", "222222222222"])
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])
    assert json.loads(answer["Attributes"]["Policy"]) == {
        "Version": "2008-10-17",
        "Id": "arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "mine",
                "Effect": "Allow",
                "Principal": {
                    "AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]
                },
                "Action": "SQS:ReceiveMessage",
                "Resource": "arn:aws:sqs:us-east-1:000000000000:q",
            }
        ],
    }
    assert await world.refused("AddPermission", **add, AWSAccountIds=["111111111111"]) == (
        "InvalidParameterValue",
        "Value mine for parameter Label is invalid. Reason: Already exists.",
    )
    await world.call("RemovePermission", QueueUrl=url, Label="mine")
    assert await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"]) == {}
    assert await world.refused("RemovePermission", QueueUrl=url, Label="mine") == (
        "InvalidParameterValue",
        "Value mine for parameter Label is invalid. Reason: can't find label.",
    )
    assert await world.refused(
        "AddPermission", QueueUrl=url, Label="x", AWSAccountIds=["1" * 12], Actions=["Fly"]
    ) == (
        "InvalidParameterValue",
        "Value SQS:Fly for parameter ActionName is invalid. Reason: Please refer to the "
        "appropriate WSDL for a list of valid actions.",
    )
