"""Models, validators, authorizers, gateway responses, keys and usage plans of stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.deploy.catalog import find_type
from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from stepwell.values import JsonObject
from tests.deploy.requests import ask
from tests.deploy.types.test_apigateway import API, DEPLOYMENT, METHOD, body, mocked, say
from tests.deploy.world import ACCOUNT, REGION, Deployed

MODEL = "AWS::ApiGateway::Model"
VALIDATOR = "AWS::ApiGateway::RequestValidator"
AUTHORIZER = "AWS::ApiGateway::Authorizer"
RESPONSE = "AWS::ApiGateway::GatewayResponse"
KEY = "AWS::ApiGateway::ApiKey"
PLAN = "AWS::ApiGateway::UsagePlan"
PLAN_KEY = "AWS::ApiGateway::UsagePlanKey"
FUNCTIONS = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions"


async def api_of(deployed: Deployed) -> str:
    """An API with one method."""
    return (await deployed.make(API, {"Body": body("hello")}, "Api")).id


async def test_a_body_is_checked_by_model_and_validator(deployed: Deployed) -> None:
    """A request whose body is not as the model says is refused where a validator asks for it."""
    api = await deployed.make(API, {"Name": "orders"}, "Api")
    schema = {"type": "object", "required": ["order"]}
    model = await deployed.make(
        MODEL, {"RestApiId": api.id, "Name": "Order", "Schema": schema, "Description": "d"}
    )
    assert model.id == "Order"
    validator = await deployed.make(
        VALIDATOR, {"RestApiId": api.id, "Name": "bodies", "ValidateRequestBody": "true"}
    )
    assert validator.attributes == {"RequestValidatorId": validator.id}
    method: JsonObject = {
        "RestApiId": api.id,
        "ResourceId": api.attributes["RootResourceId"],
        "HttpMethod": "POST",
        "RequestValidatorId": validator.id,
        "RequestModels": {"application/json": model.id},
        **mocked("thanks"),
    }
    await deployed.make(METHOD, method)
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    typed = "application/json"
    good = await ask(deployed, api.id, "POST", "/dev", '{"order": 1}', content_type=typed)
    bad = await ask(deployed, api.id, "POST", "/dev", "{}", content_type=typed)
    assert (good.status, bad.status) == (200, 400)


async def test_a_model_and_a_validator_are_changed_and_dropped(deployed: Deployed) -> None:
    """A model and a validator are changed in place and dropped; a second time is fine."""
    api = await api_of(deployed)
    model = await deployed.make(MODEL, {"RestApiId": api, "Schema": {"type": "object"}})
    assert model.id == "shopThingABCDEF123456"
    await deployed.change(MODEL, model, {"RestApiId": api, "Schema": {"type": "array"}})
    shown = await deployed.call("apigateway", "GetModel", restApiId=api, modelName=model.id)
    assert json.loads(shown["schema"]) == {"type": "array"}
    given: JsonObject = {"RestApiId": api, "Name": "all", "ValidateRequestBody": True}
    validator = await deployed.make(VALIDATOR, given)
    await deployed.change(
        VALIDATOR, validator, {"RestApiId": api, "Name": "all", "ValidateRequestParameters": True}
    )
    place = {"restApiId": api, "requestValidatorId": validator.id}
    shown = await deployed.call("apigateway", "GetRequestValidator", **place)
    assert (shown["validateRequestBody"], shown["validateRequestParameters"]) == (False, True)
    for _ in range(2):
        await deployed.drop(MODEL, model)
        await deployed.drop(VALIDATOR, validator)
    assert not (await deployed.call("apigateway", "GetRequestValidators", restApiId=api))["items"]


async def test_an_authorizer_says_who_may_call(deployed: Deployed) -> None:
    """A method with an authorizer asks its function."""
    deployed.runner.handlers["door"] = lambda event: {
        "principalId": "p",
        "policyDocument": {
            "Statement": [
                {
                    "Effect": "Allow" if event["authorizationToken"] == "yes" else "Deny",
                    "Resource": "*",
                }
            ]
        },
    }
    await deployed.call(
        "lambda",
        "CreateFunction",
        FunctionName="door",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Runtime="python3.12",
        Handler="a.b",
        Code={"ZipFile": zip_of({"a.py": ""})},
    )
    api = await deployed.make(API, {"Name": "orders"}, "Api")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:door"
    given: JsonObject = {
        "RestApiId": api.id,
        "Name": "door",
        "Type": "TOKEN",
        "AuthorizerUri": f"{FUNCTIONS}/{arn}/invocations",
        "IdentitySource": "method.request.header.Ticket",
        "AuthorizerResultTtlInSeconds": 0,
    }
    authorizer = await deployed.make(AUTHORIZER, given)
    assert authorizer.attributes == {"AuthorizerId": authorizer.id}
    assert (await deployed.make(AUTHORIZER, given, repeated=True)).id == authorizer.id
    await deployed.make(
        METHOD,
        {
            "RestApiId": api.id,
            "ResourceId": api.attributes["RootResourceId"],
            "HttpMethod": "GET",
            "AuthorizationType": "CUSTOM",
            "AuthorizerId": authorizer.id,
            **mocked("hello"),
        },
    )
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    answers = [await ask(deployed, api.id, "GET", "/dev", ticket=t) for t in ("yes", "no")]
    assert [answer.status for answer in answers] == [200, 403]
    changed = {name: value for name, value in given.items() if name != "IdentitySource"}
    await deployed.change(AUTHORIZER, authorizer, {**changed, "Type": "REQUEST"})
    place = {"restApiId": api.id, "authorizerId": authorizer.id}
    shown = await deployed.call("apigateway", "GetAuthorizer", **place)
    assert shown["type"] == "REQUEST"
    assert shown["identitySource"] == "method.request.header.Authorization"
    await deployed.drop(AUTHORIZER, authorizer)
    await deployed.drop(AUTHORIZER, authorizer)


async def test_an_authorizer_that_is_not_here_is_refused_by_name(deployed: Deployed) -> None:
    """Cognito's authorizers are refused with the reason."""
    api = await api_of(deployed)
    given: JsonObject = {
        "RestApiId": api,
        "Name": "users",
        "Type": "COGNITO_USER_POOLS",
        "ProviderARNs": ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/x"],
        "IdentitySource": "method.request.header.Authorization",
    }
    with pytest.raises(ServiceError, match="Authorizers of type COGNITO_USER_POOLS are not"):
        await deployed.make(AUTHORIZER, given)


