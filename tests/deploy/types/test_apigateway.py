"""REST APIs of stacks: the API, its methods, deployments and stages."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.requests import ask
from tests.deploy.world import ACCOUNT, REGION, Deployed

API = "AWS::ApiGateway::RestApi"
RESOURCE = "AWS::ApiGateway::Resource"
METHOD = "AWS::ApiGateway::Method"
DEPLOYMENT = "AWS::ApiGateway::Deployment"
STAGE = "AWS::ApiGateway::Stage"
STATES = f"arn:aws:apigateway:{REGION}:states:action"
MOCK: dict[str, Any] = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
    "IntegrationResponses": [
        {"StatusCode": 200, "ResponseTemplates": {"application/json": '{"said": "hello"}'}}
    ],
}


def mocked(said: str) -> dict[str, Any]:
    """The properties of a method that always says the same."""
    template = {"application/json": json.dumps({"said": said})}
    return {
        "Integration": {
            **MOCK,
            "IntegrationResponses": [{"StatusCode": "200", "ResponseTemplates": template}],
        },
        "MethodResponses": [{"StatusCode": "200"}],
    }


def body(said: str, path: str = "/hello", **other: Any) -> JsonObject:
    """A definition with one method that always says the same."""
    return {
        "swagger": "2.0",
        "info": {"title": "greetings", "version": "1.0"},
        "paths": {
            path: {
                "get": {
                    "responses": {"200": {"description": "OK"}},
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestTemplates": {"application/json": '{"statusCode": 200}'},
                        "responses": {
                            "default": {
                                "statusCode": "200",
                                "responseTemplates": {
                                    "application/json": json.dumps({"said": said})
                                },
                            }
                        },
                    },
                }
            }
        },
        **other,
    }


async def say(deployed: Deployed, api: str, path: str) -> tuple[int, Any]:
    """Status and document of a GET."""
    answer = await ask(deployed, api, "GET", path)
    return answer.status, json.loads(answer.body)


async def machine(deployed: Deployed, name: str = "greeter") -> str:
    """A state machine that gives back what it gets."""
    made = await deployed.call(
        "stepfunctions",
        "CreateStateMachine",
        name=name,
        definition={"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
    )
    return str(made["stateMachineArn"])


async def test_an_api_of_single_resources_starts_a_state_machine(deployed: Deployed) -> None:
    """What serverless-step-functions writes for an `http` event starts the state machine."""
    arn = await machine(deployed)
    api = await deployed.make(API, {"Name": "dev-app", "Policy": ""}, "ApiGatewayRestApi")
    root = api.attributes["RootResourceId"]
    resource = await deployed.make(
        RESOURCE, {"RestApiId": api.id, "ParentId": root, "PathPart": "start"}
    )
    escaped = r"""$util.escapeJavaScript($input.json('$')).replaceAll("\\'", "'")"""
    template = (
        f"#set( $body = {escaped} )\n"
        f'{{"input": "$body","name": "$context.requestId","stateMachineArn":"{arn}"}}'
    )
    await deployed.make(
        METHOD,
        {
            "RequestParameters": {},
            "AuthorizationType": "NONE",
            "HttpMethod": "POST",
            "ResourceId": resource.attributes["ResourceId"],
            "RestApiId": api.id,
            "MethodResponses": [
                {"ResponseParameters": {}, "ResponseModels": {}, "StatusCode": 200},
                {"ResponseParameters": {}, "ResponseModels": {}, "StatusCode": 400},
            ],
            "Integration": {
                "IntegrationHttpMethod": "POST",
                "Type": "AWS",
                "Credentials": f"arn:aws:iam::{ACCOUNT}:role/any",
                "Uri": f"{STATES}/StartExecution",
                "PassthroughBehavior": "NEVER",
                "RequestTemplates": {
                    "application/json": template,
                    "application/x-www-form-urlencoded": template,
                },
                "IntegrationResponses": [
                    {"StatusCode": 200, "SelectionPattern": 200, "ResponseParameters": {}},
                    {"StatusCode": 400, "SelectionPattern": 400, "ResponseParameters": {}},
                ],
            },
        },
    )
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    sent = '{"name": "O\'Hara"}'
    answer = await ask(
        deployed, api.id, "POST", "/dev/start", sent, content_type="application/json"
    )
    assert answer.status == 200
    name = json.loads(answer.body)["executionArn"]
    shown = await deployed.call("stepfunctions", "DescribeExecution", executionArn=name)
    assert json.loads(shown["input"]) == {"name": "O'Hara"}


async def test_an_api_has_its_id_as_reference_and_its_root_resource(deployed: Deployed) -> None:
    """An api has its id as reference and its root resource."""
    api = await deployed.make(API, {"Name": "orders", "Tags": [{"Key": "a", "Value": "1"}]})
    shown = await deployed.call("apigateway", "GetRestApi", restApiId=api.id)
    assert shown["name"] == "orders"
    assert api.attributes == {"RestApiId": api.id, "RootResourceId": shown["rootResourceId"]}
    assert shown["tags"]["a"] == "1"
    assert shown["tags"]["aws:cloudformation:logical-id"] == "Thing"


async def test_an_api_of_a_definition_serves_it(deployed: Deployed) -> None:
    """What SAM makes of an Api event, a definition with deployment and stage, is served."""
    api = await deployed.make(API, {"Body": body("hello")})
    deployment = await deployed.make(
        DEPLOYMENT, {"RestApiId": api.id, "Description": "first", "StageName": "Stage"}
    )
    await deployed.make(
        STAGE, {"RestApiId": api.id, "DeploymentId": deployment.id, "StageName": "Prod"}
    )
    assert await say(deployed, api.id, "/Prod/hello") == (200, {"said": "hello"})
    assert await say(deployed, api.id, "/Stage/hello") == (200, {"said": "hello"})
    shown = await deployed.call("apigateway", "GetRestApi", restApiId=api.id)
    assert shown["name"] == "greetings"


async def test_a_changed_definition_is_served_by_the_next_deployment(deployed: Deployed) -> None:
    """A changed definition replaces the old one, and its deployment takes the stage over."""
    api = await deployed.make(API, {"Body": body("hello")})
    first = await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "Stage"}, "One")
    deployed.clock.advance(deployed.clock.now() + 5_000)
    api = await deployed.change(API, api, {"Body": body("good day", "/day")})
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "Stage"}, "Two")
    await deployed.drop(DEPLOYMENT, first)
    assert await say(deployed, api.id, "/Stage/day") == (200, {"said": "good day"})
    assert (await say(deployed, api.id, "/Stage/hello"))[0] == 403
    left = await deployed.call("apigateway", "GetDeployments", restApiId=api.id)
    assert len(left["items"]) == 1


async def test_a_deployment_that_is_rolled_back_gives_the_stage_back(deployed: Deployed) -> None:
    """A deployment that is rolled back leaves the stage with what it served before."""
    api = await deployed.make(API, {"Body": body("hello")})
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"}, "One")
    deployed.clock.advance(deployed.clock.now() + 5_000)
    await deployed.change(API, api, {"Body": body("good day")})
    second = await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"}, "Two")
    assert await say(deployed, api.id, "/dev/hello") == (200, {"said": "good day"})
    await deployed.drop(DEPLOYMENT, second)
    assert await say(deployed, api.id, "/dev/hello") == (200, {"said": "hello"})


async def test_a_deployment_takes_the_stage_it_brought_along(deployed: Deployed) -> None:
    """A deployment that goes takes the stage that it brought along; a second time is fine."""
    api = await deployed.make(API, {"Body": body("hello")})
    deployment = await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    await deployed.drop(DEPLOYMENT, deployment)
    await deployed.drop(DEPLOYMENT, deployment)
    assert not (await deployed.call("apigateway", "GetStages", restApiId=api.id))["item"]
    assert not (await deployed.call("apigateway", "GetDeployments", restApiId=api.id))["items"]


async def test_a_deployment_describes_its_stage(deployed: Deployed) -> None:
    """What a StageDescription says is the stage's, until it does not say it any more."""
    api = await deployed.make(API, {"Body": body("hello")})
    described = {
        "Description": "for tests",
        "Variables": {"Table": "orders", "other/one": "x"},
        "LoggingLevel": "INFO",
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    given = {"RestApiId": api.id, "StageName": "dev"}
    deployment = await deployed.make(DEPLOYMENT, {**given, "StageDescription": described})
    place = {"restApiId": api.id, "stageName": "dev"}
    stage = await deployed.call("apigateway", "GetStage", **place)
    assert stage["variables"] == {"Table": "orders", "other/one": "x"}
    assert stage["description"] == "for tests"
    assert stage["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
    assert stage["tags"]["a"] == "1"
    changed = {**given, "StageDescription": {"Variables": {"Table": "items"}}, "Description": "d"}
    await deployed.change(DEPLOYMENT, deployment, changed)
    stage = await deployed.call("apigateway", "GetStage", **place)
    assert stage["variables"] == {"Table": "items"}
    assert "description" not in stage


async def test_a_stage_that_cannot_be_described_is_not_left(deployed: Deployed) -> None:
    """A deployment with settings that do not exist leaves nothing behind."""
    api = await deployed.make(API, {"Body": body("hello")})
    given = {"RestApiId": api.id, "StageName": "dev", "StageDescription": {"Colour": "red"}}
    with pytest.raises(ServiceError, match=r"extraneous key \[Colour\] is not permitted"):
        await deployed.make(DEPLOYMENT, given)
    described = {"MethodSettings": [{"ThrottlingBurstLimit": "many"}]}
    with pytest.raises(ServiceError, match="Invalid patch value 'many' specified"):
        await deployed.make(DEPLOYMENT, {**given, "StageDescription": described})
    assert not (await deployed.call("apigateway", "GetStages", restApiId=api.id))["item"]
    assert not (await deployed.call("apigateway", "GetDeployments", restApiId=api.id))["items"]


async def test_a_deployment_moves_to_another_stage(deployed: Deployed) -> None:
    """A deployment that is given another stage's name leaves the one it had."""
    api = await deployed.make(API, {"Body": body("hello")})
    deployment = await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    await deployed.change(DEPLOYMENT, deployment, {"RestApiId": api.id, "StageName": "live"})
    stages = await deployed.call("apigateway", "GetStages", restApiId=api.id)
    assert [stage["stageName"] for stage in stages["item"]] == ["live"]
    assert await say(deployed, api.id, "/live/hello") == (200, {"said": "hello"})


async def test_a_stage_is_as_its_template_says(deployed: Deployed) -> None:
    """What a template adds, changes and drops at a stage is added, changed and dropped."""
    api = await deployed.make(API, {"Body": body("hello")})
    deployment = await deployed.make(DEPLOYMENT, {"RestApiId": api.id})
    given = {"RestApiId": api.id, "DeploymentId": deployment.id, "StageName": "states"}
    settings = {"ResourcePath": "/*", "HttpMethod": "*"}
    stage = await deployed.make(
        STAGE,
        {
            **given,
            "Variables": {"Colour": "red", "Size": 4},
            "TracingEnabled": True,
            "MethodSettings": [{**settings, "DataTraceEnabled": True, "LoggingLevel": "INFO"}],
            "AccessLogSetting": {"DestinationArn": "arn:aws:logs:x", "Format": "$context.path"},
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    )
    assert stage.id == "states"
    place = {"restApiId": api.id, "stageName": "states"}
    shown = await deployed.call("apigateway", "GetStage", **place)
    assert shown["variables"] == {"Colour": "red", "Size": "4"}
    assert shown["tracingEnabled"] is True
    assert shown["methodSettings"] == {"*/*": {"dataTraceEnabled": True, "loggingLevel": "INFO"}}
    assert shown["accessLogSettings"]["format"] == "$context.path"
    await deployed.change(
        STAGE,
        stage,
        {**given, "Variables": {"Colour": "blue"}, "MethodSettings": [{**settings}]},
    )
    shown = await deployed.call("apigateway", "GetStage", **place)
    assert shown["variables"] == {"Colour": "blue"}
    assert shown["tracingEnabled"] is False
    assert shown["methodSettings"]["*/*"] == {}
    assert "accessLogSettings" not in shown
    assert "a" not in shown["tags"]
    await deployed.drop(STAGE, stage)
    await deployed.drop(STAGE, stage)
    assert not (await deployed.call("apigateway", "GetStages", restApiId=api.id))["item"]


async def test_a_stage_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A stage that is there already is refused, unless it is the attempt's own."""
    api = await deployed.make(API, {"Body": body("hello")})
    deployment = await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    given = {"RestApiId": api.id, "DeploymentId": deployment.id, "StageName": "dev"}
    with pytest.raises(ServiceError, match="Stage already exists"):
        await deployed.make(STAGE, given)
    again = await deployed.make(STAGE, given, repeated=True)
    assert again.id == "dev"


async def test_a_repeated_creation_finds_its_own_api(deployed: Deployed) -> None:
    """A repeated creation finds its own api, and finishes it; another one makes another."""
    first = await deployed.make(API, {"Name": "orders"})
    again = await deployed.make(API, {"Name": "orders", "Body": body("hello")}, repeated=True)
    assert again.id == first.id
    found = await deployed.call("apigateway", "GetResources", restApiId=first.id)
    assert "/hello" in [each["path"] for each in found["items"]]
    other = await deployed.make(API, {"Name": "orders"}, "Other", repeated=True)
    assert other.id != first.id


async def test_a_definition_that_cannot_be_leaves_no_api(deployed: Deployed) -> None:
    """An api whose definition is refused is not left behind."""
    with pytest.raises(ServiceError, match=r"Invalid OpenAPI input\."):
        await deployed.make(API, {"Name": "orders", "Body": {"paths": {}}})
    with pytest.raises(ServiceError, match="API name cannot be blank"):
        await deployed.make(API, {})
    assert not (await deployed.call("apigateway", "GetRestApis"))["items"]


async def test_an_api_is_as_its_template_says(deployed: Deployed) -> None:
    """What a template adds, changes and drops at an api is added, changed and dropped."""
    policy = {"Version": "2012-10-17", "Statement": []}
    api = await deployed.make(
        API,
        {
            "Name": "orders",
            "Description": "All orders",
            "BinaryMediaTypes": ["image/png", "*/*"],
            "ApiKeySourceType": "AUTHORIZER",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "Policy": policy,
            "DisableExecuteApiEndpoint": "true",
        },
    )
    shown = await deployed.call("apigateway", "GetRestApi", restApiId=api.id)
    assert shown["endpointConfiguration"]["types"] == ["REGIONAL"]
    # API Gateway shows a policy as text within text.
    assert json.loads(json.loads(f'"{shown["policy"]}"')) == policy
    assert shown["disableExecuteApiEndpoint"] is True
    await deployed.change(API, api, {"Name": "items", "BinaryMediaTypes": ["*/*", "text/css"]})
    shown = await deployed.call("apigateway", "GetRestApi", restApiId=api.id)
    assert shown["name"] == "items"
    assert "description" not in shown
    assert shown["binaryMediaTypes"] == ["*/*", "text/css"]
    assert shown["apiKeySource"] == "HEADER"
    assert shown["endpointConfiguration"]["types"] == ["EDGE"]
    assert "policy" not in shown
    assert shown["disableExecuteApiEndpoint"] is False


async def test_a_definition_and_properties_make_one_api(deployed: Deployed) -> None:
    """Media types and endpoint types of definition and properties come together."""
    document = body("hello")
    document["x-amazon-apigateway-binary-media-types"] = ["image/png"]
    document["x-amazon-apigateway-endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
    given: JsonObject = {
        "Body": document,
        "BinaryMediaTypes": ["text/css"],
        "Parameters": {"endpointConfigurationTypes": "REGIONAL"},
        "Description": "All greetings",
    }
    api = await deployed.make(API, given)
    shown = await deployed.call("apigateway", "GetRestApi", restApiId=api.id)
    assert sorted(shown["binaryMediaTypes"]) == ["image/png", "text/css"]
    assert shown["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert shown["disableExecuteApiEndpoint"] is True
    assert shown["description"] == "All greetings"


@pytest.mark.parametrize("is_yaml", [False, True])
async def test_a_definition_in_a_bucket_is_read(deployed: Deployed, is_yaml: bool) -> None:
    """BodyS3Location stands for what lies there, JSON or YAML, also with its base path."""
    where = {"LocationConstraint": REGION}
    await deployed.call("s3", "CreateBucket", Bucket="texts", CreateBucketConfiguration=where)
    document = body("hello", basePath="/v1")
    text = yaml.safe_dump(document) if is_yaml else json.dumps(document)
    await deployed.call("s3", "PutObject", Bucket="texts", Key="api", Body=text.encode())
    location = {"Bucket": "texts", "Key": "api"}
    given = {"BodyS3Location": location, "Parameters": {"basepath": "prepend"}}
    api = await deployed.make(API, given)
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    assert await say(deployed, api.id, "/dev/v1/hello") == (200, {"said": "hello"})


async def test_a_merged_definition_leaves_what_is_there(deployed: Deployed) -> None:
    """`Mode: merge` adds what a changed definition says; without it the definition replaces."""
    api = await deployed.make(API, {"Body": body("hello"), "Mode": "merge"})
    api = await deployed.change(API, api, {"Body": body("bye", "/bye"), "Mode": "merge"})
    found = await deployed.call("apigateway", "GetResources", restApiId=api.id)
    assert sorted(each["path"] for each in found["items"]) == ["/", "/bye", "/hello"]
    await deployed.change(API, api, {"Body": body("bye", "/bye")})
    found = await deployed.call("apigateway", "GetResources", restApiId=api.id)
    assert sorted(each["path"] for each in found["items"]) == ["/", "/bye"]


async def test_an_api_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """An api that is gone already is deleted, and what it had as well."""
    api = await deployed.make(API, {"Name": "orders"})
    given = {"RestApiId": api.id, "ParentId": api.attributes["RootResourceId"], "PathPart": "a"}
    resource = await deployed.make(RESOURCE, given)
    place = {"RestApiId": api.id, "ResourceId": resource.id, "HttpMethod": "GET"}
    method = await deployed.make(METHOD, {**place, **mocked("hello")})
    for _ in range(2):
        await deployed.drop(API, api)
        await deployed.drop(METHOD, method)
        await deployed.drop(RESOURCE, resource)
    assert not (await deployed.call("apigateway", "GetRestApis"))["items"]


async def test_a_method_is_changed_and_served_when_deployed(deployed: Deployed) -> None:
    """A method that changes is served by the next deployment."""
    api = await deployed.make(API, {"Name": "orders"})
    root = api.attributes["RootResourceId"]
    place = {"RestApiId": api.id, "ResourceId": root, "HttpMethod": "GET"}
    method = await deployed.make(METHOD, {**place, **mocked("hello")})
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"}, "One")
    await deployed.change(METHOD, method, {**place, **mocked("good day")})
    assert await say(deployed, api.id, "/dev") == (200, {"said": "hello"})
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"}, "Two")
    assert await say(deployed, api.id, "/dev") == (200, {"said": "good day"})


async def test_a_method_that_cannot_be_is_not_left(deployed: Deployed) -> None:
    """A method whose integration is refused is not left behind without one."""
    api = await deployed.make(API, {"Name": "orders"})
    root = api.attributes["RootResourceId"]
    place = {"RestApiId": api.id, "ResourceId": root, "HttpMethod": "GET"}
    for wrong, said in (
        ({"Type": "AWS", "IntegrationHttpMethod": "POST", "Uri": "arn:x"}, "Invalid ARN"),
        ({"Type": "MOCK", "Speed": 3}, r"#/Integration: extraneous key \[Speed\]"),
        ({**MOCK, "IntegrationResponses": [{"StatusCode": "500"}]}, "Invalid Response status"),
    ):
        with pytest.raises(ServiceError, match=said):
            await deployed.make(METHOD, {**place, "Integration": wrong})
        found = await deployed.call("apigateway", "GetResource", restApiId=api.id, resourceId=root)
        assert "resourceMethods" not in found


async def test_repeated_creations_find_their_resource_and_method(deployed: Deployed) -> None:
    """A repeated creation finds its own resource and method; another one is refused."""
    api = await deployed.make(API, {"Name": "orders"})
    given = {"RestApiId": api.id, "ParentId": api.attributes["RootResourceId"], "PathPart": "a"}
    resource = await deployed.make(RESOURCE, given)
    assert (await deployed.make(RESOURCE, given, repeated=True)).id == resource.id
    with pytest.raises(ServiceError, match="already has this name"):
        await deployed.make(RESOURCE, given)
    place = {"RestApiId": api.id, "ResourceId": resource.id, "HttpMethod": "GET"}
    method = await deployed.make(METHOD, {**place, **mocked("hello")})
    assert (await deployed.make(METHOD, {**place, **mocked("hi")}, repeated=True)).id == method.id
    with pytest.raises(ServiceError, match="Method already exists for this resource"):
        await deployed.make(METHOD, {**place, **mocked("hello")})


async def test_the_account_keeps_its_role(deployed: Deployed) -> None:
    """The role for logs is the account's, and stays when the stack goes, as on AWS."""
    account = await deployed.make("AWS::ApiGateway::Account", {"CloudWatchRoleArn": "arn:a"})
    assert account.attributes["Id"] == account.id
    account = await deployed.change(
        "AWS::ApiGateway::Account", account, {"CloudWatchRoleArn": "arn:b"}
    )
    await deployed.drop("AWS::ApiGateway::Account", account)
    shown = await deployed.call("apigateway", "GetAccount")
    assert shown["cloudwatchRoleArn"] == "arn:b"
