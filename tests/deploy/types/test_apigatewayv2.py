"""HTTP APIs of stacks: the API, its routes, integrations, authorizers, stages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.deploy.catalog import find_type
from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from tests.deploy.requests import ask
from tests.deploy.types.test_apigateway import machine
from tests.deploy.world import ACCOUNT, REGION, Deployed

API = "AWS::ApiGatewayV2::Api"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
ROUTE = "AWS::ApiGatewayV2::Route"
AUTHORIZER = "AWS::ApiGatewayV2::Authorizer"
STAGE = "AWS::ApiGatewayV2::Stage"
DEPLOYMENT = "AWS::ApiGatewayV2::Deployment"
HTTP = {"Name": "orders", "ProtocolType": "HTTP"}
CORS = {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": 60}


async def function(deployed: Deployed, name: str) -> str:
    """A function; the runner's handlers say what it does."""
    made = await deployed.call(
        "lambda",
        "CreateFunction",
        FunctionName=name,
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Runtime="python3.12",
        Handler="a.b",
        Code={"ZipFile": zip_of({"a.py": ""})},
    )
    deployed.runner.handlers[name] = lambda event: {"called": name}
    return str(made["FunctionArn"])


def invocation(arn: str) -> str:
    """The URI that invokes a function."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


def body(arn: str, path: str = "/hello") -> dict[str, Any]:
    """A definition as SAM writes it for an HttpApi event."""
    integration = {
        "httpMethod": "POST",
        "type": "aws_proxy",
        "uri": invocation(arn),
        "payloadFormatVersion": "2.0",
    }
    operation = {"x-amazon-apigateway-integration": integration, "responses": {}}
    method = "x-amazon-apigateway-any-method" if path == "$default" else "get"
    return {
        "openapi": "3.0.1",
        "info": {"version": "1.0", "title": "shop"},
        "tags": [{"name": "httpapi:createdBy", "x-amazon-apigateway-tag-value": "SAM"}],
        "paths": {path: {method: {**operation, "isDefaultRoute": path == "$default"}}},
    }


async def say(deployed: Deployed, api: str, path: str = "/hello") -> tuple[int, Any]:
    """Status and document of a GET."""
    answer = await ask(deployed, api, "GET", path)
    return answer.status, json.loads(answer.body)


async def shown(deployed: Deployed, operation: str, **params: Any) -> Any:
    """What the service shows."""
    return await deployed.call("apigatewayv2", operation, **params)


async def with_default_stage(deployed: Deployed, properties: dict[str, Any]) -> str:
    """An API whose stage follows every change; its id."""
    api = await deployed.make(API, properties, "Api")
    stage = {"ApiId": api.id, "StageName": "$default", "AutoDeploy": True}
    await deployed.make(STAGE, {**stage, "Tags": {"httpapi:createdBy": "SAM"}}, "Stage")
    return api.id


async def test_an_api_of_single_resources_starts_a_state_machine(deployed: Deployed) -> None:
    """A route whose integration is StepFunctions-StartExecution starts the state machine."""
    arn = await machine(deployed)
    api = await with_default_stage(deployed, HTTP)
    integration = await deployed.make(
        INTEGRATION,
        {
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationSubtype": "StepFunctions-StartExecution",
            "CredentialsArn": f"arn:aws:iam::{ACCOUNT}:role/any",
            "PayloadFormatVersion": "1.0",
            "RequestParameters": {"StateMachineArn": arn, "Input": "$request.body"},
        },
    )
    assert integration.attributes == {"IntegrationId": integration.id}
    target = f"integrations/{integration.id}"
    route = await deployed.make(ROUTE, {"ApiId": api, "RouteKey": "POST /orders", "Target": target})
    assert route.attributes == {"RouteId": route.id}
    answer = await ask(deployed, api, "POST", "/orders", '{"order": 7}')
    assert answer.status == 200
    execution = json.loads(answer.body)["executionArn"]
    found = await deployed.call("stepfunctions", "DescribeExecution", executionArn=execution)
    assert json.loads(found["input"]) == {"order": 7}


async def test_an_api_has_its_id_as_reference_and_its_endpoint(deployed: Deployed) -> None:
    """An api has its id as reference; its endpoint is one that leads here."""
    api = await deployed.make(API, {**HTTP, "Tags": {"a": "1"}})
    found = await shown(deployed, "GetApi", ApiId=api.id)
    assert api.attributes == {"ApiId": api.id, "ApiEndpoint": found["ApiEndpoint"]}
    assert str(found["ApiEndpoint"]).endswith("localhost:4566")
    assert found["Tags"]["a"] == "1"
    assert found["Tags"]["aws:cloudformation:stack-name"] == "shop"


async def test_an_api_of_a_definition_serves_it_and_its_changes(deployed: Deployed) -> None:
    """What SAM makes of an HttpApi event is served, and a changed one as soon as it is there."""
    arn = await function(deployed, "hello")
    api = await with_default_stage(deployed, {"Body": body(arn)})
    assert await say(deployed, api) == (200, {"called": "hello"})
    found = await shown(deployed, "GetApi", ApiId=api)
    assert found["Name"] == "shop"
    assert found["Tags"]["httpapi:createdBy"] == "SAM"
    existing = await deployed.make(API, {"Body": body(arn)}, "Api", repeated=True)
    await deployed.change(API, existing, {"Body": body(arn, "$default")})
    assert await say(deployed, api, "/anything") == (200, {"called": "hello"})
    routes = await shown(deployed, "GetRoutes", ApiId=api)
    assert [route["RouteKey"] for route in routes["Items"]] == ["$default"]
    found = await shown(deployed, "GetApi", ApiId=api)
    assert found["Tags"]["httpapi:createdBy"] == "SAM"


async def test_what_a_definition_does_not_say_the_properties_do(deployed: Deployed) -> None:
    """Settings come from the definition, then from the properties, and go with them."""
    arn = await function(deployed, "hello")
    document = body(arn)
    document["x-amazon-apigateway-cors"] = {"allowOrigins": ["https://a.example"]}
    given = {"Body": document, "Description": "All", "CorsConfiguration": CORS}
    api = await deployed.make(API, given)
    found = await shown(deployed, "GetApi", ApiId=api.id)
    assert found["CorsConfiguration"] == {"AllowOrigins": ["https://a.example"]}
    assert found["Description"] == "All"
    api = await deployed.change(API, api, {"Body": body(arn), "CorsConfiguration": CORS})
    found = await shown(deployed, "GetApi", ApiId=api.id)
    assert found["CorsConfiguration"] == CORS
    assert "Description" not in found
    await deployed.change(API, api, {"Body": body(arn)})
    assert "CorsConfiguration" not in await shown(deployed, "GetApi", ApiId=api.id)


async def test_an_api_is_as_its_template_says(deployed: Deployed) -> None:
    """What a template adds, changes and drops at an api is added, changed and dropped."""
    api = await deployed.make(
        API,
        {
            **HTTP,
            "Description": "All",
            "CorsConfiguration": CORS,
            "DisableExecuteApiEndpoint": True,
            "Version": "1",
            "Tags": {"a": "1"},
        },
    )
    assert (await shown(deployed, "GetApi", ApiId=api.id))["CorsConfiguration"] == CORS
    await deployed.change(API, api, {**HTTP, "Name": "items", "Tags": {"b": "2"}})
    found = await shown(deployed, "GetApi", ApiId=api.id)
    assert found["Name"] == "items"
    assert found["DisableExecuteApiEndpoint"] is False
    assert not {"Description", "CorsConfiguration", "Version"} & found.keys()
    assert (found["Tags"].get("a"), found["Tags"]["b"]) == (None, "2")


async def test_quick_creation_follows_its_target(deployed: Deployed) -> None:
    """An api with a Target is there with route and stage, and follows another target and key."""
    first, second = await function(deployed, "one"), await function(deployed, "two")
    api = await deployed.make(API, {**HTTP, "Target": first})
    assert await say(deployed, api.id, "/x") == (200, {"called": "one"})
    api = await deployed.change(API, api, {**HTTP, "Target": second, "RouteKey": "GET /y"})
    assert await say(deployed, api.id, "/y") == (200, {"called": "two"})
    assert (await say(deployed, api.id, "/x"))[0] == 404
    await deployed.change(API, api, {**HTTP, "Target": second})
    assert await say(deployed, api.id, "/x") == (200, {"called": "two"})


async def test_an_api_without_quick_creation_has_no_target(deployed: Deployed) -> None:
    """An api that was not made quickly is given no target."""
    api = await deployed.make(API, HTTP)
    with pytest.raises(ServiceError, match="only for APIs of quick creation"):
        await deployed.change(API, api, {**HTTP, "RouteKey": "GET /y"})


async def test_a_definition_that_cannot_be_leaves_no_api(deployed: Deployed) -> None:
    """An api whose definition is refused is not left behind."""
    with pytest.raises(ServiceError, match=r"Only OpenAPI 3\.0 is supported"):
        await deployed.make(API, {"Body": {"swagger": "2.0", "paths": {}}})
    assert not (await shown(deployed, "GetApis"))["Items"]


async def test_what_is_not_here_is_refused_by_name(deployed: Deployed) -> None:
    """WebSocket APIs and JWT authorizers are refused with the reason."""
    with pytest.raises(ServiceError, match="APIs of ProtocolType WEBSOCKET are not supported"):
        await deployed.make(API, {"Name": "chat", "ProtocolType": "WEBSOCKET"})
    api = await deployed.make(API, HTTP)
    with pytest.raises(ServiceError, match="Authorizers of type JWT are not supported"):
        await deployed.make(AUTHORIZER, {"ApiId": api.id, "Name": "users", "AuthorizerType": "JWT"})
    for name in ("VpcLink", "Model", "RouteResponse", "IntegrationResponse"):
        assert find_type(f"AWS::ApiGatewayV2::{name}") is None


async def test_an_api_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """An api that is gone already is deleted, and what it had as well."""
    arn = await function(deployed, "hello")
    api = await deployed.make(API, HTTP)
    integration = await deployed.make(
        INTEGRATION,
        {
            "ApiId": api.id,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": arn,
            "PayloadFormatVersion": "2.0",
        },
    )
    route = await deployed.make(ROUTE, {"ApiId": api.id, "RouteKey": "GET /a"})
    stage = await deployed.make(STAGE, {"ApiId": api.id, "StageName": "dev"})
    for _ in range(2):
        await deployed.drop(API, api)
        await deployed.drop(STAGE, stage)
        await deployed.drop(ROUTE, route)
        await deployed.drop(INTEGRATION, integration)
    assert not (await shown(deployed, "GetApis"))["Items"]


async def test_an_integration_is_as_its_template_says(deployed: Deployed) -> None:
    """What a template changes and drops at an integration is changed and dropped."""
    api = await deployed.make(API, HTTP)
    url = {"ApiId": api.id, "IntegrationType": "HTTP_PROXY", "PayloadFormatVersion": "1.0"}
    url |= {"IntegrationUri": "https://a.example", "IntegrationMethod": "ANY"}
    pairs = [{"Destination": "overwrite:statuscode", "Source": "404"}]
    integration = await deployed.make(
        INTEGRATION,
        {
            **url,
            "Description": "d",
            "TimeoutInMillis": 5000,
            "RequestParameters": {"append:header.a": "1", "append:header.b": "2"},
            "ResponseParameters": {"500": {"ResponseParameters": pairs}},
        },
    )
    place = {"ApiId": api.id, "IntegrationId": integration.id}
    found = await shown(deployed, "GetIntegration", **place)
    assert found["ResponseParameters"] == {"500": {"overwrite:statuscode": "404"}}
    changed = {**url, "RequestParameters": {"append:header.b": "3"}, "IntegrationMethod": "GET"}
    integration = await deployed.change(INTEGRATION, integration, changed)
    found = await shown(deployed, "GetIntegration", **place)
    assert found["RequestParameters"] == {"append:header.b": "3"}
    assert (found["TimeoutInMillis"], found["IntegrationMethod"]) == (30_000, "GET")
    assert not {"Description", "ResponseParameters"} & found.keys()
    await deployed.change(INTEGRATION, integration, url)
    assert not (await shown(deployed, "GetIntegration", **place)).get("RequestParameters")


async def test_a_route_is_as_its_template_says(deployed: Deployed) -> None:
    """A route's key and authorization follow the template; its authorizer is asked."""
    arn = await function(deployed, "hello")
    door = await function(deployed, "door")
    deployed.runner.handlers["door"] = lambda event: {
        "isAuthorized": event["identitySource"] == ["yes"]
    }
    api = await with_default_stage(deployed, HTTP)
    integration = {"ApiId": api, "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"}
    proxy = await deployed.make(INTEGRATION, {**integration, "IntegrationUri": arn}, "Proxy")
    asked = {
        "ApiId": api,
        "Name": "door",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": invocation(door),
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.Ticket"],
    }
    authorizer = await deployed.make(AUTHORIZER, asked, "Door")
    assert authorizer.attributes == {"AuthorizerId": authorizer.id}
    given = {"ApiId": api, "RouteKey": "GET /a", "Target": f"integrations/{proxy.id}"}
    closed = {**given, "AuthorizationType": "CUSTOM", "AuthorizerId": authorizer.id}
    route = await deployed.make(ROUTE, closed)
    answers = [await ask(deployed, api, "GET", "/a", ticket=each) for each in ("yes", "no")]
    assert [answer.status for answer in answers] == [200, 403]
    await deployed.change(AUTHORIZER, authorizer, {**asked, "AuthorizerResultTtlInSeconds": 5})
    route = await deployed.change(ROUTE, route, {**given, "RouteKey": "GET /b"})
    assert await say(deployed, api, "/b") == (200, {"called": "hello"})
    found = await shown(deployed, "GetRoute", ApiId=api, RouteId=route.id)
    assert found["AuthorizationType"] == "NONE"
    assert "AuthorizerId" not in found
    for _ in range(2):
        await deployed.drop(ROUTE, route)
        await deployed.drop(AUTHORIZER, authorizer)
        await deployed.drop(INTEGRATION, proxy)
    assert not (await shown(deployed, "GetIntegrations", ApiId=api))["Items"]