async def test_a_gateway_response_is_put_and_taken_off(deployed: Deployed) -> None:
    """The gateway's own answer is as the template says, and as by default without it."""
    api = await api_of(deployed)
    given: JsonObject = {
        "RestApiId": api,
        "ResponseType": "MISSING_AUTHENTICATION_TOKEN",
        "StatusCode": "404",
        "ResponseTemplates": {"application/json": '{"said": "nothing here"}'},
    }
    response = await deployed.make(RESPONSE, given)
    with pytest.raises(ServiceError, match="'MISSING_AUTHENTICATION_TOKEN' already exists"):
        await deployed.make(RESPONSE, given)
    assert (await deployed.make(RESPONSE, given, repeated=True)).id == response.id
    await deployed.make(DEPLOYMENT, {"RestApiId": api, "StageName": "dev"}, "One")
    assert await say(deployed, api, "/dev/x") == (404, {"said": "nothing here"})
    kept = {name: given[name] for name in ("RestApiId", "ResponseType")}
    await deployed.change(RESPONSE, response, {**kept, "StatusCode": 410})
    place = {"restApiId": api, "responseType": "MISSING_AUTHENTICATION_TOKEN"}
    shown = await deployed.call("apigateway", "GetGatewayResponse", **place)
    assert shown["statusCode"] == "410"
    assert "nothing here" not in str(shown["responseTemplates"])
    for _ in range(2):
        await deployed.drop(RESPONSE, response)
    assert (await deployed.call("apigateway", "GetGatewayResponse", **place))["defaultResponse"]


async def test_a_key_of_a_plan_opens_a_stage(deployed: Deployed) -> None:
    """A method that needs a key answers those whose plan has the stage."""
    api = await deployed.make(API, {"Name": "orders"}, "Api")
    method = {
        "RestApiId": api.id,
        "ResourceId": api.attributes["RootResourceId"],
        "HttpMethod": "GET",
        "ApiKeyRequired": True,
    }
    await deployed.make(METHOD, {**method, **mocked("hello")})
    await deployed.make(DEPLOYMENT, {"RestApiId": api.id, "StageName": "dev"})
    value = "0123456789abcdefghij"
    key = await deployed.make(KEY, {"Value": value, "Enabled": True}, "Key")
    assert key.attributes == {"APIKeyId": key.id}
    stages = [{"ApiId": api.id, "Stage": "dev"}]
    plan = await deployed.make(PLAN, {"ApiStages": stages}, "Plan")
    member = await deployed.make(
        PLAN_KEY, {"KeyId": key.id, "KeyType": "API_KEY", "UsagePlanId": plan.id}
    )
    assert member.id == f"{key.id}:{plan.id}"
    answers = [await ask(deployed, api.id, "GET", "/dev", x_api_key=k) for k in (value, "other")]
    assert [answer.status for answer in answers] == [200, 403]
    again = {"KeyId": key.id, "KeyType": "API_KEY", "UsagePlanId": plan.id}
    assert (await deployed.make(PLAN_KEY, again, repeated=True)).id == member.id
    for kind, each in ((PLAN_KEY, member), (PLAN, plan), (KEY, key)):
        await deployed.drop(kind, each)
        await deployed.drop(kind, each)
    assert not (await deployed.call("apigateway", "GetApiKeys"))["items"]
    assert not (await deployed.call("apigateway", "GetUsagePlans"))["items"]


