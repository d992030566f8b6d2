"""What REST APIs have beside resources: validators, models, authorizers, gateway responses; the
account; tags."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import (
    bad_request,
    conflict,
    invalid,
    not_found,
    not_here,
)
from stepwell.services.apigateway.gateway import ApiGateway, given, page
from stepwell.services.apigateway.patches import apply
from stepwell.services.apigateway.rest.integrations import (
    check_templates,
    function_arn,
    read_uri,
)
from stepwell.services.apigateway.serving.schemas import unsupported_keyword
from stepwell.values import BadJson, decode

GATEWAY_RESPONSES: dict[str, str | None] = {
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""The kinds of answers of the gateway itself, with their status."""
_TEMPLATE = '{"message":$context.error.messageString}'
_VALIDATOR = {"name": "text", "validateRequestBody": "truth", "validateRequestParameters": "truth"}
_MODEL = {"description": "text", "schema": "text"}
_AUTHORIZER = {
    "name": "text",
    "authorizerUri": "text",
    "authorizerCredentials": "text",
    "identitySource": "text",
    "identityValidationExpression": "text",
    "authorizerResultTtlInSeconds": "number",
    "authType": "text",
    "type": "text",
}
_RESPONSE = {"statusCode": "text", "responseParameters": "map", "responseTemplates": "map"}


async def _save(gateway: ApiGateway, owner: str, kind: str, name: str, document: Document) -> None:
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, kind, name, document)
    await gateway.ledger.committed()


async def _delete(gateway: ApiGateway, owner: str, kind: str, name: str) -> None:
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, kind, name)
    await gateway.ledger.committed()


def _find(gateway: ApiGateway, owner: str, kind: str, name: str, what: str) -> Document:
    found = gateway.documents.change(owner, kind, name)
    if found is None:
        raise invalid(what)
    return found


