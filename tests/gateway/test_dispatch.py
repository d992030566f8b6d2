"""Real clients reach the right operation, and every refusal has its protocol's shape."""

from __future__ import annotations

import datetime
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwell.errors import ServiceError, StorageTrouble, StoreFull
from tests.gateway.served import MACHINE, Served


def failed(call: Any, **params: Any) -> dict[str, Any]:
    """The error answer of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response: dict[str, Any] = caught.value.response
    return response


def code_and_text(answer: dict[str, Any]) -> tuple[int, str, str]:
    """HTTP status, code and message."""
    error = answer["Error"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def test_a_json_operation_goes_in_and_out(server: Served) -> None:
    """Parameters arrive as sent, the answer and the request id come back."""
    server.fake.answers["StartExecution"] = {"executionArn": "arn", "startDate": 1.25}
    answer = server.client("stepfunctions").start_execution(stateMachineArn=MACHINE, input="{}")
    ((name, call, params),) = server.fake.asked
    assert (name, params) == ("StartExecution", {"stateMachineArn": MACHINE, "input": "{}"})
    assert answer["executionArn"] == "arn"
    assert answer["startDate"] == datetime.datetime.fromtimestamp(1.25, datetime.UTC)
    metadata = answer["ResponseMetadata"]
    assert metadata["RequestId"] == call.request_id
    assert metadata["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.0"
    assert call.base_url == server.url
    assert call.user_agent.startswith("Boto3/")


@pytest.mark.parametrize(
    ("key", "region", "account"),
    [
        ("test", "us-east-1", "000000000000"),
        ("123456789012", "eu-central-1", "123456789012"),
        ("AKIAIOSFODNN7EXAMPLE", "ap-south-1", "000000000000"),
        ("ASIAIOSFODNN7EXAMPLE", "ap-south-1", "000000000000"),
        ("12345678901", "us-east-1", "000000000000"),
    ],
)
def test_accounts_and_regions(server: Served, key: str, region: str, account: str) -> None:
    """Twelve digits as access key name the account; the region is the signature's."""
    server.client("sqs", aws_access_key_id=key, region_name=region).list_queues()
    ((_, call, _),) = server.fake.asked
    assert (call.account, call.region, call.scope) == (account, region, f"{account}:{region}")


def test_service_errors_are_modelled(server: Served) -> None:
    """An operation's refusal becomes the client's exception class, with further fields."""
    client = server.client("stepfunctions")
    server.fake.answers["StartExecution"] = ServiceError(
        "ValidationException", "no", fields={"reason": "INVALID_ROUTING_CONFIGURATION"}
    )
    with pytest.raises(client.exceptions.ValidationException) as caught:
        client.start_execution(stateMachineArn=MACHINE)
    assert caught.value.response["message"] == "no"
    assert caught.value.response["reason"] == "INVALID_ROUTING_CONFIGURATION"


def test_extra_headers_of_errors_are_sent(server: Served) -> None:
    """What a service adds to its refusal arrives."""
    server.fake.answers["SendTaskSuccess"] = ServiceError(
        "TaskTimedOut", "gone", headers={"x-stepwell-token": "answered"}
    )
    call = server.client("stepfunctions").send_task_success
    answer = failed(call, taskToken="t", output="{}")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-stepwell-token"] == "answered"


def test_queue_errors_carry_both_codes(server: Served) -> None:
    """SQS tells the code of the Query days in a header, and clients read it."""
    server.fake.answers["GetQueueUrl"] = ServiceError("QueueDoesNotExist", "no queue")
    client = server.client("sqs")
    answer = failed(client.get_queue_url, QueueName="q")
    assert answer["Error"] == {
        "Code": "AWS.SimpleQueueService.NonExistentQueue",
        "Message": "no queue",
        "QueryErrorCode": "QueueDoesNotExist",
        "Type": "Sender",
    }
    with pytest.raises(client.exceptions.QueueDoesNotExist):
        client.get_queue_url(QueueName="q")


