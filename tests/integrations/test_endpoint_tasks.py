"""`http:invoke` and `apigateway:invoke` on a running server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stepwell.testing.server import ServerProcess
from tests.integrations.endpoint import Endpoint, serving
from tests.services.apigateway.apis import REGION, ROLE, RestApi, aws, client

_numbers = itertools.count()
BASIC = {"BasicAuthParameters": {"Username": "ann", "Password": "secret"}}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """A web server."""
    with serving() as served:
        yield served


def run(server: ServerProcess, resource: str, parameters: Any, given: Any = None) -> Any:
    """The end of an execution of one task."""
    states = client(server, "stepfunctions")
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "End": True,
    }
    definition = json.dumps({"StartAt": "A", "States": {"A": task}})
    machine = states.create_state_machine(
        name=f"http-{next(_numbers)}", roleArn=ROLE, definition=definition, type="EXPRESS"
    )["stateMachineArn"]
    return states.start_sync_execution(
        stateMachineArn=machine, input=json.dumps(given if given is not None else {})
    )


def connection(server: ServerProcess, kind: str = "BASIC", **parameters: Any) -> str:
    """A connection; its ARN."""
    made = client(server, "events").create_connection(
        Name=f"c-{next(_numbers)}", AuthorizationType=kind, AuthParameters=parameters or BASIC
    )
    return str(made["ConnectionArn"])


def invoke(server: ServerProcess, url: str, arn: str, method: str = "POST", **more: Any) -> Any:
    """The end of an http:invoke."""
    parameters = {"ApiEndpoint": url, "Method": method, "Authentication": {"ConnectionArn": arn}}
    return run(server, "http:invoke", {**parameters, **more})


def test_an_endpoint_is_called(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """With credentials, query, headers and a JSON body; the answer has AWS's members."""
    ended = invoke(
        running_server,
        f"{endpoint.url}/plain",
        connection(running_server),
        Headers={"X-Mine": "yes"},
        QueryParameters={"a": "1 2", "b": ["x", "y"]},
        RequestBody={"n": 1},
    )
    output = json.loads(ended["output"])
    assert output["StatusCode"] == 200
    assert output["StatusText"] == "OK"
    assert output["ResponseBody"] == {"path": "/plain"}
    assert output["Headers"]["content-type"] == ["application/json"]
    [asked] = endpoint.told("/plain")
    assert asked.headers["authorization"] == "Basic YW5uOnNlY3JldA=="
    assert asked.headers["user-agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"
    assert asked.headers["range"] == "bytes=0-262144"
    assert asked.headers["x-mine"] == "yes"
    assert asked.headers["content-type"] == "application/json; charset=UTF-8"
    assert parse_qs(urlsplit(asked.path).query) == {"a": ["1 2"], "b": ["x", "y"]}
    assert json.loads(asked.body) == {"n": 1}


def test_a_connection_adds_its_parameters(
    running_server: ServerProcess, endpoint: Endpoint
) -> None:
    """What a connection says goes before what the state says."""
    given = {
        "HeaderParameters": [{"Key": "X-Tenant", "Value": "t", "IsValueSecret": False}],
        "QueryStringParameters": [{"Key": "v", "Value": "2"}],
        "BodyParameters": [{"Key": "k", "Value": "mine"}],
    }
    key = {"ApiKeyName": "x-api-key", "ApiKeyValue": "s3cret"}
    arn = connection(
        running_server,
        "API_KEY",
        ApiKeyAuthParameters=key,
        InvocationHttpParameters=given,
    )
    ended = invoke(
        running_server,
        f"{endpoint.url}/added",
        arn,
        Headers={"x-tenant": "other"},
        QueryParameters={"v": "1"},
        RequestBody={"k": "state", "own": True},
    )
    assert ended["status"] == "SUCCEEDED"
    [asked] = endpoint.told("/added")
    assert asked.headers["x-api-key"] == "s3cret"
    assert asked.headers["x-tenant"] == "t"
    assert urlsplit(asked.path).query == "v=2"
    assert json.loads(asked.body) == {"k": "mine", "own": True}
    clash = invoke(running_server, f"{endpoint.url}/added", arn, RequestBody="text")
    assert clash["error"] == "States.Runtime"


def test_statuses_are_errors(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """What is not 2xx fails the task by its number, with the body as the cause."""
    endpoint.answers["/gone"] = (404, "application/json", b'{"no": "such thing"}')
    endpoint.answers["/moved"] = (302, "text/plain", b"")
    arn = connection(running_server)
    gone = invoke(running_server, f"{endpoint.url}/gone", arn, "GET")
    assert (gone["error"], gone["cause"]) == ("States.Http.StatusCode.404", '{"no": "such thing"}')
    moved = invoke(running_server, f"{endpoint.url}/moved", arn, "GET")
    assert (moved["error"], moved["cause"]) == ("States.Http.StatusCode.302", "Found")


def test_what_cannot_be_fails_by_its_name(
    running_server: ServerProcess, endpoint: Endpoint
) -> None:
    """Connections, schemes, headers, media types and sockets, each with AWS's error."""
    arn, url = connection(running_server), f"{endpoint.url}/x"
    endpoint.answers["/image"] = (200, "image/png", b"\x89")
    missing = arn.replace("connection/", "connection/no-")
    results = {
        "no connection": invoke(running_server, url, missing),
        "scheme": invoke(running_server, "http://example.com/", arn),
        "header": invoke(running_server, url, arn, Headers={"Host": "x"}),
        "forwarded": invoke(running_server, url, arn, Headers={"X-Amz-Date": "x"}),
        "image": invoke(running_server, f"{endpoint.url}/image", arn),
        "socket": invoke(running_server, "http://127.0.0.1:1/", arn),
        "no authentication": run(
            running_server, "http:invoke", {"ApiEndpoint": url, "Method": "GET"}
        ),
    }
    assert {name: ended["error"] for name, ended in results.items()} == {
        "no connection": "Events.ConnectionResource.ResourceNotFound",
        "scheme": "States.Runtime",
        "header": "States.Runtime",
        "forwarded": "States.Runtime",
        "image": "States.Runtime",
        "socket": "States.Http.Socket",
        "no authentication": "States.Runtime",
    }


@pytest.fixture(scope="module")
def api(running_server: ServerProcess) -> RestApi:
    """An API that answers with what it was sent, and one method that refuses."""
    made = RestApi(running_server)
    names = {"id": "id", "q": "q", "h": "X-H"}
    told = json.dumps({key: f"$input.params('{name}')" for key, name in names.items()})
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    responses = {"200": {"responseTemplates": {"application/json": told}}}
    made.method("POST", "/things/{id}", mock, responses)
    made.method("GET", "/closed", mock, {"200": {}}, authorizationType="AWS_IAM")
    made.method(
        "POST",
        "/answer",
        aws(
            "states:action/SendTaskSuccess",
            '{"taskToken": "$input.path(\'$.token\')", "output": "\\"done\\""}',
        ),
        {"200": {}},
    )
    made.deploy()
    return made


def call_api(api: RestApi, method: str, path: str, **more: Any) -> Any:
    """The end of an apigateway:invoke."""
    host = f"{api.id}.execute-api.{REGION}.amazonaws.com"
    parameters = {"ApiEndpoint": host, "Method": method, "Stage": "dev", "Path": path, **more}
    return run(api.server, "apigateway:invoke", parameters)


def test_an_api_is_called(api: RestApi) -> None:
    """By the name it has on AWS, without leaving the server."""
    ended = call_api(
        api,
        "POST",
        "things/7",
        Headers={"X-H": ["a"]},
        QueryParameters={"q": ["1"]},
        RequestBody={"a": None},
    )
    output = json.loads(ended["output"])
    assert output["ResponseBody"] == {"id": "7", "q": "1", "h": "a"}
    assert (output["StatusCode"], output["StatusText"]) == (200, "OK")
    assert output["Headers"]["Content-Type"] == ["application/json"]


def test_an_api_refuses(api: RestApi) -> None:
    """The error is named by the status; a role's signature opens what asks for one."""
    refused = call_api(api, "GET", "/closed")
    assert refused["error"] == "ApiGateway.403"
    assert json.loads(refused["cause"]) == {"message": "Missing Authentication Token"}
    assert call_api(api, "GET", "/closed", AuthType="IAM_ROLE")["status"] == "SUCCEEDED"
    assert call_api(api, "GET", "/closed", Headers={"a": "b"})["error"] == "States.Runtime"


def test_an_api_answers_the_token_it_is_sent(api: RestApi) -> None:
    """`.waitForTaskToken`: the call hands the token over, and the answer to it ends the task."""
    states = client(api.server, "stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::apigateway:invoke.waitForTaskToken",
        "Parameters": {
            "ApiEndpoint": f"{api.id}.execute-api.{REGION}.amazonaws.com",
            "Method": "POST",
            "Stage": "dev",
            "Path": "/answer",
            "RequestBody": {"token.$": "$$.Task.Token"},
        },
        "Next": "Wait",
    }
    wait = {"Type": "Wait", "Seconds": 0, "End": True}
    made = states.create_state_machine(
        name="token-through-api",
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "A", "States": {"A": task, "Wait": wait}}),
    )
    arn = states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    told = finished(states, arn)
    assert json.loads(told["output"]) == "done"


def finished(states: Any, arn: str) -> Any:
    """The execution once it is over."""
    for _ in range(2_000):
        told = states.describe_execution(executionArn=arn)
        if told["status"] != "RUNNING":
            return told
    raise AssertionError(f"{arn} does not end")