async def test_a_key_is_as_its_template_says(deployed: Deployed) -> None:
    """A key's settings and stages follow the template; its name is made where none is given."""
    given: JsonObject = {
        "Enabled": True,
        "Description": "d",
        "StageKeys": [{"RestApiId": "a", "StageName": "dev"}],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    key = await deployed.make(KEY, given)
    assert (await deployed.make(KEY, given, repeated=True)).id == key.id
    await deployed.change(
        KEY, key, {"CustomerId": "c", "StageKeys": [{"RestApiId": "a", "StageName": "live"}]}
    )
    shown = await deployed.call("apigateway", "GetApiKey", apiKey=key.id)
    assert shown["name"] == "shop-Thing-ABCDEF123456"
    assert (shown["enabled"], shown["customerId"]) == (False, "c")
    assert "description" not in shown
    assert shown["stageKeys"] == ["a/live"]
    assert "a" not in shown["tags"]


async def test_a_key_that_replaces_is_another_one(deployed: Deployed) -> None:
    """A repeated creation does not take the key that it replaces for its own."""
    key = await deployed.make(KEY, {"Name": "door", "Value": "0123456789abcdefghij"})
    given: JsonObject = {"Name": "door", "Value": "jihgfedcba9876543210"}
    assert (await deployed.make(KEY, given, repeated=True)).id != key.id


async def test_a_plan_is_as_its_template_says(deployed: Deployed) -> None:
    """A plan's limits and stages follow the template."""
    api = await api_of(deployed)
    for name in ("dev", "live"):
        await deployed.make(DEPLOYMENT, {"RestApiId": api, "StageName": name}, name)
    limits = {"/hello/GET": {"RateLimit": 1.5, "BurstLimit": 2}}
    given: dict[str, Any] = {
        "UsagePlanName": "gold",
        "Throttle": {"BurstLimit": 5, "RateLimit": 1.5},
        "Quota": {"Limit": 100, "Period": "DAY"},
        "ApiStages": [{"ApiId": api, "Stage": "dev", "Throttle": limits}],
    }
    plan = await deployed.make(PLAN, given)
    assert (await deployed.make(PLAN, given, repeated=True)).id == plan.id
    shown = await deployed.call("apigateway", "GetUsagePlan", usagePlanId=plan.id)
    first = {"/hello/GET": {"burstLimit": 2, "rateLimit": 1.5}}
    assert shown["apiStages"] == [{"apiId": api, "stage": "dev", "throttle": first}]
    stages = [
        {"ApiId": api, "Stage": "dev", "Throttle": {"/hello/GET": {"BurstLimit": 3}}},
        {"ApiId": api, "Stage": "live"},
    ]
    changed = {"UsagePlanName": "gold", "Throttle": {"RateLimit": 2}, "ApiStages": stages}
    await deployed.change(PLAN, plan, changed)
    shown = await deployed.call("apigateway", "GetUsagePlan", usagePlanId=plan.id)
    assert shown["throttle"] == {"rateLimit": 2.0}
    assert "quota" not in shown
    second = {"/hello/GET": {"burstLimit": 3}}
    assert shown["apiStages"] == [
        {"apiId": api, "stage": "dev", "throttle": second},
        {"apiId": api, "stage": "live"},
    ]


async def test_what_is_only_kept_has_its_attributes(deployed: Deployed) -> None:
    """Domain names and documentation are kept, with what other resources refer to."""
    kind = "AWS::ApiGateway::DomainName"
    known = find_type(kind)
    assert known is not None
    assert known.stored_only
    domain = await deployed.make(kind, {"DomainName": "api.example.com"})
    assert domain.id == "api.example.com"
    assert str(domain.attributes["RegionalDomainName"]).endswith(f"{REGION}.amazonaws.com")
    mapping = {"DomainName": domain.id, "RestApiId": "a", "Stage": "dev"}
    await deployed.make("AWS::ApiGateway::BasePathMapping", mapping)
    part = await deployed.make("AWS::ApiGateway::DocumentationPart", {"RestApiId": "a"})
    assert part.attributes["DocumentationPartId"] == part.id
    assert find_type("AWS::ApiGateway::VpcLink") is None
