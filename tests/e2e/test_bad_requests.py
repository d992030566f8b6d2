"""Bad input through the wire: a clear error in the protocol's shape, and the server stays up."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Iterator

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.machines import MACHINES, ROLE
from tests.e2e.raw import CREATE, RECEIVE, SEND, START, SUCCEED, Told, ask, call

MACHINE = f"{MACHINES}bad-input"
URL = "http://localhost/000000000000/bad-input"
DEEP = 100_000
PAYLOAD_BYTES_MAX = 262_144
UNREADABLE = "SerializationException"
WAITS = json.dumps(
    {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
)
ASKS = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": URL, "MessageBody": {"token.$": "$$.Task.Token"}},
    "End": True,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all bad input; at the end it must be alive, without a traceback in its log."""
    with ServerProcess(tmp_path_factory.mktemp("bad") / "data") as server:
        call(server, CREATE, name="bad-input", definition=WAITS, roleArn=ROLE)
        ask(server, '{"QueueName": "bad-input"}', "AmazonSQS.CreateQueue")
        yield server
        assert server.healthy()
        assert "Traceback" not in server.log()


def refused(told: Told, status: int, code: str, text: str = "") -> None:
    """The answer is this error, in the shape of the JSON protocol."""
    assert (told.status, told.code) == (status, code), told
    assert text in told.text
    assert told.text.strip()
    assert told.headers["x-amzn-requestid"]
    assert "Traceback" not in told.text


def start(text: str, **more: object) -> str:
    """The body of a StartExecution with that input."""
    return json.dumps({"stateMachineArn": MACHINE, "input": text, **more})


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":',
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b'{"stateMachineArn":NaN}',
        b'{"stateMachineArn":1e400}',
        b'{"stateMachineArn":1' + b"0" * 400 + b"}",
        b'{"x":1' + b"0" * 5000 + b"}",
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP,
        b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"stateMachineArn":"\xff\xfe"}',
        b'{"stateMachineArn":"\xed\xa0\x80"}',
        b'{"stateMachineArn":"a\x00b"}',
        b'{"stateMachineArn":"\\ud800"}',
        b'{"stateMachineArn":"\\ud800\\u0041"}',
        b'{"stateMachineArn":{}}',
        b'{"stateMachineArn":[]}',
        b'{"stateMachineArn":5}',
        b'{"stateMachineArn":true}',
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("target", [START, SEND])
def test_a_body_that_cannot_be_read(server: ServerProcess, target: str, body: bytes) -> None:
    """Text that is no JSON object of the operation's types is refused as unreadable."""
    sent = body.replace(b"stateMachineArn", b"QueueUrl") if target == SEND else body
    refused(ask(server, sent, target), 400, UNREADABLE)


def test_an_empty_body_is_an_empty_object(server: ServerProcess) -> None:
    """No body at all misses the required members, and is told so by name."""
    refused(ask(server, b""), 400, "ValidationException", "'stateMachineArn'")
    refused(ask(server, None, SEND), 400, "MissingRequiredParameterException", "QueueUrl")


def test_the_last_of_two_equal_keys_counts(server: ServerProcess) -> None:
    """Duplicate keys are read as AWS's parser reads them: the last one counts."""
    body = f'{{"stateMachineArn":"x","stateMachineArn":"{MACHINE}","name":"x","name":"twice"}}'
    told = ask(server, body)
    assert told.status == 200
    assert told.document["executionArn"].endswith(":bad-input:twice")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("AWSStepFunctions.Nonsense", "Nonsense"),
        ("AmazonSQS.Nonsense", "Nonsense"),
        ("Kinesis_20131202.PutRecord", "Kinesis_20131202"),
        ("AWSStepFunctions", "AWSStepFunctions"),
        ("", "target prefix"),
        ("\u00ff.x", "\u00ff"),
        ("x" * 5000, "xxx"),
    ],
)
def test_unknown_targets(server: ServerProcess, target: str, text: str) -> None:
    """Services and operations that are not here are refused by name."""
    refused(ask(server, b"{}", target), 400, "UnknownOperationException", text)


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "BREW"])
def test_a_request_that_says_nothing(server: ServerProcess, method: str) -> None:
    """Without target and action nothing answers, and says what is missing."""
    told = ask(server, None, None, method=method)
    if method == "BREW":
        assert told.status == 400  # No HTTP method; the HTTP parser itself refuses it.
    else:
        refused(told, 404, "UnknownOperationException", "X-Amz-Target")