async def test_repeated_creations_leave_one_of_each(deployed: Deployed) -> None:
    """A repeated creation of a route or stage leaves one; one of somebody else is refused."""
    api = await deployed.make(API, HTTP)
    route = {"ApiId": api.id, "RouteKey": "GET /a"}
    stage = {"ApiId": api.id, "StageName": "dev"}
    for kind, given in ((ROUTE, route), (STAGE, stage)):
        await deployed.make(kind, given)
        await deployed.make(kind, given, repeated=True)
        with pytest.raises(ServiceError, match="already exists"):
            await deployed.make(kind, given)
    assert len((await shown(deployed, "GetRoutes", ApiId=api.id))["Items"]) == 1
    assert len((await shown(deployed, "GetStages", ApiId=api.id))["Items"]) == 1


async def test_a_stage_serves_its_deployment(deployed: Deployed) -> None:
    """A stage that does not follow changes serves its deployment, until it gets another one."""
    arn = await function(deployed, "hello")
    api = await deployed.make(API, {"Body": body(arn)})
    first = await deployed.make(DEPLOYMENT, {"ApiId": api.id, "Description": "one"}, "One")
    given = {"ApiId": api.id, "StageName": "dev"}
    stage = await deployed.make(STAGE, {**given, "DeploymentId": first.id})
    api = await deployed.change(API, api, {"Body": body(arn, "/bye")})
    assert await say(deployed, api.id, "/dev/hello") == (200, {"called": "hello"})
    second = await deployed.make(DEPLOYMENT, {"ApiId": api.id}, "Two")
    await deployed.change(STAGE, stage, {**given, "DeploymentId": second.id})
    await deployed.drop(DEPLOYMENT, first)
    assert await say(deployed, api.id, "/dev/bye") == (200, {"called": "hello"})
    third = await deployed.make(DEPLOYMENT, {**given}, "Three")
    await deployed.change(DEPLOYMENT, third, {**given, "Description": "three"})
    await deployed.drop(DEPLOYMENT, third)
    await deployed.drop(DEPLOYMENT, third)
    found = await shown(deployed, "GetDeployments", ApiId=api.id)
    assert [each["DeploymentId"] for each in found["Items"]] == [second.id]


