"""Requests to REST APIs of a running server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.services.apigateway.apis import ROLE, Reply, RestApi, ask, aws, client

MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


@pytest.fixture(scope="module")
def api(running_server: ServerProcess) -> RestApi:
    """An API with many methods, deployed."""
    made = RestApi(running_server, binaryMediaTypes=["image/png"])
    said = {"200": {"responseTemplates": {"application/json": '{"at": "$context.resourcePath"}'}}}
    for path in ("/", "/pets", "/pets/{id}", "/pets/mine", "/all/{proxy+}"):
        made.method("GET", path, MOCK, said)
    made.method("ANY", "/any", MOCK, said)
    told = (
        '{"id": "$input.params(\'id\')", "q": "$input.params(\'q\')",'
        ' "agent": "$input.params(\'User-Agent\')", "body": $input.json(\'$.a\'),'
        ' "stage": "$context.stage", "variable": "$stageVariables.colour"}'
    )
    template = '{"statusCode": 200, "seen": ' + told + "}"
    mapped = {"200": {"responseTemplates": {"application/json": told}}}
    made.method(
        "POST", "/echo/{id}", {**MOCK, "requestTemplates": {"application/json": template}}, mapped
    )
    made.deploy(variables={"colour": "blue"})
    return made


def at(reply: Reply) -> Any:
    """The resource that answered."""
    return reply.json["at"]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("", "/"),
        ("/", "/"),
        ("/pets", "/pets"),
        ("/pets/", "/pets"),
        ("/pets/7", "/pets/{id}"),
        ("/pets/mine", "/pets/mine"),
        ("/pets/a%2Fb", "/pets/{id}"),
        ("/all/a/b/c", "/all/{proxy+}"),
    ],
)
def test_the_closest_resource_answers(api: RestApi, path: str, resource: str) -> None:
    """The very text counts before a variable, and that before a greedy one."""
    assert at(api.ask("GET", path)) == resource


def test_any_takes_every_method(api: RestApi) -> None:
    """A method of ANY answers what no other method does."""
    assert at(api.ask("PATCH", "/any")) == "/any"


@pytest.mark.parametrize(("method", "path"), [("GET", "/nope"), ("POST", "/pets"), ("GET", "/all")])
def test_what_is_not_there_misses_a_token(api: RestApi, method: str, path: str) -> None:
    """No resource or no method: AWS's odd 403."""
    reply = api.ask(method, path)
    assert (reply.status, reply.json) == (403, {"message": "Missing Authentication Token"})
    assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert "x-amzn-requestid" in reply.headers
    assert "x-amz-apigw-id" in reply.headers


def test_a_stage_or_an_api_that_is_not_there_is_forbidden(api: RestApi) -> None:
    """The name leads nowhere."""
    name = f"{api.id}.execute-api.us-east-1.localhost"
    for host, path in ((name, "/nope/pets"), (f"x{name}", "/dev/pets")):
        reply = ask(api.server, "GET", path, host=host)
        assert (reply.status, reply.json) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    "path",
    ["/restapis/{api}/dev/_user_request_/pets", "/_aws/execute-api/{api}/dev/pets"],
)
def test_paths_lead_to_stages_too(api: RestApi, path: str) -> None:
    """For callers that cannot use names."""
    assert at(ask(api.server, "GET", path.replace("{api}", api.id))) == "/pets"


def test_templates_see_the_request(api: RestApi) -> None:
    """Parameters of path, query and headers, the body, the context, the stage's variables."""
    reply = api.ask(
        "POST",
        "/echo/7?q=a%20b&q=last",
        '{"a": {"b": 1}}',
        headers={"Content-Type": "application/json", "user-agent": "tests"},
    )
    told = reply.json
    assert (told["id"], told["q"], told["agent"]) == ("7", "last", "tests")
    assert (told["stage"], told["variable"]) == ("dev", "blue")


def test_a_body_that_is_no_json_is_told_so(api: RestApi) -> None:
    """A template that reads the body needs JSON."""
    reply = api.ask("POST", "/echo/7", "{")
    assert reply.status == 400
    assert reply.json["message"].startswith("Could not parse request body into json: ")


