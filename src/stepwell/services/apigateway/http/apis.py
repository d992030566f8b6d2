"""HTTP APIs themselves."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request, not_here
from stepwell.services.apigateway.gateway import HTTP_API, ApiGateway, changed, given
from stepwell.services.apigateway.http.deploying import INTEGRATION, ROUTE, follow
from stepwell.services.apigateway.http.paging import listed
from stepwell.services.apigateway.http.routes import check_free, check_key, new_integration
from stepwell.services.apigateway.http.stages import new_stage

_FIELDS = (
    "Name",
    "Description",
    "Version",
    "CorsConfiguration",
    "DisableExecuteApiEndpoint",
    "ApiKeySelectionExpression",
    "RouteSelectionExpression",
    "IpAddressType",
)


def new_api(gateway: ApiGateway, call: Call, params: Params) -> Document:
    """The document of a new API. Raises BadRequestException."""
    if params["ProtocolType"] == "WEBSOCKET":
        raise not_here("APIs of ProtocolType WEBSOCKET are")
    if params["ProtocolType"] != "HTTP":
        raise bad_request("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
    if params.get("DisableSchemaValidation"):
        raise bad_request("DisableSchemaValidation is only supported for WEBSOCKET protocol APIs")
    api_id = gateway.new_id()
    scheme, _, host = call.base_url.partition("://")
    bare, colon, port = host.partition(":")
    port = f"{colon}{port}"
    name = "localhost" if bare in ("127.0.0.1", "[", "") else bare
    return {
        "ApiId": api_id,
        "ApiEndpoint": f"{scheme or 'http'}://{api_id}.execute-api.{call.region}.{name}{port}",
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "RouteSelectionExpression": "$request.method $request.path",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        **given(params, *_FIELDS),
        "ProtocolType": "HTTP",
        "CreatedDate": gateway.now_seconds(),
        "Tags": params.get("Tags") or {},
    }


async def create_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """An API; with a Target also its route, its integration and its stage."""
    made = new_api(gateway, call, params)
    _check_expression(made)
    target = params.get("Target")
    integration = None if not target else _quick_integration(gateway, params)
    key = params.get("RouteKey") or "$default"
    check_key(key)
    owner = f"{call.scope}:{made['ApiId']}"
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, HTTP_API, made["ApiId"], made)
        if integration is not None:
            _put_quick(gateway, turn, owner, integration, key)
    await gateway.ledger.committed()
    return shown(made)


def _check_expression(api: Document) -> None:
    if api["RouteSelectionExpression"] not in (
        "$request.method $request.path",
        "${request.method} ${request.path}",
    ):
        raise bad_request(
            "RouteSelectionExpression must be '${request.method} ${request.path}' for HTTP APIs"
        )


def _quick_integration(gateway: ApiGateway, params: Params) -> Document:
    target = str(params["Target"])
    is_url = target.startswith(("http://", "https://"))
    given_params: Params = {
        "IntegrationType": "HTTP_PROXY" if is_url else "AWS_PROXY",
        "IntegrationUri": target,
        "CredentialsArn": params.get("CredentialsArn"),
        "PayloadFormatVersion": "1.0" if is_url else "2.0",
        **({"IntegrationMethod": "ANY"} if is_url else {}),
    }
    made = new_integration(gateway, given_params)
    return {**made, "ApiGatewayManaged": True}


def _put_quick(
    gateway: ApiGateway, turn: Turn, owner: str, integration: Document, key: str
) -> None:
    name = integration["IntegrationId"]
    gateway.documents.put(turn, owner, INTEGRATION, name, integration)
    route: Document = {
        "RouteId": gateway.new_id(7),
        "RouteKey": key,
        "Target": f"integrations/{name}",
        "ApiGatewayManaged": True,
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
    }
    gateway.documents.put(turn, owner, ROUTE, route["RouteId"], route)
    stage = new_stage(gateway, {"StageName": "$default", "AutoDeploy": True})
    gateway.documents.put(turn, owner, "http-stage", "$default", stage)
    follow(gateway, turn, owner)


async def get_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One API."""
    return shown(gateway.http_api(call, params)[1])


async def get_apis(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The APIs of an account in a region."""
    return listed([shown(each) for each in gateway.documents.all(call.scope, HTTP_API)], params)


async def update_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Other values for what is given; what quick creation made follows Target and RouteKey."""
    owner, api = gateway.http_api(call, params)
    after = changed(api, params, *_FIELDS)
    _check_expression(after)
    if not after.get("Name"):
        raise bad_request("API name cannot be blank")
    integration = _other_target(gateway, owner, params)
    route = _other_key(gateway, owner, params)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, HTTP_API, api["ApiId"], after)
        if integration is not None:
            name = integration["IntegrationId"]
            gateway.documents.put(turn, owner, INTEGRATION, name, integration)
        if route is not None:
            gateway.documents.put(turn, owner, ROUTE, route["RouteId"], route)
        if integration is not None or route is not None:
            follow(gateway, turn, owner)
    await gateway.ledger.committed()
    return shown(after)


def _managed(gateway: ApiGateway, owner: str, kind: str) -> Document:
    """What quick creation made of that kind. Raises BadRequestException."""
    for each in gateway.documents.all(owner, kind):
        if each.get("ApiGatewayManaged"):
            return each
    raise bad_request("Target, RouteKey and CredentialsArn are only for APIs of quick creation")


def _other_target(gateway: ApiGateway, owner: str, params: Params) -> Document | None:
    if not params.get("Target") and params.get("CredentialsArn") is None:
        return None
    before = _managed(gateway, owner, INTEGRATION)
    wanted = {"Target": before["IntegrationUri"], **params}
    wanted.setdefault("CredentialsArn", before.get("CredentialsArn"))
    wanted["CredentialsArn"] = wanted["CredentialsArn"] or None
    made = _quick_integration(gateway, wanted)
    return {**made, "IntegrationId": before["IntegrationId"]}


def _other_key(gateway: ApiGateway, owner: str, params: Params) -> Document | None:
    key = params.get("RouteKey")
    if not key:
        return None
    check_key(key)
    route = {**_managed(gateway, owner, ROUTE), "RouteKey": key}
    check_free(gateway, owner, route)
    return route


async def delete_api(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete an API and all it has."""
    owner, api = gateway.http_api(call, params)
    with gateway.ledger.stage() as turn:
        gateway.documents.delete_all(turn, owner)
        gateway.documents.delete(turn, call.scope, HTTP_API, api["ApiId"])
    await gateway.ledger.committed()


async def delete_cors_configuration(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Leave CORS to the integrations."""
    _, api = gateway.http_api(call, params)
    api.pop("CorsConfiguration", None)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, HTTP_API, api["ApiId"], api)
    await gateway.ledger.committed()
