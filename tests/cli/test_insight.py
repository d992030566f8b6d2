"""The pages below `/_stepwell/`: what they take, and how they refuse."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from stepwell.cli.client import ApiError, Client
from tests.cli.conftest import World, ask_state

TOKENS, TOKEN, EXECUTION = (
    "/_stepwell/tokens",
    "/_stepwell/tokens/explain",
    "/_stepwell/executions/explain",
)
PREFIX = "arn:aws:states:us-east-1:000000000000"


@pytest.fixture
def client(world: World) -> Client:
    """A client of the module's server."""
    return Client(world.server.endpoint)


REFUSED = {
    "a status that is none": (TOKENS, {"status": "lost"}, "ValidationException"),
    "a limit that is none": (TOKENS, {"limit": "many"}, "ValidationException"),
    "a limit beyond the bound": (TOKENS, {"limit": "1001"}, "ValidationException"),
    "no limit at all": (TOKENS, {"limit": "0"}, "ValidationException"),
    "a machine that is not there": (
        TOKENS,
        {"stateMachineArn": f"{PREFIX}:stateMachine:nope"},
        "StateMachineDoesNotExist",
    ),
    "an ARN that is none": (TOKENS, {"executionArn": "x"}, "InvalidArn"),
    "no token": (TOKEN, {}, "ValidationException"),
    "a broken token": (TOKEN, {"token": "x"}, "InvalidToken"),
    "a token with bytes of another alphabet": (TOKEN, {"token": "é" * 50}, "InvalidToken"),
    "no execution": (EXECUTION, {}, "ValidationException"),
    "an execution that is not there": (
        EXECUTION,
        {"executionArn": f"{PREFIX}:execution:approval:nope"},
        "ExecutionDoesNotExist",
    ),
    "an execution elsewhere": (
        EXECUTION,
        {"executionArn": "arn:aws:states:eu-west-1:000000000000:execution:approval:nope"},
        "ExecutionDoesNotExist",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_shaped_as_awss(client: Client, name: str) -> None:
    """Bad input is answered with a code, never with a traceback."""
    path, query, code = REFUSED[name]
    with pytest.raises(ApiError) as refused:
        client.page(path, query)
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert "x-amzn-requestid" in refused.value.headers


def tokens_of(client: Client, **query: str) -> list[Any]:
    """The tokens a query finds."""
    found = client.page(TOKENS, query)["tokens"]
    assert isinstance(found, list)
    return found


def test_a_token_of_another_account_is_none(world: World, client: Client) -> None:
    """A token is only known in the account that owns its execution."""
    arn = world.ask("mine")
    [shown] = tokens_of(client, executionArn=arn, reveal="true")
    assert "is open" in str(client.page(TOKEN, {"token": shown["token"]})["explanation"])
    other = Client(world.server.endpoint, credentials=_account("111122223333"))
    with pytest.raises(ApiError, match="InvalidToken"):
        other.page(TOKEN, {"token": shown["token"]})
    assert tokens_of(other) == []


def _account(number: str) -> Any:
    from stepwell.cli.client import Credentials

    return Credentials(number, "x")


def test_a_token_that_was_tampered_with_is_none(world: World, client: Client) -> None:
    """One other character makes it invalid, and says nothing of the execution."""
    arn = world.ask("tampered")
    [shown] = tokens_of(client, executionArn=arn, reveal="true")
    text = shown["token"]
    other = text[:-2] + ("AA" if text[-2:] != "AA" else "BB")
    with pytest.raises(ApiError, match="InvalidToken"):
        client.page(TOKEN, {"token": other})


def test_tokens_are_hidden_unless_revealed(world: World, client: Client) -> None:
    """Neither the list nor an explanation holds a token unless it is asked for."""
    arn = world.ask("hidden")
    [token] = tokens_of(client, executionArn=arn, reveal="true")
    secret = token["token"]
    assert secret not in json.dumps(client.page(TOKENS, {"executionArn": arn}))
    hidden = client.page(EXECUTION, {"executionArn": arn})
    assert secret not in json.dumps(hidden)
    assert "$TOKEN" in json.dumps(hidden)
    assert secret not in json.dumps(client.page(TOKEN, {"token": secret}))


def test_a_token_has_all_its_facts(world: World, client: Client) -> None:
    """State, attempt, execution, resource, times and deadlines; nothing that is not known."""
    arn = world.ask("facts")
    [token] = tokens_of(client, executionArn=arn)
    assert set(token) == {
        "state",
        "attempt",
        "executionArn",
        "resource",
        "status",
        "openedAt",
        "ageSeconds",
        "deadlineAt",
        "heartbeatSeconds",
        "beats",
        "heartbeatDeadlineAt",
        "holder",
    }
    assert token["resource"] == "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    world.states.stop_execution(executionArn=arn)
    [closed] = tokens_of(client, executionArn=arn, status="closed")
    assert (closed["status"], closed["reason"]) == ("CLOSED", "stopped")
    assert tokens_of(client, executionArn=arn) == []


def test_the_holder_of_a_token_is_followed(world: World, client: Client) -> None:
    """In the queue, in a consumer's hands, among the dead letters, gone: each is told."""
    world.sqs.create_queue(QueueName="grave")
    account = "arn:aws:sqs:us-east-1:000000000000"
    redrive = {"deadLetterTargetArn": f"{account}:grave", "maxReceiveCount": 1}
    queue_url = world.sqs.create_queue(
        QueueName="held", Attributes={"RedrivePolicy": json.dumps(redrive)}
    )["QueueUrl"]
    machine = world.machine("held", {"Ask": ask_state(queue_url)})
    arn = world.states.start_execution(stateMachineArn=machine)["executionArn"]

    def holder() -> Any:
        return tokens_of(client, executionArn=arn)[0]["holder"]

    waiting = holder()
    assert (waiting["status"], waiting["queue"], waiting["receiveCount"]) == ("WAITING", "held", 0)
    message = world.sqs.receive_message(QueueUrl=queue_url)["Messages"][0]
    assert message["MessageId"] == waiting["messageId"]
    taken = holder()
    assert (taken["status"], taken["receiveCount"]) == ("IN_FLIGHT", 1)
    assert "received once; it comes back at" in taken["explanation"]
    world.sqs.change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    assert "Messages" not in world.sqs.receive_message(QueueUrl=queue_url)
    dead = holder()
    assert (dead["status"], dead["queue"], dead["receiveCount"]) == ("DEAD_LETTER", "grave", 1)
    explained = client.page(EXECUTION, {"executionArn": arn})["waitsFor"]
    assert isinstance(explained, list)
    assert isinstance(explained[0], dict)
    assert explained[0]["holder"] == dead
    world.sqs.purge_queue(QueueUrl=world.sqs.get_queue_url(QueueName="grave")["QueueUrl"])
    assert holder()["status"] == "GONE"


def test_a_retried_task_has_a_newer_token(world: World, client: Client) -> None:
    """The old token tells that another one counts now."""
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    queue_url = world.sqs.create_queue(QueueName="retried")["QueueUrl"]
    machine = world.machine("retried", {"Again": ask_state(queue_url, Retry=retry)})
    world.states.start_execution(stateMachineArn=machine)
    old = world.receive(queue_url)
    world.states.send_task_failure(taskToken=old, error="Busy")
    assert world.receive(queue_url) != old
    explained = client.page(TOKEN, {"token": old})["explanation"]
    assert "by the token of attempt 2, which waits for an answer." in str(explained)


def test_pages_are_read_only_and_not_kept(world: World) -> None:
    """Nothing may cache them, HEAD has no body, and POST is no way to them."""
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=10)
    connection.request("HEAD", TOKENS)
    response = connection.getresponse()
    assert (response.status, response.getheader("cache-control")) == (200, "no-store")
    assert response.read() == b""
    connection.request("POST", TOKENS, b"{}")
    assert connection.getresponse().status == 405
    connection.close()
