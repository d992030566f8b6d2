"""APIs in front of other services and of URLs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stepwell.testing.server import ServerProcess
from tests.integrations.endpoint import Endpoint, serving
from tests.services.apigateway.apis import REGION, Reply, RestApi, ask, aws, client

Responses = dict[str, dict[str, Any]]
DONE: Responses = {"200": {}}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """A web server."""
    with serving() as served:
        yield served


def test_an_event_is_put_on_a_bus(running_server: ServerProcess) -> None:
    """PutEvents through an API: a rule on the bus hands the event to a queue."""
    events, queues = client(running_server, "events"), client(running_server, "sqs")
    queue = queues.create_queue(QueueName="of-the-bus")["QueueUrl"]
    events.create_event_bus(Name="orders")
    events.put_rule(Name="all", EventBusName="orders", EventPattern='{"source": ["shop"]}')
    target = f"arn:aws:sqs:{REGION}:000000000000:of-the-bus"
    events.put_targets(Rule="all", EventBusName="orders", Targets=[{"Id": "q", "Arn": target}])
    api = RestApi(running_server)
    template = (
        '{"Entries": [{"Source": "shop", "DetailType": "$input.params(\'type\')",'
        ' "Detail": "$util.escapeJavaScript($input.json(\'$\'))", "EventBusName": "orders"}]}'
    )
    api.method("POST", "/events", aws("events:action/PutEvents", template), DONE)
    api.deploy()
    reply = api.ask("POST", "/events?type=made", '{"id": 7}')
    assert (reply.status, reply.json["FailedEntryCount"]) == (200, 0)
    [found] = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    event = json.loads(found["Body"])
    assert (event["detail-type"], event["detail"]) == ("made", {"id": 7})
    assert event["id"] == reply.json["Entries"][0]["EventId"]


def test_items_are_written_and_read(running_server: ServerProcess) -> None:
    """DynamoDB, with a response that is made of the item."""
    tables = client(running_server, "dynamodb")
    tables.create_table(
        TableName="pets",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = RestApi(running_server)
    put = (
        '{"TableName": "pets", "Item": {"id": {"S": "$input.params(\'id\')"},'
        ' "name": {"S": "$input.path(\'$.name\')"}}}'
    )
    get = '{"TableName": "pets", "Key": {"id": {"S": "$input.params(\'id\')"}}}'
    out = '#set($item = $input.path(\'$.Item\')){"name": "$item.name.S"}'
    shown: Responses = {"200": {"responseTemplates": {"application/json": out}}}
    api.method("PUT", "/pets/{id}", aws("dynamodb:action/PutItem", put), DONE)
    api.method("GET", "/pets/{id}", aws("dynamodb:action/GetItem", get), shown)
    api.deploy()
    assert api.ask("PUT", "/pets/1", '{"name": "Rex"}').json == {}
    assert api.ask("GET", "/pets/1").json == {"name": "Rex"}


def test_a_topic_is_published_to(running_server: ServerProcess) -> None:
    """SNS by its action, with query parameters; the answer is that of its older protocol."""
    topic = client(running_server, "sns").create_topic(Name="of-the-api")["TopicArn"]
    api = RestApi(running_server)
    mapped = {
        "integration.request.querystring.TopicArn": f"'{topic}'",
        "integration.request.querystring.Message": "method.request.querystring.text",
    }
    api.method("GET", "/publish", aws("sns:action/Publish", requestParameters=mapped), DONE)
    api.deploy()
    reply = api.ask("GET", "/publish?text=hello")
    assert reply.json["PublishResponse"]["PublishResult"]["MessageId"]


def test_a_url_is_passed_through_to(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """HTTP_PROXY: method, path, query, headers and body as they came; the answer too."""
    endpoint.answers["/base/a/b"] = (418, "text/plain", b"short and stout")
    api = RestApi(running_server)
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "ANY",
        "uri": endpoint.url + "/base/{proxy}",
        "requestParameters": {
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Added": "'yes'",
        },
    }
    wanted = {"method.request.path.proxy": True}
    api.method("ANY", "/{proxy+}", integration, requestParameters=wanted)
    api.deploy()
    reply = api.ask("PUT", "/a/b?x=1&x=2", b"body", headers={"X-Mine": "1"})
    assert (reply.status, reply.body) == (418, b"short and stout")
    [asked] = endpoint.told("/base/a/b")
    assert (asked.method, asked.body) == ("PUT", b"body")
    assert parse_qs(urlsplit(asked.path).query) == {"x": ["1", "2"]}
    assert (asked.headers["x-mine"], asked.headers["x-added"]) == ("1", "yes")


def test_a_url_is_called(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """HTTP: what templates and parameters say, nothing else; the status selects the response."""
    endpoint.answers["/made"] = (404, "application/json", b'{"why": "gone"}')
    api = RestApi(running_server)
    integration = {
        "type": "HTTP",
        "integrationHttpMethod": "POST",
        "uri": endpoint.url + "/made",
        "requestTemplates": {"application/json": "{\"of\": $input.json('$.id')}"},
    }
    out = {
        "selectionPattern": "404",
        "responseTemplates": {"application/json": "{\"sorry\": $input.json('$.why')}"},
        "responseParameters": {
            "method.response.header.X-Was": "integration.response.header.Content-Type"
        },
    }
    api.method("GET", "/made", integration, {"200": {}, "410": out})
    api.deploy()
    reply = api.ask("GET", "/made", '{"id": 7}', headers={"X-Mine": "1"})
    assert (reply.status, reply.json) == (410, {"sorry": "gone"})
    assert reply.headers["x-was"] == "application/json"
    [asked] = endpoint.told("/made")
    assert json.loads(asked.body) == {"of": 7}
    assert "x-mine" not in asked.headers


def test_nobody_behind_a_url(running_server: ServerProcess) -> None:
    """A URL that cannot be reached is an internal server error."""
    api = RestApi(running_server)
    nowhere = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:1/"}
    api.method("GET", "/", nowhere)
    api.deploy()
    reply = api.ask("GET", "/")
    assert (reply.status, reply.json) == (500, {"message": "Internal server error"})


def http_api(server: ServerProcess, **integration: Any) -> Any:
    """An HTTP API with one integration behind everything; the way to ask it."""
    gateway = client(server, "apigatewayv2")
    api = gateway.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    made = gateway.create_integration(ApiId=api, PayloadFormatVersion="1.0", **integration)
    target = f"integrations/{made['IntegrationId']}"
    gateway.create_route(ApiId=api, RouteKey="ANY /{proxy+}", Target=target)
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)

    def asked(method: str, path: str, body: str | None = None, **more: Any) -> Reply:
        name = f"{api}.execute-api.{REGION}.localhost"
        return ask(server, method, f"/dev{path}", body, host=name, **more)

    return asked


def test_an_http_api_passes_through(running_server: ServerProcess, endpoint: Endpoint) -> None:
    """With changes of headers, query and path, and of the answer's status and headers."""
    asked = http_api(
        running_server,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=endpoint.url + "/v2/{proxy}",
        RequestParameters={
            "append:header.x-id": "$context.requestId",
            "overwrite:querystring.q": "${request.querystring.q}-$context.stage",
            "remove:header.x-secret": "''",
        },
        ResponseParameters={
            "200": {"append:header.x-by": "stepwell", "overwrite:statuscode": "201"}
        },
    )
    reply = asked("POST", "/things?q=1", "{}", headers={"x-secret": "s"})
    assert (reply.status, reply.headers["x-by"]) == (201, "stepwell")
    assert reply.json == {"path": "/v2/things"}
    [seen] = endpoint.told("/v2/things")
    assert urlsplit(seen.path).query == "q=1-%24context.stage"
    assert seen.headers["x-id"] == reply.headers["apigw-requestid"]
    assert "x-secret" not in seen.headers


def test_an_http_api_puts_an_event(running_server: ServerProcess) -> None:
    """EventBridge-PutEvents with parameters of the request."""
    asked = http_api(
        running_server,
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="EventBridge-PutEvents",
        RequestParameters={
            "Source": "shop",
            "DetailType": "$request.path.proxy",
            "Detail": "$request.body.detail",
        },
    )
    reply = asked("POST", "/made", '{"detail": {"id": 7}}')
    assert (reply.status, reply.json["FailedEntryCount"]) == (200, 0)
    refused = asked("POST", "/made", '{"detail": "no json"}')
    assert refused.json["FailedEntryCount"] == 1
