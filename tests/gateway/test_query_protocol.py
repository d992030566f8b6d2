"""The Query protocol with a client of the old flavour, and by hand."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwell.errors import ServiceError
from stepwell.models import service_model as models
from stepwell.services.api import Encoded
from tests.gateway.served import Served

SQS = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture(scope="module")
def old_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the queue service's model as it was when it spoke Query."""
    folder = tmp_path_factory.mktemp("models")
    packaged = Path(models.__file__).parent / "data/sqs.json"
    document = json.loads(packaged.read_text(encoding="utf-8"))
    document["metadata"] |= {"protocol": "query", "protocols": ["query"]}
    document["metadata"]["xmlNamespace"] = SQS.strip("{}")
    for name, operation in document["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    for shape in document["shapes"].values():
        for ref in (shape.get("member"), shape.get("key"), shape.get("value")):
            if ref is not None and "queryName" in ref:
                ref["locationName"] = ref["queryName"]
        for ref in shape.get("members", {}).values():
            target = document["shapes"][ref["shape"]]
            if target["type"] == "map" and "queryName" in target:
                ref["locationName"] = target["queryName"]
    target_folder = folder / "sqs/2012-11-05"
    target_folder.mkdir(parents=True)
    (target_folder / "service-2.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


@pytest.fixture
def old_client(server: Served, old_models: Path) -> Any:
    """A client that speaks Query to SQS."""
    session = botocore.session.Session()
    session.get_component("data_loader").search_paths.insert(0, str(old_models))
    return session.create_client(
        "sqs",
        region_name="eu-west-1",
        endpoint_url=server.url,
        aws_access_key_id="123456789012",
        aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}),
    )


def test_the_old_client_speaks_query(server: Served, old_client: Any) -> None:
    """The fixture does what it says: a form goes out and XML comes back."""
    assert old_client.meta.service_model.metadata["protocol"] == "query"
    answer = old_client.list_queues()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/xml"


SENT: list[tuple[str, dict[str, Any]]] = [
    (
        "SendMessage",
        {
            "QueueUrl": "http://x/1/q",
            "MessageBody": "a & b < c é\n",
            "DelaySeconds": 5,
            "MessageAttributes": {
                "one": {"DataType": "String", "StringValue": ""},
                "two": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
            },
            "MessageSystemAttributes": {
                "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}
            },
        },
    ),
    (
        "SendMessageBatch",
        {
            "QueueUrl": "q",
            "Entries": [
                {"Id": "a", "MessageBody": "1"},
                {
                    "Id": "b",
                    "MessageBody": "2",
                    "MessageAttributes": {"k": {"DataType": "Number", "StringValue": "1"}},
                },
            ],
        },
    ),
    (
        "ReceiveMessage",
        {
            "QueueUrl": "q",
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["a", "b"],
            "MessageSystemAttributeNames": ["SentTimestamp"],
            "MaxNumberOfMessages": 10,
        },
    ),
    ("CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"k": "v"}}),
    ("TagQueue", {"QueueUrl": "q", "Tags": {"k": "v", "l": ""}}),
    ("UntagQueue", {"QueueUrl": "q", "TagKeys": ["k", "l"]}),
    (
        "AddPermission",
        {"QueueUrl": "q", "Label": "l", "AWSAccountIds": ["1", "2"], "Actions": ["*"]},
    ),
    (
        "ChangeMessageVisibilityBatch",
        {"QueueUrl": "q", "Entries": [{"Id": "a", "ReceiptHandle": "r", "VisibilityTimeout": 0}]},
    ),
]


@pytest.mark.parametrize(("operation", "params"), SENT)
def test_input_arrives_as_sent(
    server: Served, old_client: Any, operation: str, params: dict[str, Any]
) -> None:
    """Lists, maps, structures, blobs and numbers come out of the form as they went in."""
    method = next(
        name for name, op in old_client.meta.method_to_api_mapping.items() if op == operation
    )
    server.fake.answers[operation] = {"Successful": [], "Failed": []}
    getattr(old_client, method)(**params)
    ((name, call, arrived),) = server.fake.asked
    assert (name, arrived) == (operation, params)
    assert call.scope == "123456789012:eu-west-1"


ANSWERED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "receive_message",
        {"QueueUrl": "q"},
        {
            "Messages": [
                {
                    "MessageId": "1",
                    "Body": "a & b < \r\n \u00e9 \U0001f600",
                    "Attributes": {"SentTimestamp": "1", "SenderId": "x"},
                    "MessageAttributes": {
                        "k": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
                        "l": {"DataType": "String", "StringValue": ""},
                    },
                },
                {"MessageId": "2", "Body": ""},
            ]
        },
    ),
    ("list_queues", {}, {"QueueUrls": ["http://a", "http://b"], "NextToken": "t"}),
    ("get_queue_attributes", {"QueueUrl": "q"}, {"Attributes": {"Policy": '{"a":1}'}}),
    ("list_queue_tags", {"QueueUrl": "q"}, {"Tags": {"k": "v"}}),
    (
        "send_message_batch",
        {"QueueUrl": "q", "Entries": [{"Id": "a", "MessageBody": "b"}]},
        {
            "Successful": [{"Id": "a", "MessageId": "1", "MD5OfMessageBody": "m"}],
            "Failed": [{"Id": "b", "SenderFault": True, "Code": "C", "Message": "M"}],
        },
    ),
]