async def create_request_validator(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """What of a request is checked before anything is called."""
    owner, _ = gateway.rest_api(call, params)
    made = {
        "id": gateway.new_id(6),
        **given(params, "name"),
        "validateRequestBody": bool(params.get("validateRequestBody")),
        "validateRequestParameters": bool(params.get("validateRequestParameters")),
    }
    await _save(gateway, owner, "validator", made["id"], made)
    return made


def _validator(gateway: ApiGateway, owner: str, params: Params) -> Document:
    name = params["requestValidatorId"]
    return _find(gateway, owner, "validator", name, "Request Validator")


async def get_request_validator(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One of them."""
    return _validator(gateway, gateway.rest_api(call, params)[0], params)


async def get_request_validators(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """All of them."""
    owner, _ = gateway.rest_api(call, params)
    return page(gateway.documents.all(owner, "validator"), params)


async def update_request_validator(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    changed = _validator(gateway, owner, params)
    apply(changed, params.get("patchOperations") or (), _VALIDATOR)
    await _save(gateway, owner, "validator", changed["id"], changed)
    return changed


async def delete_request_validator(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete one."""
    owner, _ = gateway.rest_api(call, params)
    await _delete(gateway, owner, "validator", _validator(gateway, owner, params)["id"])


def check_schema(text: str) -> None:
    """Raises BadRequestException for a schema that cannot be, or that says what is not here."""
    try:
        schema = decode(text or "{}")
    except BadJson:
        raise bad_request("Invalid model schema specified: Invalid JSON") from None
    unknown = unsupported_keyword(schema)
    if unknown:
        raise not_here(f"The keyword {unknown} of a model's schema is")


async def create_model(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A JSON schema with a name."""
    owner, _ = gateway.rest_api(call, params)
    if gateway.documents.get(owner, "model", params["name"]) is not None:
        raise conflict("Model name already exists for this REST API")
    if not str(params["name"]).isalnum():
        raise bad_request(f"Model name must be alphanumeric: {params['name']}")
    check_schema(params.get("schema") or "")
    made = {
        "id": gateway.new_id(6),
        **given(params, "name", "description", "schema", "contentType"),
    }
    await _save(gateway, owner, "model", made["name"], made)
    return made


def _model(gateway: ApiGateway, owner: str, params: Params) -> Document:
    found = gateway.documents.change(owner, "model", params["modelName"])
    if found is None:
        raise not_found(f"Invalid model name specified: {params['modelName']}")
    return found


async def get_model(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One model."""
    return _model(gateway, gateway.rest_api(call, params)[0], params)


async def get_models(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """All of them."""
    owner, _ = gateway.rest_api(call, params)
    return page(gateway.documents.all(owner, "model"), params)


async def update_model(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    changed = _model(gateway, owner, params)
    apply(changed, params.get("patchOperations") or (), _MODEL)
    check_schema(changed.get("schema") or "")
    await _save(gateway, owner, "model", changed["name"], changed)
    return changed


async def delete_model(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete one."""
    owner, _ = gateway.rest_api(call, params)
    await _delete(gateway, owner, "model", _model(gateway, owner, params)["name"])


def check_authorizer(made: Document) -> None:
    """Raises BadRequestException for an authorizer that cannot be or that is not here."""
    if made["type"] == "COGNITO_USER_POOLS" or made.get("jwtConfiguration"):
        raise not_here("Authorizers of type COGNITO_USER_POOLS are")
    if made["type"] not in ("TOKEN", "REQUEST"):
        raise bad_request(f"Invalid authorizer type specified: {made['type']}")
    if not made.get("authorizerUri"):
        raise bad_request("Invalid Authorizer URI: ")
    if function_arn(read_uri(made["authorizerUri"])) is None:
        raise bad_request(
            f"Invalid Authorizer URI: {made['authorizerUri']}. Authorizer URI should"
            " be a valid API Gateway ARN that represents a Lambda function"
            " invocation."
        )


async def create_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A function that says who may call."""
    owner, _ = gateway.rest_api(call, params)
    made = {
        "id": gateway.new_id(6),
        **given(
            params,
            "name",
            "type",
            "providerARNs",
            "authType",
            "authorizerUri",
            "authorizerCredentials",
            "identityValidationExpression",
            "jwtConfiguration",
        ),
        "identitySource": params.get("identitySource") or "method.request.header.Authorization",
        "authType": params.get("authType") or "custom",
        "authorizerResultTtlInSeconds": params.get("authorizerResultTtlInSeconds", 300),
    }
    check_authorizer(made)
    await _save(gateway, owner, "authorizer", made["id"], made)
    return made


def _authorizer(gateway: ApiGateway, owner: str, params: Params) -> Document:
    return _find(gateway, owner, "authorizer", params["authorizerId"], "Authorizer")


async def get_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One of them."""
    return _authorizer(gateway, gateway.rest_api(call, params)[0], params)


async def get_authorizers(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """All of them."""
    owner, _ = gateway.rest_api(call, params)
    return page(gateway.documents.all(owner, "authorizer"), params)


async def update_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    changed = _authorizer(gateway, owner, params)
    apply(changed, params.get("patchOperations") or (), _AUTHORIZER)
    check_authorizer(changed)
    await _save(gateway, owner, "authorizer", changed["id"], changed)
    return changed


async def delete_authorizer(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete one."""
    owner, _ = gateway.rest_api(call, params)
    await _delete(gateway, owner, "authorizer", _authorizer(gateway, owner, params)["id"])


def _gateway_response(gateway: ApiGateway, owner: str, kind: str) -> Document:
    if kind not in GATEWAY_RESPONSES:
        raise bad_request(f"Invalid response type specified: {kind}")
    found = gateway.documents.change(owner, "gateway-response", kind)
    if found is not None:
        return found
    status = GATEWAY_RESPONSES[kind]
    return {
        "responseType": kind,
        **({} if status is None else {"statusCode": status}),
        "responseParameters": {},
        "responseTemplates": {"application/json": _TEMPLATE},
        "defaultResponse": True,
    }


async def get_gateway_response(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One kind of answer of the gateway itself."""
    owner, _ = gateway.rest_api(call, params)
    return _gateway_response(gateway, owner, params["responseType"])


async def get_gateway_responses(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """All kinds."""
    owner, _ = gateway.rest_api(call, params)
    whole = {**params, "limit": params.get("limit") or 500}
    return page([_gateway_response(gateway, owner, kind) for kind in GATEWAY_RESPONSES], whole)


async def put_gateway_response(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Another status, other headers, another body for a kind of answer."""
    owner, _ = gateway.rest_api(call, params)
    kind = params["responseType"]
    made = _gateway_response(gateway, owner, kind)
    made = {
        **made,
        **given(params, "statusCode", "responseParameters", "responseTemplates"),
        "defaultResponse": False,
    }
    check_templates(made.get("responseTemplates"))
    await _save(gateway, owner, "gateway-response", kind, made)
    return made


async def update_gateway_response(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    kind = params["responseType"]
    changed = _gateway_response(gateway, owner, kind)
    apply(changed, params.get("patchOperations") or (), _RESPONSE)
    changed["defaultResponse"] = False
    check_templates(changed.get("responseTemplates"))
    await _save(gateway, owner, "gateway-response", kind, changed)
    return changed


async def delete_gateway_response(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Back to what it is by itself."""
    owner, _ = gateway.rest_api(call, params)
    kind = params["responseType"]
    if gateway.documents.get(owner, "gateway-response", kind) is None:
        raise not_found("Gateway response type not defined on api")
    await _delete(gateway, owner, "gateway-response", kind)


def _account(gateway: ApiGateway, call: Call) -> Document:
    return gateway.documents.change(call.scope, "account", "account") or {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }


async def get_account(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The account's settings."""
    return shown(_account(gateway, call))


async def update_account(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The role for logs: shown, not used."""
    account = _account(gateway, call)
    apply(
        account,
        params.get("patchOperations") or (),
        {"cloudwatchRoleArn": "text", "features": "list"},
    )
    if not account.get("cloudwatchRoleArn"):
        account.pop("cloudwatchRoleArn", None)
    await _save(gateway, call.scope, "account", "account", account)
    return shown(account)
