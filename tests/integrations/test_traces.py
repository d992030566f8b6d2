"""TestState with TRACE: what goes over the wire of an HTTP task, with and without secrets."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.integrations.endpoint import Endpoint, serving
from tests.services.apigateway.apis import REGION, ROLE, client

_numbers = itertools.count()
ADDED: dict[str, Any] = {
    "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k3y"},
    "InvocationHttpParameters": {
        "HeaderParameters": [{"Key": "X-More", "Value": "m0re"}],
        "QueryStringParameters": [{"Key": "token", "Value": "qu3ry"}],
        "BodyParameters": [{"Key": "sealed", "Value": "b0dy"}],
    },
}
SECRETS = ("k3y", "m0re", "qu3ry", "b0dy")
OWN_HEADERS = f"User-Agent: Amazon|StepFunctions|HttpInvoke|{REGION}, Range: bytes=0-262144"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """A web server."""
    with serving() as served:
        served.answers["/missing"] = (404, "text/plain", b"no such order")
        yield served


def tried(server: ServerProcess, url: str, level: str = "TRACE", **more: Any) -> Any:
    """TestState's answer for an HTTP task with every kind of parameter."""
    connection = client(server, "events").create_connection(
        Name=f"traced-{next(_numbers)}", AuthorizationType="API_KEY", AuthParameters=ADDED
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Parameters": {
            "Method": "POST",
            "ApiEndpoint": url,
            "Authentication": {"ConnectionArn": connection["ConnectionArn"]},
            "Headers": {"definitionHeader": "h1"},
            "QueryParameters": {"of.$": "$.of"},
            "RequestBody": {"message": "hello"},
        },
        "End": True,
    }
    return client(server, "stepfunctions").test_state(
        definition=json.dumps(task),
        roleArn=ROLE,
        input='{"of": "a b"}',
        inspectionLevel=level,
        **more,
    )


def test_request_and_response_with_secrets(
    running_server: ServerProcess, endpoint: Endpoint
) -> None:
    """Everything that was sent, in AWS's form, and everything that came back."""
    answer = tried(running_server, f"{endpoint.url}/revealed", revealSecrets=True)
    assert answer["status"] == "SUCCEEDED"
    data = answer["inspectionData"]
    assert data["request"] == {
        "protocol": "http",
        "method": "POST",
        "url": f"{endpoint.url}/revealed?of=a%20b&token=qu3ry",
        "headers": f"[definitionHeader: h1, X-Key: k3y, X-More: m0re, {OWN_HEADERS}]",
        "body": '{"message":"hello","sealed":"b0dy"}',
    }
    response = data["response"]
    assert (response["protocol"], response["statusCode"], response["statusMessage"]) == (
        "http",
        "200",
        "OK",
    )
    assert json.loads(response["body"]) == {"path": "/revealed"}
    assert response["headers"].startswith("[server: ")
    assert ", content-type: application/json, content-length: " in response["headers"]
    [asked] = endpoint.told("/revealed")
    assert asked.path.endswith("?of=a%20b&token=qu3ry")
    assert asked.headers["content-type"] == "application/json; charset=UTF-8"


def test_request_without_secrets(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """What the connection adds is sent, and left out of what is shown."""
    answer = tried(running_server, f"{endpoint.url}/sealed")
    shown = answer["inspectionData"]["request"]
    assert shown == {
        "protocol": "http",
        "method": "POST",
        "url": f"{endpoint.url}/sealed?of=a%20b",
        "headers": f"[definitionHeader: h1, {OWN_HEADERS}]",
        "body": '{"message":"hello"}',
    }
    assert not any(secret in json.dumps(answer["inspectionData"]) for secret in SECRETS)
    [asked] = endpoint.told("/sealed")
    assert asked.headers["x-key"] == "k3y"
    assert json.loads(asked.body) == {"message": "hello", "sealed": "b0dy"}


def test_a_failure_shows_its_response(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """A status that fails the task is shown, too, with the body."""
    answer = tried(running_server, f"{endpoint.url}/missing")
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Http.StatusCode.404")
    response = answer["inspectionData"]["response"]
    assert (response["statusCode"], response["statusMessage"]) == ("404", "Not Found")
    assert response["body"] == "no such order"


def test_nobody_answers(running_server: ServerProcess) -> None:
    """The request is shown without a response."""
    answer = tried(running_server, "http://127.0.0.1:1/nobody")
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Http.Socket")
    assert "request" in answer["inspectionData"]
    assert "response" not in answer["inspectionData"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_other_levels_show_neither(
    running_server: ServerProcess, endpoint: Endpoint, level: str
) -> None:
    """Only TRACE shows the wire, whoever may see secrets."""
    answer = tried(running_server, f"{endpoint.url}/plain", level, revealSecrets=True)
    assert {"request", "response"}.isdisjoint(answer.get("inspectionData", {}))
    assert not any(secret in json.dumps(answer, default=str) for secret in SECRETS)
