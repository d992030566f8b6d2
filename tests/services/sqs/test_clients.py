"""Real clients against the real gateway: boto3 (JSON), and the Query protocol of older SDKs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from tests.services.sqs.served import ACCOUNT, client, served


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running SQS."""
    with served() as address:
        yield address


@pytest.fixture
def sqs(address: str) -> Any:
    """A boto3 client."""
    return client(address)


def query(address: str, path: str = "/", **form: str) -> ElementTree.Element:
    """The parsed answer of a Query call."""
    request = Request(
        address + path,
        urlencode({**form, "Version": "2012-11-05"}).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20240101/us-east-1/sqs/"
            "aws4_request, SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urlopen(request) as answer:
            text = answer.read()
    except HTTPError as error:
        text = error.read()
    return ElementTree.fromstring(text)


def found(root: ElementTree.Element, name: str) -> list[str]:
    """The texts of all elements of that name."""
    return [each.text or "" for each in root.iter() if each.tag.rpartition("}")[2] == name]


def test_the_whole_way_with_boto3(sqs: Any, address: str) -> None:
    """Create, send, receive, delete; boto3 itself compares the MD5s."""
    url = sqs.create_queue(QueueName="way")["QueueUrl"]
    assert url == f"{address}/{ACCOUNT}/way"
    attribute = {"DataType": "Binary", "BinaryValue": b"\x00\x01"}
    sqs.send_message(QueueUrl=url, MessageBody="hallo ☃", MessageAttributes={"b": attribute})
    [message] = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    assert message["Body"] == "hallo ☃"
    assert message["MessageAttributes"] == {"b": attribute}
    assert message["Attributes"]["SenderId"] == ACCOUNT
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_errors_carry_both_codes(sqs: Any) -> None:
    """The modelled exception is raised, and old code finds the code it looks for."""
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="nowhere")
    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["Message"] == "The specified queue does not exist."
    url = sqs.create_queue(QueueName="errors")["QueueUrl"]
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=url, MessageBody="")
    assert refused.value.response["Error"]["Code"] == "MissingParameter"


def test_a_long_poll_is_woken_by_another_client(sqs: Any, address: str) -> None:
    """The message is there long before the wait is over."""
    url = sqs.create_queue(QueueName="poll")["QueueUrl"]
    sender = threading.Timer(
        0.2, lambda: client(address).send_message(QueueUrl=url, MessageBody="m")
    )
    sender.start()
    started = time.monotonic()
    answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    sender.join()
    assert [message["Body"] for message in answer["Messages"]] == ["m"]
    assert time.monotonic() - started < 10


def test_every_operation_of_the_model_is_there(sqs: Any) -> None:
    """Nothing that the model names is refused as not implemented."""
    known = sqs.meta.service_model.operation_names
    for name in known:
        method = next(m for m, op in sqs.meta.method_to_api_mapping.items() if op == name)
        shape = sqs.meta.service_model.operation_model(name).input_shape
        kinds = {"list": ["1"], "map": {}, "integer": 1, "string": "x"}
        params: dict[str, Any] = {
            member: kinds[shape.members[member].type_name] for member in shape.required_members
        }
        if "Entries" in params:
            params["Entries"] = []
        code = _refusal(getattr(sqs, method), params)
        assert code not in ("InvalidAction", "UnknownOperationException", "InternalFailure"), name


def _refusal(call: Any, params: dict[str, Any]) -> str | None:
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_the_query_protocol(address: str) -> None:
    """What an SDK of ten years ago sends, and what it reads."""
    created = query(
        address,
        Action="CreateQueue",
        QueueName="old",
        **{"Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "0"},
    )
    assert found(created, "QueueUrl") == [f"{address}/{ACCOUNT}/old"]
    path = f"/{ACCOUNT}/old"
    sent = query(
        address,
        path,
        Action="SendMessage",
        MessageBody="<old & good>",
        **{
            "MessageAttribute.1.Name": "n",
            "MessageAttribute.1.Value.DataType": "Number",
            "MessageAttribute.1.Value.StringValue": "1",
        },
    )
    received = query(
        address,
        path,
        Action="ReceiveMessage",
        **{"AttributeName.1": "ApproximateReceiveCount", "MessageAttributeName.1": "All"},
    )
    assert found(received, "Body") == ["<old & good>"]
    assert found(received, "MessageId") == found(sent, "MessageId")
    assert "ApproximateReceiveCount" in found(received, "Name")
    assert found(received, "StringValue") == ["1"]
    [handle] = found(received, "ReceiptHandle")
    deleted = query(
        address,
        path,
        Action="DeleteMessageBatch",
        **{
            "DeleteMessageBatchRequestEntry.1.Id": "a",
            "DeleteMessageBatchRequestEntry.1.ReceiptHandle": handle,
        },
    )
    assert found(deleted, "Id") == ["a"]
    refused = query(address, Action="GetQueueUrl", QueueName="nowhere")
    assert found(refused, "Code") == ["AWS.SimpleQueueService.NonExistentQueue"]