def test_pages_that_are_not_there(server: ServerProcess) -> None:
    """GET of an unknown page is 404, with its name: it could only be a bucket."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/nonsense")
    response = connection.getresponse()
    assert response.status == 404
    assert b"<BucketName>nonsense</BucketName>" in response.read()
    connection.close()


def test_a_body_over_the_limit(server: ServerProcess) -> None:
    """More than 8 MiB are refused as a whole, whatever they are."""
    body = b'{"x":"' + b"x" * (8 * 1024 * 1024) + b'"}'
    refused(ask(server, body), 413, "RequestEntityTooLargeException", "8388608")
    refused(ask(server, body, SEND), 413, "RequestEntityTooLargeException", "8388608")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Invalid execution input"),
        ("{", "Unexpected end-of-input"),
        ("NaN", "Unrecognized token 'NaN'"),
        ("1e400", "Invalid JSON: Number out of range"),
        ("1" + "0" * 5000, "Invalid JSON"),
        ("[" * DEEP + "]" * DEEP, "nested deeper than 500 levels"),
        ("[" * 501 + "]" * 501, "nested deeper than 500 levels"),
        ('"\x00"', "CTRL-CHAR, code 0"),
        ('"\\ud800"', "Invalid JSON"),
        ("{} {}", ""),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_an_input_that_is_no_json(server: ServerProcess, text: str, reason: str) -> None:
    """Execution input that is not JSON, or no value we can keep, is refused before it starts."""
    refused(ask(server, start(text)), 400, "InvalidExecutionInput", reason)


@pytest.mark.parametrize(
    "text",
    [
        '"\\u0000"',
        '"\\ud83d\\ude00"',
        "-0",
        "1.0",
        "1e5",
        "1" + "0" * 400,
        '{"a":1,"a":2}',
        " [ 1 ,\n2 ] ",
        '"' + "x" * (PAYLOAD_BYTES_MAX - 2) + '"',
        '"' + "\U0001f600" * (PAYLOAD_BYTES_MAX // 4 - 1) + 'xx"',
        "[" * 500 + "]" * 500,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_odd_but_good_input_is_kept_as_it_is(server: ServerProcess, text: str) -> None:
    """Input that is JSON comes back to the letter."""
    told = ask(server, start(text))
    assert told.status == 200, told
    arn = told.document["executionArn"]
    described = call(server, "AWSStepFunctions.DescribeExecution", executionArn=arn)
    assert described.document["input"] == text
    history = call(server, "AWSStepFunctions.GetExecutionHistory", executionArn=arn)
    entered = history.document["events"][1]["stateEnteredEventDetails"]
    assert entered["input"] == text


@pytest.mark.parametrize(
    "text",
    [
        '"' + "x" * (PAYLOAD_BYTES_MAX - 1) + '"',
        '"' + "ü" * (PAYLOAD_BYTES_MAX // 2) + '"',
        '"' + "\U0001f600" * (PAYLOAD_BYTES_MAX // 4 - 1) + 'xxx"',
    ],
)
def test_an_input_over_the_limit(server: ServerProcess, text: str) -> None:
    """262,144 bytes of UTF-8 are the limit of an input; one more is refused."""
    refused(ask(server, start(text)), 400, "ValidationException", "less than or equal to 262144")


@pytest.mark.parametrize("name", ["a b", "a/b", "a\x00b", "a<b", "a\nb", "a:b", "a\u009fb"])
def test_bad_names(server: ServerProcess, name: str) -> None:
    """Names with forbidden characters are refused, of executions, machines and activities."""
    refused(ask(server, start("{}", name=name)), 400, "InvalidName", "Invalid Name")
    told = call(server, CREATE, name=name, definition=WAITS, roleArn=ROLE)
    refused(told, 400, "InvalidName", "Invalid Name")
    told = call(server, "AWSStepFunctions.CreateActivity", name=name)
    refused(told, 400, "InvalidName", "Invalid Name")


@pytest.mark.parametrize("name", ["", "x" * 81])
def test_names_of_a_bad_length(server: ServerProcess, name: str) -> None:
    """Names have 1 to 80 characters."""
    refused(ask(server, start("{}", name=name)), 400, "ValidationException", "at 'name'")


@pytest.mark.parametrize(
    ("definition", "code", "text"),
    [
        ("x" * 1_048_577, "ValidationException", "less than or equal to 1048576"),
        ("", "ValidationException", "greater than or equal to 1"),
        ("{", "InvalidDefinition", "INVALID_JSON_DESCRIPTION"),
        ("null", "InvalidDefinition", "SCHEMA_VALIDATION_FAILED"),
        ("[]", "InvalidDefinition", "SCHEMA_VALIDATION_FAILED"),
        ("[" * DEEP + "]" * DEEP, "InvalidDefinition", "TOO_DEEPLY_NESTED"),
        ('{"a":' * DEEP, "InvalidDefinition", ""),
        ('{"StartAt": NaN}', "InvalidDefinition", ""),
        ('{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"\x00","End":true}}}',
         "InvalidDefinition", ""),
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_a_definition_that_is_no_machine(
    server: ServerProcess, definition: str, code: str, text: str
) -> None:
    """A definition that cannot be read, or is too large, is refused."""
    told = call(server, CREATE, name="never", definition=definition, roleArn=ROLE)
    refused(told, 400, code, text)


def test_a_broken_definition_gets_every_finding_at_once(server: ServerProcess) -> None:
    """All findings come in one answer, and nothing was made."""
    broken = {
        "StartAt": "Nowhere",
        "States": {
            "A": {"Type": "Task", "Next": "B"},
            "B": {"Type": "Wiat", "End": True},
            "C": {"Type": "Choice", "Choices": []},
            "D": {"Type": "Pass", "Parameters": {"x.$": "$.["}, "End": True},
        },
    }
    told = call(server, CREATE, name="never", definition=json.dumps(broken), roleArn=ROLE)
    refused(told, 400, "InvalidDefinition")
    for place in ("/StartAt", "/States/A", "/States/B", "/States/C", "/States/D"):
        assert place in told.text
    listed = call(server, "AWSStepFunctions.ListStateMachines").document["stateMachines"]
    assert "never" not in [machine["name"] for machine in listed]


@pytest.fixture(scope="module")
def token(server: ServerProcess) -> str:
    """The token of an execution that waits."""
    definition = json.dumps({"StartAt": "T", "States": {"T": ASKS}})
    call(server, CREATE, name="asks", definition=definition, roleArn=ROLE)
    call(server, START, stateMachineArn=f"{MACHINES}asks")
    told = call(server, RECEIVE, QueueUrl=URL, WaitTimeSeconds=10)
    return str(json.loads(told.document["Messages"][0]["Body"])["token"])


@pytest.mark.parametrize(
    ("output", "code", "text"),
    [
        ('"' + "x" * PAYLOAD_BYTES_MAX + '"', "ValidationException", "at 'output'"),
        ("{", "InvalidOutput", "Unexpected end-of-input"),
        ("", "InvalidOutput", ""),
        ("NaN", "InvalidOutput", "NaN"),
        ("1e400", "InvalidOutput", ""),
        ("[" * DEEP + "]" * DEEP, "InvalidOutput", ""),
        ('"\\ud800"', "InvalidOutput", ""),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_bad_callback_changes_nothing(
    server: ServerProcess, token: str, output: str, code: str, text: str
) -> None:
    """A callback's output that is too large or no JSON is refused; the token stays open."""
    refused(call(server, SUCCEED, taskToken=token, output=output), 400, code, text)
    told = call(server, "AWSStepFunctions.SendTaskHeartbeat", taskToken=token)
    assert told.status == 200