def test_an_execution_is_started(running_server: ServerProcess) -> None:
    """What Serverless' `http` event makes: also with apostrophes, quotes and other signs."""
    states = client(running_server, "stepfunctions")
    machine = make_machine(states, "started", {"Type": "Pass", "End": True})
    api = RestApi(running_server)
    template = (
        "#set( $body = $util.escapeJavaScript($input.json('$')).replaceAll(\"\\\\'\", \"'\") )\n"
        f'{{"input": "$body", "name": "$context.requestId", "stateMachineArn": "{machine}"}}'
    )
    outcomes: dict[str, dict[str, Any]] = {
        "200": {"responseTemplates": {"application/json": ""}},
        "400": {
            "selectionPattern": "4\\d{2}",
            "responseTemplates": {"application/json": '{"error": $input.json("$.__type")}'},
        },
    }
    api.method("POST", "/start", aws("states:action/StartExecution", template), outcomes)
    broken = '{"input": "{}", "stateMachineArn": "arn:aws:states:us-east-1:000000000000:x"}'
    api.method("POST", "/broken", aws("states:action/StartExecution", broken), outcomes)
    api.deploy()
    given = {"text": 'it\'s "so" \\ \n é \U0001f600', "n": [1, 2.5, None]}
    reply = api.ask(
        "POST", "/start", json.dumps(given), headers={"Content-Type": "application/json"}
    )
    assert reply.status == 200
    assert set(reply.json) == {"executionArn", "startDate"}
    told = states.describe_execution(executionArn=reply.json["executionArn"])
    assert json.loads(told["input"]) == given
    assert told["name"] == reply.headers["x-amzn-requestid"]
    refused = api.ask("POST", "/broken", "{}")
    assert (refused.status, refused.json) == (400, {"error": "InvalidArn"})


def make_machine(states: Any, name: str, state: dict[str, Any], **settings: Any) -> str:
    """A machine of one state; its ARN."""
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})
    made = states.create_state_machine(name=name, roleArn=ROLE, definition=definition, **settings)
    return str(made["stateMachineArn"])


def test_a_link_answers_a_token(running_server: ServerProcess) -> None:
    """GET /approve?taskToken=... ends the wait, GET /reject fails it, a second click is told so."""
    states, queues = client(running_server, "stepfunctions"), client(running_server, "sqs")
    queue = queues.create_queue(QueueName="links")["QueueUrl"]
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    machine = make_machine(states, "approved", wait)
    api = RestApi(running_server)
    token = "$util.escapeJavaScript($input.params('taskToken'))"
    success = f'{{"taskToken": "{token}", "output": "{{\\"approved\\": true}}"}}'
    failure = f'{{"taskToken": "{token}", "error": "Rejected", "cause": "by link"}}'
    page = {"text/html": "<h1>Thank you</h1>"}
    outcomes: dict[str, dict[str, Any]] = {
        "200": {"responseTemplates": page},
        "410": {"selectionPattern": "4..", "responseTemplates": {"text/html": "<h1>Too late</h1>"}},
    }
    api.method("GET", "/approve", aws("states:action/SendTaskSuccess", success), outcomes)
    api.method("GET", "/reject", aws("states:action/SendTaskFailure", failure), outcomes)
    api.deploy()
    ends = {}
    for verb in ("approve", "reject"):
        arn = states.start_execution(stateMachineArn=machine)["executionArn"]
        found = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]
        link = f"/{verb}?taskToken={json.loads(found['Body'])['token']}"
        reply = api.ask("GET", link)
        assert (reply.status, reply.body) == (200, b"<h1>Thank you</h1>")
        assert reply.headers["content-type"] == "text/html"
        assert api.ask("GET", link).status == 410
        ends[verb] = states.describe_execution(executionArn=arn)
    assert json.loads(ends["approve"]["output"]) == {"approved": True}
    assert (ends["reject"]["error"], ends["reject"]["cause"]) == ("Rejected", "by link")


def test_an_express_machine_answers_through_its_api(running_server: ServerProcess) -> None:
    """StartSyncExecution: the output of the machine is the answer."""
    states = client(running_server, "stepfunctions")
    state = {"Type": "Pass", "Result": {"hello": "there"}, "End": True}
    machine = make_machine(states, "express", state, type="EXPRESS")
    api = RestApi(running_server)
    template = f'{{"input": "{{}}", "stateMachineArn": "{machine}"}}'
    out = {"200": {"responseTemplates": {"application/json": "$input.path('$.output')"}}}
    api.method("GET", "/sync", aws("states:action/StartSyncExecution", template), out)
    api.deploy()
    assert api.ask("GET", "/sync").json == {"hello": "there"}


@pytest.mark.parametrize("way", ["path", "action"])
def test_a_message_is_sent(running_server: ServerProcess, way: str) -> None:
    """SQS by its path with a form, and by its action with query parameters."""
    queues = client(running_server, "sqs")
    queue = queues.create_queue(QueueName=f"by-{way}")["QueueUrl"]
    api = RestApi(running_server)
    done: dict[str, dict[str, Any]] = {"200": {}}
    if way == "path":
        form = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
        made = aws(
            f"sqs:path/000000000000/by-{way}",
            form,
            requestParameters={
                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
            },
        )
    else:
        made = aws(
            "sqs:action/SendMessage",
            requestParameters={
                "integration.request.querystring.QueueUrl": f"'{queue}'",
                "integration.request.querystring.MessageBody": "method.request.body.text",
            },
        )
    api.method("POST", "/send", made, done)
    api.deploy()
    reply = api.ask("POST", "/send", '{"text": "a & b"}')
    assert reply.status == 200
    sent = reply.json["SendMessageResponse"]["SendMessageResult"]["MessageId"]
    [found] = queues.receive_message(QueueUrl=queue)["Messages"]
    assert found["MessageId"] == sent
    assert found["Body"] == ('{"text": "a & b"}' if way == "path" else "a & b")


