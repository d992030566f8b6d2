"""Configuring APIs, against Stepwell and against moto."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

Place = dict[str, str]


def make_api(aws: Aws) -> tuple[Any, str, str]:
    """A client, a REST API and its root resource."""
    gateway = aws("apigateway")
    api = gateway.create_rest_api(name="api", description="one")["id"]
    [root] = gateway.get_resources(restApiId=api)["items"]
    return gateway, api, root["id"]


def make_method(gateway: Any, api: str, resource: str) -> Place:
    """A method with a MOCK integration; where it is."""
    place = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(
        **place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    return place


def refusal(call: Any, **params: Any) -> tuple[str, int]:
    """The code and the status of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    told = caught.value.response
    return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]


def test_a_rest_api(aws: Aws) -> None:
    """Made, shown, listed, changed, deleted."""
    gateway, api, root = make_api(aws)
    shown = gateway.get_rest_api(restApiId=api)
    assert (shown["name"], shown["description"]) == ("api", "one")
    assert shown["apiKeySource"] == "HEADER"
    assert shown["endpointConfiguration"]["types"] == ["EDGE"]
    assert shown["disableExecuteApiEndpoint"] is False
    assert shown["rootResourceId"] == root
    assert api in [each["id"] for each in gateway.get_rest_apis()["items"]]
    changed = gateway.update_rest_api(
        restApiId=api,
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "other"},
            {"op": "replace", "path": "/description", "value": "two"},
        ],
    )
    assert (changed["name"], changed["description"]) == ("other", "two")
    gateway.delete_rest_api(restApiId=api)
    assert refusal(gateway.get_rest_api, restApiId=api) == ("NotFoundException", 404)


def test_resources(aws: Aws) -> None:
    """A tree of paths; deleting one deletes what is below."""
    gateway, api, root = make_api(aws)
    pets = gateway.create_resource(restApiId=api, parentId=root, pathPart="pets")
    one = gateway.create_resource(restApiId=api, parentId=pets["id"], pathPart="{id}")
    assert (pets["path"], one["path"]) == ("/pets", "/pets/{id}")
    assert one["parentId"] == pets["id"]
    found = gateway.get_resource(restApiId=api, resourceId=one["id"])
    assert (found["pathPart"], found["path"]) == ("{id}", "/pets/{id}")
    same = {"restApiId": api, "parentId": root, "pathPart": "pets"}
    if not aws.is_moto:  # which takes two of one name
        assert refusal(gateway.create_resource, **same)[0] == "ConflictException"
    odd = {**same, "pathPart": "a/b"}
    assert refusal(gateway.create_resource, **odd)[0] == "BadRequestException"
    lost = {**same, "parentId": "nothing"}
    assert refusal(gateway.create_resource, **lost)[0] == "NotFoundException"


def test_a_method_and_its_integration(aws: Aws) -> None:
    """Method, responses, integration and integration responses are parts of the resource."""
    gateway, api, root = make_api(aws)
    place = make_method(gateway, api, root)
    gateway.put_method_response(**place, statusCode="200", responseModels={})
    made = gateway.put_integration_response(
        **place,
        statusCode="200",
        selectionPattern="",
        responseTemplates={"application/json": "{}"},
    )
    assert made["statusCode"] == "200"
    method = gateway.get_method(**place)
    assert (method["httpMethod"], method["authorizationType"]) == ("GET", "NONE")
    assert method["methodResponses"]["200"]["statusCode"] == "200"
    integration = method["methodIntegration"]
    assert integration["type"] == "MOCK"
    if not aws.is_moto:  # which leaves out what was not given
        assert integration["passthroughBehavior"] == "WHEN_NO_MATCH"
        assert integration["timeoutInMillis"] == 29000
    responses = integration["integrationResponses"]
    assert responses["200"]["responseTemplates"] == {"application/json": "{}"}
    gateway.delete_integration(**place)
    if not aws.is_moto:  # which answers nothing
        assert refusal(gateway.get_integration, **place) == ("NotFoundException", 404)
    gateway.delete_method(**place)
    assert refusal(gateway.get_method, **place) == ("NotFoundException", 404)