async def test_a_stage_is_as_its_template_says(deployed: Deployed) -> None:
    """What a template adds, changes and drops at a stage is added, changed and dropped."""
    arn = await function(deployed, "hello")
    api = await deployed.make(API, {"Body": body(arn)})
    given = {"ApiId": api.id, "StageName": "dev"}
    stage = await deployed.make(
        STAGE,
        {
            **given,
            "AutoDeploy": True,
            "AccessLogSettings": {"DestinationArn": "arn:aws:logs:x", "Format": "f"},
            "StageVariables": {"Colour": "red", "Size": "4"},
            "DefaultRouteSettings": {"ThrottlingBurstLimit": 5},
            "RouteSettings": {"GET /hello": {"ThrottlingBurstLimit": 2}},
            "Tags": {"a": "1"},
        },
    )
    assert stage.id == "dev"
    place = {"ApiId": api.id, "StageName": "dev"}
    found = await shown(deployed, "GetStage", **place)
    assert found["RouteSettings"]["GET /hello"] == {"ThrottlingBurstLimit": 2}
    await deployed.change(STAGE, stage, {**given, "StageVariables": {"Colour": "blue"}})
    found = await shown(deployed, "GetStage", **place)
    assert found["StageVariables"] == {"Colour": "blue"}
    assert found["AutoDeploy"] is False
    assert found["RouteSettings"] == {}
    assert found["DefaultRouteSettings"] == {"DetailedMetricsEnabled": False}
    assert "AccessLogSettings" not in found
    assert "a" not in found["Tags"]
    assert await say(deployed, api.id, "/dev/hello") == (200, {"called": "hello"})


async def test_domain_names_are_kept(deployed: Deployed) -> None:
    """Domain names and mappings are kept, with what other resources refer to."""
    kind = "AWS::ApiGatewayV2::DomainName"
    domain = await deployed.make(kind, {"DomainName": "api.example.com"})
    assert domain.id == "api.example.com"
    assert "RegionalHostedZoneId" in domain.attributes
    mapping = {"ApiId": "a", "DomainName": domain.id, "Stage": "dev"}
    made = await deployed.make("AWS::ApiGatewayV2::ApiMapping", mapping)
    assert made.attributes["ApiMappingId"] == made.id
