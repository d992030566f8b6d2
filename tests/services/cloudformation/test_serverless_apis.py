"""APIs of serverless templates, from the transform to the answer of their stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.requests import ask
from tests.services.cloudformation.world import World

TEXT = (Path(__file__).parent / "serverless_apis.yaml").read_text(encoding="utf-8")
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def door(event: Any) -> Any:
    """Lets everybody in who has a ticket."""
    if "routeArn" in event:
        return {"isAuthorized": True}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"principalId": "p", "policyDocument": {"Statement": [statement]}}


@pytest.fixture
async def apis(world: World) -> dict[str, str]:
    """The stack's outputs."""
    world.runner.handlers["door"] = door
    world.runner.handlers["main"] = lambda event: {"statusCode": 200, "body": "ok"}
    await world.cfn("CreateStack", StackName="wide", TemplateBody=TEXT, Capabilities=CAPABILITIES)
    await world.settled()
    assert await world.status("wide") == "CREATE_COMPLETE", await world.events("wide")
    outputs = (await world.stack("wide"))["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


async def test_a_rest_api_asks_its_authorizer_and_checks_requests(
    world: World, apis: dict[str, str]
) -> None:
    """Authorizer, preflight answers, the gateway's own answers, models, validators: all hold."""
    api, body = apis["Rest"], '{"a": "1"}'
    assert (await ask(world, api, "GET", "/prod/a", ticket="t")).body == b"ok"
    refused = await ask(world, api, "GET", "/prod/a")
    assert (refused.status, dict(refused.headers)["Access-Control-Allow-Origin"]) == (401, "*")
    preflight = await ask(world, api, "OPTIONS", "/prod/a")
    assert dict(preflight.headers)["Access-Control-Allow-Methods"] == "GET"
    typed = {"content_type": "application/json"}
    answers = [
        await ask(world, api, "POST", "/prod/b/1?q=1", body, **typed),
        await ask(world, api, "POST", "/prod/b/1?q=1", "{}", **typed),
        await ask(world, api, "POST", "/prod/b/1", body, **typed),
    ]
    assert [answer.status for answer in answers] == [200, 400, 400]


async def test_an_http_api_asks_its_authorizer_and_for_signatures(
    world: World, apis: dict[str, str]
) -> None:
    """The authorizer's format may be a number; a route with AWS_IAM wants a signed request."""
    api = apis["Http"]
    answer = await ask(world, api, "GET", "/v1/a", ticket="t", origin="http://a.example")
    assert answer.body == b"ok"
    assert "*" in dict(answer.headers).values()
    assert (await ask(world, api, "GET", "/v1/a")).status == 401
    assert (await ask(world, api, "GET", "/v1/i")).status == 403


async def test_its_stages_change_and_nothing_is_left(world: World, apis: dict[str, str]) -> None:
    """Other variables are the stages', and a deleted stack leaves no API, plan or key."""
    text = TEXT.replace("Colour: red", "Colour: blue")
    await world.cfn("UpdateStack", StackName="wide", TemplateBody=text, Capabilities=CAPABILITIES)
    await world.settled()
    assert await world.status("wide") == "UPDATE_COMPLETE"
    place = {"restApiId": apis["Rest"], "stageName": "prod"}
    assert (await world.call("apigateway", "GetStage", **place))["variables"] == {"Colour": "blue"}
    place = {"ApiId": apis["Http"], "StageName": "v1"}
    shown = await world.call("apigatewayv2", "GetStage", **place)
    assert shown["StageVariables"] == {"Colour": "blue"}
    await world.delete("wide")
    for service, operation, member in (
        ("apigateway", "GetRestApis", "items"),
        ("apigateway", "GetApiKeys", "items"),
        ("apigateway", "GetUsagePlans", "items"),
        ("apigatewayv2", "GetApis", "Items"),
    ):
        assert (await world.call(service, operation))[member] == []