def test_an_integration_that_cannot_be(aws: Aws) -> None:
    """URIs and types are looked at."""
    gateway, api, root = make_api(aws)
    place = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    for uri in ("arn:aws:lambda:eu-west-1:000000000000:function:x", "nothing"):
        wrong = {"type": "AWS", "integrationHttpMethod": "POST", "uri": uri}
        assert refusal(gateway.put_integration, **place, **wrong)[0] == "BadRequestException"
    wrong = {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "nothing"}
    assert refusal(gateway.put_integration, **place, **wrong)[0] == "BadRequestException"


def test_deployments_and_stages(aws: Aws) -> None:
    """A stage serves a deployment, has variables and settings, and keeps it from being deleted."""
    gateway, api, root = make_api(aws)
    assert refusal(gateway.create_deployment, restApiId=api)[0] == "BadRequestException"
    make_method(gateway, api, root)
    first = gateway.create_deployment(restApiId=api, stageName="dev", description="first")
    stage = gateway.get_stage(restApiId=api, stageName="dev")
    assert stage["deploymentId"] == first["id"]
    assert gateway.get_deployment(restApiId=api, deploymentId=first["id"])["description"] == "first"
    second = gateway.create_deployment(restApiId=api)
    made = gateway.create_stage(
        restApiId=api, stageName="prod", deploymentId=second["id"], variables={"a": "1"}
    )
    assert (made["stageName"], made["variables"]) == ("prod", {"a": "1"})
    names = [each["stageName"] for each in gateway.get_stages(restApiId=api)["item"]]
    assert sorted(names) == ["dev", "prod"]
    changed = gateway.update_stage(
        restApiId=api,
        stageName="prod",
        patchOperations=[
            {"op": "replace", "path": "/variables/b", "value": "2"},
            {"op": "remove", "path": "/variables/a"},
            {"op": "replace", "path": "/description", "value": "d"},
            {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "5"},
            {"op": "replace", "path": "/tracingEnabled", "value": "true"},
        ],
    )
    assert changed["variables"] == {"b": "2"}
    assert changed["description"] == "d"
    assert changed["tracingEnabled"] is True
    settings = changed["methodSettings"]["*/*"]
    assert (settings["loggingLevel"], settings["throttlingBurstLimit"]) == ("INFO", 5)
    busy = {"restApiId": api, "deploymentId": first["id"]}
    assert refusal(gateway.delete_deployment, **busy)[0] == "BadRequestException"
    gateway.delete_stage(restApiId=api, stageName="dev")
    gateway.delete_deployment(**busy)
    if not aws.is_moto:  # which breaks
        assert refusal(gateway.get_deployment, **busy)[0] == "NotFoundException"
    again = {"restApiId": api, "stageName": "prod", "deploymentId": second["id"]}
    assert refusal(gateway.create_stage, **again)[0] == "ConflictException"


def test_keys_and_plans(aws: Aws) -> None:
    """Keys show their value when asked; a plan has keys."""
    gateway = aws("apigateway")
    key = gateway.create_api_key(name="k", value="v" * 24, enabled=True)
    assert key["value"] == "v" * 24
    assert "value" not in gateway.get_api_key(apiKey=key["id"])
    assert gateway.get_api_key(apiKey=key["id"], includeValue=True)["value"] == "v" * 24
    plan = gateway.create_usage_plan(name="p", throttle={"burstLimit": 1, "rateLimit": 2.0})
    made = gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert made["id"] == key["id"]
    [listed] = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert listed["id"] == key["id"]
    gateway.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
    assert gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"] == []
    gateway.delete_usage_plan(usagePlanId=plan["id"])
    assert refusal(gateway.get_usage_plan, usagePlanId=plan["id"])[0] == "NotFoundException"
    gateway.delete_api_key(apiKey=key["id"])
    assert refusal(gateway.get_api_key, apiKey=key["id"])[0] == "NotFoundException"


def test_validators_models_and_responses(aws: Aws) -> None:
    """What else an API has."""
    gateway, api, _ = make_api(aws)
    made = gateway.create_request_validator(
        restApiId=api, name="v", validateRequestBody=True, validateRequestParameters=False
    )
    assert (
        gateway.get_request_validator(restApiId=api, requestValidatorId=made["id"])["name"] == "v"
    )
    gateway.delete_request_validator(restApiId=api, requestValidatorId=made["id"])
    assert gateway.get_request_validators(restApiId=api)["items"] == []
    model = gateway.create_model(
        restApiId=api, name="Thing", contentType="application/json", schema="{}"
    )
    assert model["name"] == "Thing"
    assert gateway.get_model(restApiId=api, modelName="Thing")["contentType"] == "application/json"
    told = gateway.put_gateway_response(
        restApiId=api,
        responseType="DEFAULT_4XX",
        responseTemplates={"application/json": "{}"},
    )
    assert (told["responseType"], told["defaultResponse"]) == ("DEFAULT_4XX", False)


