"""Functions behind APIs: the events they get and what becomes of their answers."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.services.apigateway.apis import REGION, ROLE, Reply, RestApi, ask, client

FUNCTION = f"arn:aws:lambda:{REGION}:000000000000:function:behind"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
CODE = """
import base64, json

def handler(event, context):
    if "authorizationToken" in event:
        effect = {"yes": "Allow", "no": "Deny"}.get(event["authorizationToken"])
        if effect is None:
            raise Exception("Unauthorized")
        statement = {"Effect": effect, "Resource": event["methodArn"]}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "ann", "policyDocument": policy, "context": {"n": 1, "ok": True}}
    if event.get("type") == "REQUEST":
        return {"isAuthorized": event["identitySource"] == ["yes"], "context": {"who": "ann"}}
    if event.get("fail"):
        raise ValueError(event["fail"])
    if "requestContext" not in event:
        return event
    body = event.get("body") or "{}"
    if event["isBase64Encoded"]:
        return {"statusCode": 200, "body": json.dumps(event)}
    told = json.loads(body) if body.startswith("{") else {}
    if told.get("raise"):
        raise ValueError("oh")
    return told["answer"] if "answer" in told else {"statusCode": 200, "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def server(running_server: ServerProcess) -> ServerProcess:
    """A server with the function."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    client(running_server, "lambda").create_function(
        FunctionName="behind",
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=20,
    )
    return running_server


PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}


@pytest.fixture(scope="module")
def rest(server: ServerProcess) -> RestApi:
    """A REST API whose every path is the function's."""
    api = RestApi(server, "functions", binaryMediaTypes=["image/png"])
    api.method("ANY", "/{proxy+}", PROXY)
    api.deploy(variables={"colour": "blue"})
    return api


class HttpApi:
    """An HTTP API whose every path is the function's."""

    def __init__(self, server: ServerProcess, version: str, **settings: Any) -> None:
        self.server = server
        self.gateway = client(server, "apigatewayv2")
        self.id = self.gateway.create_api(Name="h", ProtocolType="HTTP", **settings)["ApiId"]
        made = self.gateway.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=FUNCTION,
            PayloadFormatVersion=version,
        )
        self.target = f"integrations/{made['IntegrationId']}"
        for key in ("ANY /things/{id}", "$default"):
            self.gateway.create_route(ApiId=self.id, RouteKey=key, Target=self.target)
        self.gateway.create_stage(
            ApiId=self.id, StageName="$default", AutoDeploy=True, StageVariables={"v": "1"}
        )

    def ask(self, method: str, path: str, body: str | bytes | None = None, **more: Any) -> Reply:
        """A request to the stage."""
        name = f"{self.id}.execute-api.{REGION}.localhost:{self.server.port}"
        return ask(self.server, method, path, body, host=name, **more)


@pytest.fixture(scope="module")
def http(server: ServerProcess) -> HttpApi:
    """An HTTP API with payload format 2.0."""
    return HttpApi(server, "2.0")


def test_the_event_of_a_rest_api(rest: RestApi) -> None:
    """Format 1.0, with all its members."""
    reply = rest.ask(
        "POST",
        "/a/b%20c?x=1&x=2&y=%26",
        '{"n": 1}',
        headers={"Content-Type": "application/json", "X-One": "1"},
    )
    event = reply.json
    assert (event["resource"], event["path"]) == ("/{proxy+}", "/a/b%20c")
    assert event["httpMethod"] == "POST"
    assert event["pathParameters"] == {"proxy": "a/b c"}
    assert event["queryStringParameters"] == {"x": "2", "y": "&"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["&"]}
    assert event["headers"]["X-One"] == "1"
    assert event["multiValueHeaders"]["Content-Type"] == ["application/json"]
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    context = event["requestContext"]
    assert context["requestId"] == reply.headers["x-amzn-requestid"]
    assert context["extendedRequestId"] == reply.headers["x-amz-apigw-id"]
    assert (context["stage"], context["apiId"]) == ("dev", rest.id)
    assert (context["resourcePath"], context["path"]) == ("/{proxy+}", "/dev/a/b%20c")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert set(context) >= {"accountId", "domainName", "httpMethod", "protocol", "requestTimeEpoch"}


def test_nothing_given_is_null(rest: RestApi) -> None:
    """No query and no body are null in format 1.0."""
    event = rest.ask("GET", "/x").json
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["body"] is None


def test_binary_bodies_are_base_64(rest: RestApi) -> None:
    """For the media types that the API calls binary."""
    event = rest.ask("POST", "/x", b"\x89PNG", headers={"Content-Type": "image/png"}).json
    assert (event["body"], event["isBase64Encoded"]) == ("iVBORw==", True)


def answered(api: Any, answer: Any, **more: Any) -> Reply:
    """What a function's answer becomes."""
    reply = api.ask("POST", "/things/7", json.dumps({"answer": answer}), **more)
    assert isinstance(reply, Reply)
    return reply


