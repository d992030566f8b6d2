"""SQS's Query protocol, as SDKs of before 2023 speak it: forms in, XML out."""

from __future__ import annotations

import hashlib
import http.client
import json
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode, urlsplit

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE

SPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def ask(
    server: ServerProcess, path: str, *, method: str = "POST", **fields: str
) -> tuple[int, ElementTree.Element]:
    """One Query request; its status and document."""
    form = urlencode({"Version": "2012-11-05", **fields})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        if method == "GET":
            connection.request("GET", f"{path}?{form}")
        else:
            kind = "application/x-www-form-urlencoded; charset=utf-8"
            connection.request("POST", path, body=form, headers={"Content-Type": kind})
        response = connection.getresponse()
        assert response.headers["content-type"].startswith("text/xml")
        return response.status, ElementTree.fromstring(response.read())
    finally:
        connection.close()


def text(document: ElementTree.Element, name: str) -> str:
    """The text of the first element of that name."""
    found = document.find(f".//{SPACE}{name}")
    assert found is not None, ElementTree.tostring(document)
    return found.text or ""


def test_an_old_consumer_answers_a_token(running_server: ServerProcess) -> None:
    """A consumer that knows forms only takes part in the callback workflow."""
    server = running_server
    status, made = ask(
        server,
        "/",
        **{
            "Action": "CreateQueue",
            "QueueName": "old",
            "Attribute.1.Name": "VisibilityTimeout",
            "Attribute.1.Value": "60",
        },
    )
    assert status == 200
    url = text(made, "QueueUrl")
    path = urlsplit(url).path
    states = client(server, "stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    machine = states.create_state_machine(
        name="old", definition=json.dumps({"StartAt": "T", "States": {"T": task}}), roleArn=ROLE
    )
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    status, received = ask(
        server, path, Action="ReceiveMessage", WaitTimeSeconds="10", MaxNumberOfMessages="1"
    )
    assert status == 200
    body = text(received, "Body")
    assert text(received, "MD5OfBody") == hashlib.md5(body.encode()).hexdigest()
    states.send_task_success(taskToken=json.loads(body)["token"], output='"done"')
    handle = text(received, "ReceiptHandle")
    status, deleted = ask(server, path, Action="DeleteMessage", ReceiptHandle=handle)
    assert (status, deleted.tag) == (200, f"{SPACE}DeleteMessageResponse")
    assert text(deleted, "RequestId")
    until(
        lambda: states.describe_execution(executionArn=execution).get("output") == '"done"',
        "the execution succeeds",
    )


def test_an_old_producer_sends(running_server: ServerProcess) -> None:
    """Message, attributes and a batch in forms, also by GET, reach a modern consumer."""
    server = running_server
    sqs = client(server, "sqs")
    url = sqs.create_queue(QueueName="old-producer")["QueueUrl"]
    path = urlsplit(url).path
    status, sent = ask(
        server,
        path,
        **{
            "Action": "SendMessage",
            "MessageBody": "größe & <kind>",
            "MessageAttribute.1.Name": "kind",
            "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "old",
        },
    )
    assert status == 200
    assert text(sent, "MD5OfMessageBody") == hashlib.md5("größe & <kind>".encode()).hexdigest()
    message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert message["Body"] == "größe & <kind>"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "old"
    status, batch = ask(
        server,
        path,
        method="GET",
        **{
            "Action": "SendMessageBatch",
            "SendMessageBatchRequestEntry.1.Id": "a",
            "SendMessageBatchRequestEntry.1.MessageBody": "one",
            "SendMessageBatchRequestEntry.2.Id": "b",
            "SendMessageBatchRequestEntry.2.MessageBody": "two",
        },
    )
    assert status == 200
    assert len(batch.findall(f".//{SPACE}SendMessageBatchResultEntry")) == 2


def test_an_old_client_is_refused_in_xml(running_server: ServerProcess) -> None:
    """Errors have the codes of the Query protocol, in its envelope."""
    status, document = ask(running_server, "/", Action="GetQueueUrl", QueueName="none")
    assert status == 400
    assert text(document, "Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert text(document, "Type") == "Sender"
    status, document = ask(running_server, "/", Action="Nonsense")
    assert status == 400
    assert text(document, "Code") == "InvalidAction"
