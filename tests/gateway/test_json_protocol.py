"""JSON in and out by the model."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request
from stepwell.gateway.protocols.json import JsonProtocol
from stepwell.models import service_model as models
from stepwell.services.api import Encoded

PROTOCOL = JsonProtocol("1.0")


def read(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The parameters of that body, types checked only."""
    model = models.load(service)
    reader = PROTOCOL.reader(model, model.operations[operation], constraints=False)
    return reader(Request("POST", "/", b"", {}, body, body, "http://here"))


def written(service: str, operation: str, answer: Any) -> bytes:
    """The body of that answer."""
    model = models.load(service)
    return PROTOCOL.writer(model, model.operations[operation])(answer, b"id").body


def test_known_members_are_kept() -> None:
    """Unknown members and nulls are absent, blobs are bytes."""
    body = values.encode(
        {
            "QueueUrl": "q",
            "Unknown": 1,
            "DelaySeconds": None,
            "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "eA=="}},
        }
    )
    assert read("sqs", "SendMessage", body) == {
        "QueueUrl": "q",
        "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": b"x"}},
    }


def test_an_empty_body_is_an_empty_input() -> None:
    """Some clients send nothing where there is nothing to say."""
    assert read("sqs", "ListQueues", b"") == {}


def test_numbers_with_a_fraction_are_cut() -> None:
    """An integer member takes 5.0 and 5.7 as 5."""
    body = b'{"stateMachineArn":"a","maxResults":5.7}'
    assert read("stepfunctions", "ListExecutions", body)["maxResults"] == 5


WRONG = [
    (b"{", "is not JSON"),
    (b"\xff", "is not JSON"),
    (b"[]", "Start of list found where not expected"),
    (b'"text"', "Unexpected field type: STRING_VALUE"),
    (b'{"stateMachineArn":1}', "NUMBER_VALUE can not be converted to String"),
    (b'{"stateMachineArn":true}', "TRUE_VALUE can not be converted to String"),
    (b'{"stateMachineArn":["a"]}', "Start of list found where not expected"),
    (b'{"stateMachineArn":{}}', "Start of structure or map found where not expected"),
    (b'{"maxResults":"1"}', "STRING_VALUE can not be converted to Integer"),
    (b'{"maxResults":false}', "FALSE_VALUE can not be converted to Integer"),
    (b'{"maxResults":3000000000}', "does not fit Integer"),
    (b'{"maxResults":1e300}', "does not fit Integer"),
    (b'{"stateMachineArn":' + b"[" * 5000 + b"]" * 5000 + b"}", ""),
]


@pytest.mark.parametrize(("body", "text"), WRONG)
def test_wrong_types_are_serialization_exceptions(body: bytes, text: str) -> None:
    """Anything that cannot be read is refused by one code and a word that says why."""
    with pytest.raises(ServiceError) as caught:
        read("stepfunctions", "ListExecutions", body)
    assert caught.value.code == "SerializationException"
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"tags":{}}', "Start of structure or map found where not expected"),
        (b'{"tags":"a"}', "STRING_VALUE where a list was expected"),
        (b'{"tags":[null]}', "NULL_VALUE where a structure was expected"),
        (b'{"publish":"yes"}', "STRING_VALUE can not be converted to Boolean"),
    ],
)
def test_wrong_collections(body: bytes, text: str) -> None:
    """Lists, structures and booleans are what they must be."""
    with pytest.raises(ServiceError, match="SerializationException") as caught:
        read("stepfunctions", "CreateStateMachine", body)
    assert text in caught.value.message


def test_a_blob_must_be_base64() -> None:
    """Text that is not Base64 is refused where bytes are meant."""
    body = b'{"MessageAttributes":{"a":{"BinaryValue":"***"}}}'
    with pytest.raises(ServiceError, match="Base64"):
        read("sqs", "SendMessage", body)


def test_only_known_members_go_out() -> None:
    """None and unknown members are dropped, timestamps are numbers, blobs Base64."""
    answer = {"executionArn": "a", "startDate": 1.5, "stopDate": None, "secret": "x"}
    assert written("stepfunctions", "DescribeExecution", answer) == (
        b'{"executionArn":"a","startDate":1.5}'
    )
    message = {"MessageAttributes": {"k": {"DataType": "Binary", "BinaryValue": b"x"}}}
    assert values.decode(written("sqs", "ReceiveMessage", {"Messages": [message]})) == {
        "Messages": [{"MessageAttributes": {"k": {"DataType": "Binary", "BinaryValue": "eA=="}}}]
    }


def test_encoded_answers_pass_as_they_are() -> None:
    """A body that is JSON already is not touched."""
    assert written("stepfunctions", "DescribeExecution", Encoded(b'{"a": 1}')) == b'{"a": 1}'


def test_no_answer_is_an_empty_document() -> None:
    """Operations with an output shape send {}, those without send nothing."""
    assert written("stepfunctions", "SendTaskSuccess", None) == b"{}"
    assert written("sqs", "DeleteMessage", None) == b""