def test_answers_of_format_1(rest: RestApi) -> None:
    """Status, headers, several of one name, and bodies in base 64."""
    reply = answered(
        rest,
        {
            "statusCode": "201",
            "headers": {"X-A": 1, "X-B": "one"},
            "multiValueHeaders": {"x-b": ["two"], "Set-Cookie": ["a=1"]},
            "body": "hi",
        },
    )
    assert (reply.status, reply.body) == (201, b"hi")
    assert reply.headers["x-a"] == "1"
    assert reply.headers["x-b"] == "two"
    assert reply.headers["content-type"] == "application/json"
    packed = {"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": True}
    assert answered(rest, packed, headers={"Accept": "image/png"}).body == b"\x89PNG"
    assert answered(rest, packed).body == b"iVBORw=="


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        [1],
        None,
        {"statusCode": 200, "body": {"no": "text"}},
        {"statusCode": "ok"},
        {"statusCode": 200, "unknown": 1},
        {"statusCode": 200, "headers": {"a": {"b": 1}}},
    ],
)
def test_malformed_answers_are_502(rest: RestApi, answer: Any) -> None:
    """AWS's internal server error."""
    reply = answered(rest, answer)
    assert (reply.status, reply.json) == (502, {"message": "Internal server error"})
    assert reply.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_function_that_fails_is_a_502(rest: RestApi, http: HttpApi) -> None:
    """What went wrong is not told to the caller; HTTP APIs answer 500."""
    told = json.dumps({"raise": True})
    assert rest.ask("POST", "/x", told).status == 502
    reply = http.ask("POST", "/x", told)
    assert (reply.status, reply.json) == (500, {"message": "Internal Server Error"})


def test_functions_without_proxy(server: ServerProcess) -> None:
    """The template makes the payload, the error message selects the response."""
    api = RestApi(server, "custom")
    template = '{"fail": "$input.params(\'fail\')", "in": $input.json(\'$.a\')}'
    made = {**PROXY, "type": "AWS", "requestTemplates": {"application/json": template}}
    responses: dict[str, dict[str, Any]] = {
        "200": {"responseTemplates": {"application/json": "$input.json('$.in')"}},
        "409": {
            "selectionPattern": ".*taken.*",
            "responseTemplates": {"application/json": "{\"why\": $input.json('$.errorMessage')}"},
        },
    }
    api.method("POST", "/f", made, responses)
    api.deploy()
    assert api.ask("POST", "/f", '{"a": [1]}').json == [1]
    taken = api.ask("POST", "/f?fail=it+is+taken", '{"a": 1}')
    assert (taken.status, taken.json) == (409, {"why": "it is taken"})


def test_the_event_of_an_http_api(http: HttpApi) -> None:
    """Format 2.0, with all its members."""
    reply = http.ask(
        "PUT",
        "/things/7%2F8?x=1&x=2",
        "{}",
        headers={"Content-Type": "application/json", "Cookie": "a=1; b=2", "X-One": "1"},
    )
    event = reply.json
    assert (event["version"], event["routeKey"]) == ("2.0", "ANY /things/{id}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/things/7%2F8", "x=1&x=2")
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-one"] == "1"
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert event["pathParameters"] == {"id": "7%2F8"}
    assert event["stageVariables"] == {"v": "1"}
    context = event["requestContext"]
    assert context["http"]["method"] == "PUT"
    assert context["http"]["path"] == "/things/7%2F8"
    assert context["requestId"] == reply.headers["apigw-requestid"]
    assert (context["stage"], context["apiId"]) == ("$default", http.id)
    bare = http.ask("GET", "/nothing").json
    assert bare["routeKey"] == "$default"
    assert not {"queryStringParameters", "pathParameters", "cookies", "body"} & set(bare)


def test_answers_of_format_2(http: HttpApi) -> None:
    """With a status, or anything else as the body of a 200."""
    full = answered(http, {"statusCode": 202, "cookies": ["a=1"], "headers": {"X-A": "b"}})
    assert (full.status, full.headers["set-cookie"], full.headers["x-a"]) == (202, "a=1", "b")
    plain = answered(http, {"message": "hi"})
    assert (plain.status, plain.json) == (200, {"message": "hi"})
    assert plain.headers["content-type"] == "application/json"
    text = answered(http, "just text")
    assert text.body == b"just text"
    packed = answered(http, {"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": True})
    assert packed.body == b"\x89PNG"


def test_format_1_of_an_http_api(server: ServerProcess) -> None:
    """The older event, where the integration asks for it."""
    event = HttpApi(server, "1.0").ask("GET", "/things/7?x=1").json
    assert event["version"] == "1.0"
    assert (event["resource"], event["path"]) == ("ANY /things/{id}", "/things/7")
    assert event["pathParameters"] == {"id": "7"}