@pytest.mark.parametrize(("method", "params", "answer"), ANSWERED)
def test_answers_arrive_as_given(
    server: Served, old_client: Any, method: str, params: dict[str, Any], answer: dict[str, Any]
) -> None:
    """The old client reads from the XML what the service answered."""
    server.fake.answers[old_client.meta.method_to_api_mapping[method]] = answer
    got = getattr(old_client, method)(**params)
    metadata = got.pop("ResponseMetadata")
    assert got == answer
    assert metadata["RequestId"] == server.fake.asked[0][1].request_id


def test_encoded_answers_become_xml(server: Served, old_client: Any) -> None:
    """An answer that is JSON already is read again for the Query protocol."""
    server.fake.answers["ListQueues"] = Encoded(b'{"QueueUrls":["http://a"]}')
    assert old_client.list_queues()["QueueUrls"] == ["http://a"]


def test_errors_have_the_old_codes(server: Served, old_client: Any) -> None:
    """An error document carries the Query code, and whose fault it is."""
    server.fake.answers["GetQueueUrl"] = ServiceError("QueueDoesNotExist", "no <queue>")
    with pytest.raises(ClientError) as caught:
        old_client.get_queue_url(QueueName="q")
    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert (error["Message"], error["Type"]) == ("no <queue>", "Sender")


def by_hand(server: Served, fields: dict[str, str], path: str = "/") -> tuple[int, Any]:
    """Status and parsed XML of a form that is posted without any signature."""
    try:
        with urlopen(server.url + path, data=urlencode(fields).encode(), timeout=10) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except HTTPError as error:
        with error:
            return error.code, ElementTree.fromstring(error.read())


def test_the_queue_may_be_the_address(server: Served) -> None:
    """Old clients post to the queue's own address and do not repeat it."""
    by_hand(server, {"Action": "DeleteMessage", "ReceiptHandle": "r"}, "/000000000000/q")
    assert server.fake.asked[0][2] == {
        "QueueUrl": f"{server.url}/000000000000/q",
        "ReceiptHandle": "r",
    }


def test_operations_without_output_have_no_result(server: Served) -> None:
    """Only the metadata stands in the answer."""
    status, document = by_hand(server, {"Action": "DeleteMessage", "Version": "2012-11-05"})
    assert status == 200
    assert [child.tag for child in document] == [f"{SQS}ResponseMetadata"]


def test_a_get_is_a_query_too(server: Served) -> None:
    """The fields may stand in the address."""
    address = f"{server.url}/?Action=GetCallerIdentity&Version=2011-06-15"
    with urlopen(address, timeout=10) as answer:
        assert b"<Account>000000000000</Account>" in answer.read()


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        (
            {"Action": "Nonsense", "Version": "2012-11-05"},
            "InvalidAction",
            "The action Nonsense is not valid for this endpoint.",
        ),
        (
            {"Action": "Publish", "Version": "2010-03-31"},
            "InvalidAction",
            "The action Publish of version 2010-03-31 belongs to no service that is served here. "
            "Services with the Query protocol: sqs, sts.",
        ),
        (
            {"Action": "PurgeQueue", "Version": "2012-11-05"},
            "InvalidAction",
            "Stepwell does not implement SQS PurgeQueue yet.",
        ),
        (
            {"Action": "SendMessage", "DelaySeconds": "soon"},
            "MalformedInput",
            "Value (soon) for parameter DelaySeconds is invalid. It must be a integer.",
        ),
        (
            {"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "me"},
            "ValidationError",
            "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: "
            "Member must not be null",
        ),
    ],
)
def test_refusals(server: Served, fields: dict[str, str], code: str, text: str) -> None:
    """What leads nowhere is refused as a Query error with a reason."""
    status, document = by_hand(server, fields)
    namespace = document.tag.removesuffix("ErrorResponse")
    assert status == 400
    assert document.findtext(f"{namespace}Error/{namespace}Code") == code
    assert document.findtext(f"{namespace}Error/{namespace}Message") == text
    assert document.findtext(f"{namespace}RequestId")


def test_characters_that_xml_cannot_hold(server: Served) -> None:
    """A control character in a message does not break the document."""
    server.fake.answers["ListQueues"] = ServiceError("InvalidParameterValue", "a\x00\x1f\ud800b")
    _, document = by_hand(server, {"Action": "ListQueues"})
    assert document.findtext(f"{SQS}Error/{SQS}Message") == "a\ufffd\ufffd\ufffdb"