def test_an_http_api(aws: Aws) -> None:
    """API, integration, route, stage: made, shown, changed, deleted."""
    gateway = aws("apigatewayv2")
    api = gateway.create_api(Name="h", ProtocolType="HTTP", Tags={"a": "b"})
    assert api["RouteSelectionExpression"] == "$request.method $request.path"
    assert api["Tags"] == {"a": "b"}
    name = {"ApiId": api["ApiId"]}
    integration = gateway.create_integration(
        **name,
        IntegrationType="HTTP_PROXY",
        IntegrationUri="https://example.com",
        IntegrationMethod="ANY",
        PayloadFormatVersion="1.0",
    )
    assert aws.is_moto or integration["ConnectionType"] == "INTERNET"
    target = f"integrations/{integration['IntegrationId']}"
    route = gateway.create_route(**name, RouteKey="GET /a", Target=target)
    assert (route["RouteKey"], route["Target"]) == ("GET /a", target)
    assert route["AuthorizationType"] == "NONE"
    changed = gateway.update_route(**name, RouteId=route["RouteId"], RouteKey="POST /a")
    assert changed["RouteKey"] == "POST /a"
    stage = gateway.create_stage(**name, StageName="$default", AutoDeploy=True)
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    [listed] = gateway.get_stages(**name)["Items"]
    assert listed["StageName"] == "$default"
    gateway.delete_route(**name, RouteId=route["RouteId"])
    assert gateway.get_routes(**name)["Items"] == []
    gateway.delete_integration(**name, IntegrationId=integration["IntegrationId"])
    gone = {**name, "IntegrationId": integration["IntegrationId"]}
    assert refusal(gateway.get_integration, **gone)[0] == "NotFoundException"
    gateway.delete_api(**name)
    assert refusal(gateway.get_api, **name) == ("NotFoundException", 404)


def test_an_http_api_made_quickly(aws: Aws) -> None:
    """A target alone makes the integration, the route and the stage."""
    gateway = aws("apigatewayv2")
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:x"
    api = gateway.create_api(Name="q", ProtocolType="HTTP", Target=arn)["ApiId"]
    if aws.is_moto:
        pytest.skip("moto makes the API alone")
    [integration] = gateway.get_integrations(ApiId=api)["Items"]
    assert (integration["IntegrationUri"], integration["PayloadFormatVersion"]) == (arn, "2.0")
    [route] = gateway.get_routes(ApiId=api)["Items"]
    assert route["RouteKey"] == "$default"
    [stage] = gateway.get_stages(ApiId=api)["Items"]
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)


def test_what_is_not_here_is_refused_by_name(aws: Aws) -> None:
    """WebSocket APIs, JWT and Cognito authorizers, VPC links."""
    if aws.is_moto:
        pytest.skip("moto takes them")
    second, (first, api, root) = aws("apigatewayv2"), make_api(aws)
    with pytest.raises(ClientError, match="WEBSOCKET"):
        second.create_api(
            Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )
    made = second.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(ClientError, match="JWT"):
        second.create_authorizer(
            ApiId=made,
            Name="j",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Audience": ["a"], "Issuer": "https://i"},
        )
    with pytest.raises(ClientError, match="COGNITO_USER_POOLS"):
        first.create_authorizer(
            restApiId=api, name="c", type="COGNITO_USER_POOLS", providerARNs=["arn:aws:cognito"]
        )
    with pytest.raises(ClientError, match="VPC links"):
        second.create_integration(
            ApiId=made,
            IntegrationType="HTTP_PROXY",
            IntegrationUri="https://example.com",
            IntegrationMethod="ANY",
            PayloadFormatVersion="1.0",
            ConnectionType="VPC_LINK",
            ConnectionId="x",
        )
    place = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    first.put_method(**place, authorizationType="NONE")
    with pytest.raises(ClientError, match="kinesis"):
        first.put_integration(
            **place,
            type="AWS",
            integrationHttpMethod="POST",
            uri="arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord",
        )