def test_cors_of_an_http_api(server: ServerProcess) -> None:
    """Preflights are answered by the API; its headers go before the function's."""
    cors = {
        "AllowOrigins": ["https://a.example"],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["x-one"],
        "MaxAge": 60,
    }
    api = HttpApi(server, "2.0", CorsConfiguration=cors)
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    flight = api.ask("OPTIONS", "/x", headers=asked)
    assert (flight.status, flight.body) == (204, b"")
    assert flight.headers["access-control-allow-origin"] == "https://a.example"
    assert flight.headers["access-control-allow-methods"] == "GET,POST"
    assert flight.headers["access-control-max-age"] == "60"
    other = api.ask("GET", "/x", headers={"Origin": "https://b.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_token_authorizer(server: ServerProcess) -> None:
    """A policy lets in or keeps out; an exception of that name is a 401; no token too."""
    api = RestApi(server, "closed")
    authorizer = api.gateway.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=URI,
        identitySource="method.request.header.X-Token",
    )["id"]
    api.method("GET", "/", PROXY, authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    let_in = api.ask("GET", "/", headers={"X-Token": "yes"})
    told = let_in.json["requestContext"]["authorizer"]
    assert (told["principalId"], told["n"], told["ok"]) == ("ann", "1", "true")
    denied = api.ask("GET", "/", headers={"X-Token": "no"})
    assert (denied.status, denied.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    for headers in ({}, {"X-Token": "what"}):
        reply = api.ask("GET", "/", headers=headers)
        assert (reply.status, reply.json) == (401, {"message": "Unauthorized"})


def test_an_authorizer_of_an_http_api(server: ServerProcess) -> None:
    """A plain answer lets in or keeps out."""
    api = HttpApi(server, "2.0")
    made = api.gateway.create_authorizer(
        ApiId=api.id,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=URI,
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        IdentitySource=["$request.header.X-Token"],
    )
    api.gateway.create_route(
        ApiId=api.id,
        RouteKey="GET /closed",
        Target=api.target,
        AuthorizationType="CUSTOM",
        AuthorizerId=made["AuthorizerId"],
    )
    told = api.ask("GET", "/closed", headers={"X-Token": "yes"}).json
    assert told["requestContext"]["authorizer"] == {"lambda": {"who": "ann"}}
    assert api.ask("GET", "/closed", headers={"X-Token": "no"}).status == 403
    assert api.ask("GET", "/closed").status == 401


def test_a_rest_api_of_a_document(server: ServerProcess) -> None:
    """As SAM writes it: integrations, models, authorizers and responses in OpenAPI."""
    document = {
        "swagger": "2.0",
        "info": {"title": "imported", "version": "1"},
        "paths": {
            "/hello/{name}": {
                "x-amazon-apigateway-any-method": {
                    "x-amazon-apigateway-integration": {
                        "type": "aws_proxy",
                        "httpMethod": "POST",
                        "uri": URI,
                    },
                    "responses": {},
                },
                "options": {
                    "responses": {"200": {"headers": {"Access-Control-Allow-Origin": {}}}},
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestTemplates": {"application/json": '{"statusCode": 200}'},
                        "responses": {
                            "default": {
                                "statusCode": "200",
                                "responseParameters": {
                                    "method.response.header.Access-Control-Allow-Origin": "'*'"
                                },
                            }
                        },
                    },
                },
            }
        },
        "x-amazon-apigateway-gateway-responses": {
            "MISSING_AUTHENTICATION_TOKEN": {"statusCode": 404}
        },
    }
    gateway = client(server, "apigateway")
    made = gateway.import_rest_api(body=json.dumps(document).encode())
    api = RestApi.__new__(RestApi)
    api.server, api.gateway, api.id = server, gateway, made["id"]
    api.deploy()
    assert made["name"] == "imported"
    assert api.ask("GET", "/hello/ann").json["pathParameters"] == {"name": "ann"}
    assert api.ask("OPTIONS", "/hello/ann").headers["access-control-allow-origin"] == "*"
    assert api.ask("GET", "/nope").status == 404
    document["paths"] = {"/other": document["paths"]["/hello/{name}"]}  # type: ignore[index]
    gateway.put_rest_api(restApiId=api.id, mode="overwrite", body=json.dumps(document).encode())
    paths = {each["path"] for each in gateway.get_resources(restApiId=api.id)["items"]}
    assert paths == {"/", "/other"}


def test_an_http_api_of_a_document(server: ServerProcess) -> None:
    """As SAM writes it, with its default route."""
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": URI,
        "payloadFormatVersion": "2.0",
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": "imported", "version": "1"},
        "paths": {
            "/hello": {"get": {"x-amazon-apigateway-integration": integration, "responses": {}}},
            "/$default": {
                "x-amazon-apigateway-any-method": {
                    "isDefaultRoute": True,
                    "x-amazon-apigateway-integration": integration,
                }
            },
        },
        "x-amazon-apigateway-cors": {"allowOrigins": ["*"], "allowMethods": ["*"]},
    }
    gateway = client(server, "apigatewayv2")
    api = gateway.import_api(Body=json.dumps(document))
    gateway.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    name = f"{api['ApiId']}.execute-api.{REGION}.localhost"
    assert ask(server, "GET", "/hello", host=name).json["routeKey"] == "GET /hello"
    assert ask(server, "POST", "/hello", host=name).json["routeKey"] == "$default"
    del document["paths"]["/$default"]  # type: ignore[attr-defined]
    gateway.reimport_api(ApiId=api["ApiId"], Body=json.dumps(document))
    missing = ask(server, "POST", "/hello", host=name)
    assert (missing.status, missing.json) == (404, {"message": "Not Found"})