def test_the_largest_callback(server: ServerProcess) -> None:
    """An output of exactly 262,144 bytes is taken; a byte more is refused first."""
    definition = json.dumps({"StartAt": "T", "States": {"T": ASKS}})
    call(server, CREATE, name="asks-much", definition=definition, roleArn=ROLE)
    arn = call(server, START, stateMachineArn=f"{MACHINES}asks-much").document["executionArn"]
    page = f"{server.endpoint}/_stepwell/tokens?executionArn={arn}&reveal=true"
    with urllib.request.urlopen(page, timeout=10) as answer:
        [entry] = json.load(answer)["tokens"]
    largest = '"' + "\U0001f600" * (PAYLOAD_BYTES_MAX // 4 - 1) + 'xx"'
    told = call(server, SUCCEED, taskToken=entry["token"], output=f"{largest} ")
    refused(told, 400, "ValidationException", "at 'output'")
    assert call(server, SUCCEED, taskToken=entry["token"], output=largest).status == 200
    described = call(server, "AWSStepFunctions.DescribeExecution", executionArn=arn)
    assert described.document["output"] == largest


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("x", "InvalidToken"),
        ("\x00", "InvalidToken"),
        ("ü", "InvalidToken"),
        ("AQ\ud83d\ude00", "InvalidToken"),
        ("AQ" + "x" * 48, "TaskDoesNotExist"),
    ],
)
def test_a_token_nobody_gave(server: ServerProcess, token: str, code: str) -> None:
    """Invented tokens are refused, whatever they are made of."""
    refused(call(server, SUCCEED, taskToken=token, output="{}"), 400, code)


