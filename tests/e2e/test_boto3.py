"""boto3 drives the main job against a real process, with and without signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE

KEY, SECRET = "AKIAE2EEXAMPLE", "e2e/secret+with=signs"
OTHER_KEY, OTHER_SECRET = "111122223333", "another"


@pytest.fixture(scope="module")
def signed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that asks for signatures of two keys."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "keys").write_text(f"# keys\n{KEY} {SECRET}\n\n{OTHER_KEY} {OTHER_SECRET}\n")
    arguments = ["--credentials-file", str(folder / "keys")]
    with ServerProcess(folder / "data", arguments=arguments) as server:
        yield server


def drive(states: Any, sqs: Any, name: str) -> None:
    """The callback workflow from its first call to its last, with what an application uses."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": url,
            "MessageBody.$": "States.Format('{} {}', $.text, $$.Task.Token)",
            "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "ask"}},
        },
        "HeartbeatSeconds": 60,
        "ResultPath": "$.answer",
        "End": True,
    }
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "Ask", "States": {"Ask": ask}}),
        roleArn=ROLE,
        tags=[{"key": "team", "value": "e2e"}],
    )["stateMachineArn"]
    execution = states.start_execution(
        stateMachineArn=machine, name="first", input=json.dumps({"text": "häl\u2028lo"})
    )["executionArn"]
    received = sqs.receive_message(
        QueueUrl=url,
        WaitTimeSeconds=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    message = received["Messages"][0]
    text, token = message["Body"].split(" ")
    assert text == "häl\u2028lo"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "ask"
    states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output='{"ok":true}')
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    until(
        lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
        "the execution succeeds",
    )
    output = json.loads(states.describe_execution(executionArn=execution)["output"])
    assert output == {"text": "häl\u2028lo", "answer": {"ok": True}}
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [
        {"key": "team", "value": "e2e"}
    ]
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution, PaginationConfig={"PageSize": 3}
    )
    assert [event["id"] for page in pages for event in page["events"]] == list(range(1, 9))
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=token, output="{}")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName=f"{name}-none")


def test_boto3_drives_the_main_job(running_server: ServerProcess) -> None:
    """The default configuration, any credentials."""
    drive(client(running_server, "stepfunctions"), client(running_server, "sqs"), "plain")


def test_boto3_signs_the_main_job(signed_server: ServerProcess) -> None:
    """The same with signatures that are verified."""
    states = client(signed_server, "stepfunctions", key=KEY, secret=SECRET)
    drive(states, client(signed_server, "sqs", key=KEY, secret=SECRET), "signed")


def test_a_key_of_digits_names_its_account(signed_server: ServerProcess) -> None:
    """Twelve digits as the access key are the account, and accounts do not see each other."""
    sqs = client(signed_server, "sqs", key=OTHER_KEY, secret=OTHER_SECRET)
    assert f"/{OTHER_KEY}/" in sqs.create_queue(QueueName="mine")["QueueUrl"]
    sts = client(signed_server, "sts", key=OTHER_KEY, secret=OTHER_SECRET)
    assert sts.get_caller_identity()["Account"] == OTHER_KEY
    with pytest.raises(ClientError, match=r"QueueDoesNotExist|NonExistentQueue"):
        client(signed_server, "sqs", key=KEY, secret=SECRET).get_queue_url(QueueName="mine")


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [
        (KEY, "wrong", "InvalidSignatureException|SignatureDoesNotMatch"),
        ("AKIAUNKNOWN", SECRET, "UnrecognizedClientException|InvalidClientTokenId"),
    ],
)
@pytest.mark.parametrize("service", ["stepfunctions", "sqs"])
def test_a_bad_signature_is_refused(
    signed_server: ServerProcess, service: str, key: str, secret: str, code: str
) -> None:
    """A wrong secret or key is told as AWS tells it."""
    api = client(signed_server, service, key=key, secret=secret, retries=0)
    call = api.list_state_machines if service == "stepfunctions" else api.list_queues
    with pytest.raises(ClientError, match=code):
        call()


def test_the_registry_of_images_is_empty(running_server: ServerProcess) -> None:
    """Tools that ask for a repository are told that it is not there, in a word they know."""
    ecr = client(running_server, "ecr")
    assert ecr.describe_repositories()["repositories"] == []
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_repositories(repositoryNames=["images"])