@pytest.mark.parametrize(
    ("code", "legacy", "modern"),
    [
        ("InvalidParameterValue", "InvalidParameterValue", "InvalidParameterValueException"),
        ("MissingParameter", "MissingParameter", "MissingRequiredParameterException"),
        ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
        ("InvalidAttributeName", "InvalidAttributeName", "InvalidAttributeName"),
    ],
)
def test_queue_codes(server: Served, code: str, legacy: str, modern: str) -> None:
    """Each code is spelt in both ways as SQS does."""
    server.fake.answers["ListQueues"] = ServiceError(code, "text")
    error = failed(server.client("sqs").list_queues)["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == (legacy, modern)


def test_constraints_are_checked_unless_the_service_does_it(server: Served) -> None:
    """Step Functions input is checked by the model, SQS input is not."""
    answer = failed(server.client("stepfunctions").start_execution, stateMachineArn="a" * 257)
    assert code_and_text(answer)[:2] == (400, "ValidationException")
    assert server.fake.asked == []
    server.fake.answers["SendMessage"] = {"MessageId": "1"}
    loose = Config(parameter_validation=False)
    server.client("sqs", config=loose).send_message(QueueUrl="q")
    assert server.fake.asked[0][2] == {"QueueUrl": "q"}


def test_what_is_not_implemented_is_named(server: Served) -> None:
    """An operation of the model without code is refused by name, and not tried again."""
    client = server.client("stepfunctions", config=None)
    answer = failed(client.describe_map_run, mapRunArn="arn:aws:states:x:y:mapRun:z")
    assert code_and_text(answer) == (
        400,
        "UnknownOperationException",
        "Stepwell does not implement SFN DescribeMapRun yet.",
    )
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_unexpected_exceptions_stay_inside(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug is a 500 that names the request, and the log has the rest under that name."""
    server.fake.answers["StartExecution"] = RuntimeError("the secret detail")
    with caplog.at_level(logging.ERROR, "stepwell.gateway"):
        answer = failed(server.client("stepfunctions").start_execution, stateMachineArn=MACHINE)
    status, code, text = code_and_text(answer)
    assert (status, code) == (500, "InternalFailure")
    assert "secret detail" not in text
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert request_id in text
    assert any(request_id in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StoreFull("no space left on /data"), "The disk is full, nothing was changed: no space"),
        (StorageTrouble("cannot write"), "The store could not do this, nothing was changed: can"),
    ],
)
def test_storage_trouble_is_told(server: Served, error: StorageTrouble, text: str) -> None:
    """Trouble with the store is a 503 with its reason."""
    server.fake.answers["StartExecution"] = error
    answer = failed(server.client("stepfunctions").start_execution, stateMachineArn=MACHINE)
    assert code_and_text(answer)[:2] == (503, "ServiceUnavailable")
    assert code_and_text(answer)[2].startswith(text)


def test_an_answer_that_cannot_be_written_is_our_bug(server: Served) -> None:
    """A service that answers nonsense gives a 500, not a broken connection."""
    server.fake.answers["StartExecution"] = {"executionArn": object()}
    answer = failed(server.client("stepfunctions").start_execution, stateMachineArn=MACHINE)
    assert code_and_text(answer)[:2] == (500, "InternalFailure")


def test_who_am_i(server: Served) -> None:
    """STS answers the account that the access key names."""
    answer = server.client("sts", aws_access_key_id="210987654321").get_caller_identity()
    assert answer["Account"] == "210987654321"
    assert answer["Arn"] == "arn:aws:iam::210987654321:root"


def test_an_assumed_role_is_in_its_account(server: Served) -> None:
    """Requests with a role's credentials land in the role's account."""
    role = "arn:aws:iam::555555555555:role/path/deploy"
    answer = server.client("sts").assume_role(RoleArn=role, RoleSessionName="me")
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::555555555555:assumed-role/deploy/me"
    expiration = answer["Credentials"]["Expiration"].timestamp()
    assert expiration == server.clock.now() / 1000 + 3600
    assert whose(server, answer["Credentials"]) == "555555555555"


def whose(server: Served, credentials: dict[str, Any]) -> str:
    """The account that these credentials are in."""
    client = server.client(
        "sts",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return str(client.get_caller_identity()["Account"])


def test_a_session_stays_in_the_account(server: Served) -> None:
    """Session credentials are in the caller's account and different every time."""
    client = server.client("sts", aws_access_key_id="210987654321")
    first, second = (client.get_session_token()["Credentials"] for _ in range(2))
    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert whose(server, first) == "210987654321"


def test_bad_roles_are_refused(server: Served) -> None:
    """A role that is none, and a session name that breaks the model's pattern."""
    client = server.client("sts")
    not_a_role = {"RoleArn": "arn:aws:iam::1:user/nobody-at-all", "RoleSessionName": "me"}
    assert code_and_text(failed(client.assume_role, **not_a_role)) == (
        400,
        "ValidationError",
        "arn:aws:iam::1:user/nobody-at-all is invalid",
    )
    bad_name = {"RoleArn": "arn:aws:iam::555555555555:role/x", "RoleSessionName": "no spaces"}
    status, code, text = code_and_text(failed(client.assume_role, **bad_name))
    assert (status, code) == (400, "ValidationError")
    assert text.startswith("1 validation error detected: Value 'no spaces' at 'roleSessionName'")


def test_the_command_line_client(server: Served) -> None:
    """The AWS CLI logs in and starts an execution."""
    server.fake.answers["StartExecution"] = {"executionArn": "arn:started", "startDate": 1.0}
    aws = Path(sys.executable).parent / "aws"
    command = [str(aws), "stepfunctions", "start-execution", "--state-machine-arn", MACHINE]
    command += ["--endpoint-url", server.url, "--query", "executionArn", "--output", "text"]
    environment = {
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("arn:started", "")
    assert server.fake.asked[0][1].scope == "123456789012:eu-west-1"
