"""The same calls to moto's SQS: where both define an answer, the answers are the same.

Ids, handles and times are left out of the comparison. Where moto is known to differ from AWS, the
call is not in the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.services.sqs.served import client, served

_VOLATILE = frozenset(
    {
        "MessageId",
        "ReceiptHandle",
        "SequenceNumber",
        "QueueUrl",
        "QueueUrls",
        "SentTimestamp",
        "ApproximateFirstReceiveTimestamp",
        "SenderId",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "ResponseMetadata",
    }
)


class Subject:
    """One SQS, and what it answered so far."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.answers: list[Any] = []

    def call(self, method: str, **params: Any) -> Any:
        """Make the call, remember what can be compared, give the whole answer."""
        try:
            answer = getattr(self._sqs, method)(**params)
        except ClientError as error:
            self.answers.append((method, "refused", error.response["Error"]["Code"]))
            return {}
        self.answers.append((method, _comparable(answer)))
        return answer


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        # AWS leaves empty lists out (recorded); moto shows them.
        return {k: _comparable(v) for k, v in value.items() if k not in _VOLATILE and v != []}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return value


def standard(sqs: Subject) -> None:
    """A standard queue's life."""
    url = sqs.call("create_queue", QueueName="diff", Attributes={"VisibilityTimeout": "40"})
    url = url["QueueUrl"]
    sqs.call("create_queue", QueueName="diff", Attributes={"VisibilityTimeout": "41"})
    sqs.call("create_queue", QueueName="bad name")
    sqs.call("get_queue_url", QueueName="nothing")
    sqs.call(
        "send_message",
        QueueUrl=url,
        MessageBody="one",
        MessageAttributes={
            "s": {"DataType": "String", "StringValue": "x"},
            "n": {"DataType": "Number.int", "StringValue": "12"},
            "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    sqs.call("send_message", QueueUrl=url, MessageBody="late", DelaySeconds=900)
    entries = [{"Id": str(n), "MessageBody": f"batch {n}"} for n in range(3)]
    sqs.call("send_message_batch", QueueUrl=url, Entries=entries)
    sqs.call("send_message_batch", QueueUrl=url, Entries=[])
    sqs.call("send_message_batch", QueueUrl=url, Entries=[entries[0], entries[0]])
    sqs.call("send_message_batch", QueueUrl=url, Entries=[{"Id": "a b", "MessageBody": "m"}])
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "QueueArn"]
    sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=names)
    got = sqs.call(
        "receive_message",
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["ApproximateReceiveCount"],
    )
    sqs.call("receive_message", QueueUrl=url)
    sqs.call("receive_message", QueueUrl=url, MaxNumberOfMessages=11)
    handles = [message["ReceiptHandle"] for message in got["Messages"]]
    change = {"QueueUrl": url, "ReceiptHandle": handles[0]}
    sqs.call("change_message_visibility", **change, VisibilityTimeout=0)
    sqs.call("receive_message", QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])
    for handle in handles[:2]:
        sqs.call("delete_message", QueueUrl=url, ReceiptHandle=handle)
    sqs.call("delete_message", QueueUrl=url, ReceiptHandle="nonsense")
    rest = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(handles[2:])]
    sqs.call("delete_message_batch", QueueUrl=url, Entries=rest)
    sqs.call("purge_queue", QueueUrl=url)
    sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=names)
    sqs.call("tag_queue", QueueUrl=url, Tags={"a": "1"})
    sqs.call("list_queue_tags", QueueUrl=url)
    sqs.call("untag_queue", QueueUrl=url, TagKeys=["a"])
    sqs.call("set_queue_attributes", QueueUrl=url, Attributes={"DelaySeconds": "7"})
    sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=["DelaySeconds"])
    sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=["Wrong"])
    sqs.call("delete_queue", QueueUrl=url)
    sqs.call("send_message", QueueUrl=url, MessageBody="gone")


def fifo(sqs: Subject) -> None:
    """A FIFO queue's life."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.call("create_queue", QueueName="diff.fifo", Attributes=attributes)["QueueUrl"]
    sqs.call("create_queue", QueueName="diff2", Attributes={"FifoQueue": "true"})
    for body in ("a", "b", "a", "c"):
        sqs.call("send_message", QueueUrl=url, MessageBody=body, MessageGroupId="g")
    sqs.call("send_message", QueueUrl=url, MessageBody="other", MessageGroupId="h")
    sqs.call("send_message", QueueUrl=url, MessageBody="none")
    shown = ["MessageGroupId", "MessageDeduplicationId"]
    first = sqs.call("receive_message", QueueUrl=url, AttributeNames=shown)
    sqs.call("receive_message", QueueUrl=url, MaxNumberOfMessages=10)
    [message] = first["Messages"]
    sqs.call("delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.call("receive_message", QueueUrl=url, MaxNumberOfMessages=10)
    sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=["FifoQueue"])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running SQS."""
    with served() as address:
        yield address


@pytest.mark.parametrize("story", [standard, fifo])
def test_both_tell_the_same_story(address: str, story: Any) -> None:
    """Call by call, the comparable parts are equal."""
    ours = Subject(client(address))
    story(ours)
    with mock_aws():
        theirs = Subject(client(None))
        story(theirs)
    for mine, other in zip(ours.answers, theirs.answers, strict=True):
        assert mine == other