def test_a_failure_that_is_too_long(server: ServerProcess, token: str) -> None:
    """Error and cause have their limits."""
    fail = "AWSStepFunctions.SendTaskFailure"
    refused(call(server, fail, taskToken=token, cause="x" * 32_769), 400, "ValidationException")
    refused(call(server, fail, taskToken=token, error="x" * 257), 400, "ValidationException")


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"MessageBody": "x" * (1024 * 1024 + 1)}, "InvalidParameterValueException", "1048576"),
        ({"MessageBody": ""}, "MissingRequiredParameterException", "MessageBody"),
        ({"MessageBody": "a\x00b"}, "InvalidMessageContents", "#x9"),
        ({"MessageBody": "\ufffe"}, "InvalidMessageContents", "#x9"),
        ({"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValueException", "-1"),
        ({"MessageBody": "x", "DelaySeconds": 10**400}, UNREADABLE, "Integer"),
        ({"MessageBody": "x", "QueueUrl": "::::"}, "QueueDoesNotExist", ""),
        ({"MessageBody": "x", "QueueUrl": "http://[::1"}, "QueueDoesNotExist", ""),
        ({"MessageBody": "x", "QueueUrl": ""}, "", ""),
    ],
    ids=lambda given: repr(given)[:24],
)
def test_bad_messages(
    server: ServerProcess, params: dict[str, object], code: str, text: str
) -> None:
    """Messages that SQS refuses are refused in its words, with the header old clients read."""
    told = call(server, SEND, **{"QueueUrl": URL, **params})
    refused(told, 400, code or told.code, text)
    assert told.headers["x-amzn-query-error"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (b"Action=%ff%fe&Version=2012-11-05", "InvalidAction"),
        (b"Action=SendMessage&MessageBody=%00&QueueUrl=" + URL.encode(), "InvalidMessageContents"),
        (b"Action=ListQueues&" + b"&".join(b"a%d=1" % n for n in range(30_000)),
         "MalformedQueryString"),
        (b"Action=" + b"x" * 100_000, "InvalidAction"),
        (b"Action=ReceiveMessage&MaxNumberOfMessages=1e400&QueueUrl=" + URL.encode(), ""),
        (b"Action=DeleteMessageBatch&DeleteMessageBatchRequestEntry.99999999999.Id=a&QueueUrl="
         + URL.encode(), ""),
    ],
    ids=lambda form: repr(form[:24]),
)  # fmt: skip
def test_bad_forms(server: ServerProcess, form: bytes, code: str) -> None:
    """Forms that cannot be served are refused in XML."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    told = ask(server, form, None, headers=kind)
    assert told.status == 400
    assert told.body.startswith(b"<?xml")
    assert f"<Code>{code}".encode() in told.body
    assert b"<RequestId>" in told.body


PASS_STATE = json.dumps({"Type": "Pass", "End": True})
MAP_STATE = json.dumps(
    {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
        "End": True,
    }
)
TASK_STATE = json.dumps({**ASKS, "Resource": "arn:aws:states:::sqs:sendMessage"})
FIELDS: dict[str, tuple[str, str]] = {
    "definition of TestState": ("TestState", '{"definition":@,"roleArn":"R","input":"{}"}'),
    "input of TestState": ("TestState", '{"definition":#pass,"roleArn":"R","input":@}'),
    "variables of TestState": ("TestState", '{"definition":#pass,"roleArn":"R","variables":@}'),
    "context of TestState": (
        "TestState",
        '{"definition":#task,"roleArn":"R","context":@,"mock":{"result":"{}"}}',
    ),
    "mock of TestState": ("TestState", '{"definition":#task,"roleArn":"R","mock":{"result":@}}'),
    "results of TestState": ("TestState", '{"definition":#map,"roleArn":"R","mock":{"result":@}}'),
    "definition to validate": ("ValidateStateMachineDefinition", '{"definition":@}'),
    "definition to update": ("UpdateStateMachine", '{"stateMachineArn":"M","definition":@}'),
}
"""Operation and body; the JSON text of a field stands for `@`."""


@pytest.mark.parametrize("nested", ["[@]", '{"a":@}', '[{"a":@}]'])
@pytest.mark.parametrize("depth", [501, 5_000, 20_000])
@pytest.mark.parametrize("field", FIELDS)
def test_deep_nesting_in_every_field(
    server: ServerProcess, field: str, depth: int, nested: str
) -> None:
    """However deep a text nests: an answer that says so, and no trouble in the log."""
    operation, body = FIELDS[field]
    before, after = nested.split("@")
    text = json.dumps(before * depth + "1" + after * depth)
    for name, state in (("pass", PASS_STATE), ("task", TASK_STATE), ("map", MAP_STATE)):
        body = body.replace(f"#{name}", json.dumps(state))
    body = body.replace('"M"', json.dumps(MACHINE)).replace('"R"', json.dumps(ROLE))
    told = ask(server, body.replace("@", text), f"AWSStepFunctions.{operation}")
    if operation == "ValidateStateMachineDefinition":
        assert told.document["result"] == "FAIL"
        shown = json.dumps(told.document)
        assert "nested deeper" in shown or "must be a valid JSON object" in shown
    else:
        assert (told.status, told.code) in {
            (400, "InvalidDefinition"),
            (400, "InvalidExecutionInput"),
            (400, "ValidationException"),
        }, told