def test_bodies_without_a_template_pass_or_not(running_server: ServerProcess) -> None:
    """WHEN_NO_MATCH, WHEN_NO_TEMPLATES and NEVER are told apart by the media type."""
    api = RestApi(running_server)
    for path, behaviour in (
        ("/match", "WHEN_NO_MATCH"),
        ("/none", "WHEN_NO_TEMPLATES"),
        ("/never", "NEVER"),
    ):
        api.method("POST", path, {**MOCK, "passthroughBehavior": behaviour}, {"200": {}})
    api.deploy()
    text = {"Content-Type": "text/plain"}
    assert api.ask("POST", "/match", '{"statusCode": 200}', headers=text).status == 200
    for path in ("/none", "/never"):
        reply = api.ask("POST", path, "x", headers=text)
        assert (reply.status, reply.json) == (415, {"message": "Unsupported Media Type"})


def test_requests_are_checked(running_server: ServerProcess) -> None:
    """A validator refuses missing parameters and bodies that do not fit the model."""
    api = RestApi(running_server)
    gateway = api.gateway
    schema = '{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}'
    gateway.create_model(
        restApiId=api.id, name="Thing", contentType="application/json", schema=schema
    )
    validator = gateway.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    api.method(
        "POST",
        "/things",
        MOCK,
        {"200": {}},
        requestValidatorId=validator,
        requestModels={"application/json": "Thing"},
        requestParameters={"method.request.querystring.q": True},
    )
    api.deploy()
    assert api.ask("POST", "/things?q=1", '{"n": 1}').status == 200
    missing = api.ask("POST", "/things", '{"n": 1}')
    assert missing.json == {"message": "Missing required request parameters: [q]"}
    for body in ('{"n": "x"}', "{}", "", "{"):
        reply = api.ask("POST", "/things?q=1", body)
        assert (reply.status, reply.json) == (400, {"message": "Invalid request body"})


def test_keys_open_methods(running_server: ServerProcess) -> None:
    """A key counts when a plan lets it use the stage."""
    api = RestApi(running_server)
    api.method("GET", "/", MOCK, {"200": {}}, apiKeyRequired=True)
    api.deploy()
    gateway = api.gateway
    key = gateway.create_api_key(name="k", enabled=True)
    plan = gateway.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "dev"}])
    secret = {"x-api-key": key["value"]}
    assert api.ask("GET", "/", headers=secret).json == {"message": "Forbidden"}
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert api.ask("GET", "/", headers=secret).status == 200
    assert api.ask("GET", "/").status == 403


def test_gateway_responses_are_the_apis_own(running_server: ServerProcess) -> None:
    """Status, headers and body of what the gateway itself answers."""
    api = RestApi(running_server)
    api.method("GET", "/", MOCK, {"200": {}})
    api.gateway.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        responseTemplates={"application/json": '{"oh": $context.error.messageString}'},
    )
    api.deploy()
    reply = api.ask("GET", "/nope")
    assert (reply.status, reply.json) == (403, {"oh": "Missing Authentication Token"})
    assert reply.headers["access-control-allow-origin"] == "*"


def test_an_answer_no_response_fits_is_an_error(running_server: ServerProcess) -> None:
    """No default integration response: 500, as is a template that breaks."""
    api = RestApi(running_server)
    api.method("GET", "/none", MOCK, {"404": {"selectionPattern": "404"}})
    bad = {**MOCK, "requestTemplates": {"application/json": "$input.path('$[')"}}
    api.method("GET", "/bad", bad, {"200": {}})
    api.deploy()
    for path in ("/none", "/bad"):
        reply = api.ask("GET", path)
        assert (reply.status, reply.json) == (500, {"message": "Internal server error"})


def test_what_was_deployed_stays_until_the_next_deployment(running_server: ServerProcess) -> None:
    """A stage serves a snapshot, also after a restart of the server."""
    api = RestApi(running_server)
    api.method("GET", "/", MOCK, {"200": {}})
    api.deploy()
    api.method("GET", "/later", MOCK, {"200": {}})
    assert api.ask("GET", "/later").status == 403
    running_server.kill()
    running_server.start()
    assert api.ask("GET", "/").status == 200
    assert api.ask("GET", "/later").status == 403
    api.deploy()
    assert api.ask("GET", "/later").status == 200
