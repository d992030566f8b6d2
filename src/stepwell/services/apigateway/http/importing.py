"""ImportApi and ReimportApi: an HTTP API of an OpenAPI document with API Gateway's extensions."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.apigateway import openapi
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request
from stepwell.services.apigateway.gateway import HTTP_API, ApiGateway
from stepwell.services.apigateway.http.apis import new_api
from stepwell.services.apigateway.http.deploying import AUTHORIZER, INTEGRATION, ROUTE, follow
from stepwell.services.apigateway.http.routes import (
    check_authorizer,
    check_key,
    new_integration,
    new_route,
)

_CORS = (
    "allowCredentials",
    "allowHeaders",
    "allowMethods",
    "allowOrigins",
    "exposeHeaders",
    "maxAge",
)
_DEFINED = ("Description", "Version", "CorsConfiguration")
"""What an API has of its definition alone."""
_DEFAULT_PATHS = ("$default", "/$default")
"""What stands for every other request; SAM writes it without a slash."""


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]


class _Import:
    """What a document makes, gathered before anything is changed. Raises BadRequestException."""

    def __init__(self, gateway: ApiGateway, document: dict[str, Any]) -> None:
        self._gateway = gateway
        self._document = document
        self._named = document.get("components", {}).get("x-amazon-apigateway-integrations") or {}
        self.authorizers = self._authorizers()
        self.integrations: list[Document] = []
        self.routes: list[Document] = []
        for path, method, operation in openapi.operations(document):
            self._route(path, method, operation)

    def _authorizers(self) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for name, scheme in openapi.schemes(self._document).items():
            told = scheme.get("x-amazon-apigateway-authorizer")
            if not isinstance(told, dict):
                continue
            sources = told.get("identitySource") or "$request.header.Authorization"
            made: Document = {
                "AuthorizerId": self._gateway.new_id(6),
                "Name": name,
                **{_upper(key): value for key, value in told.items() if key != "type"},
                "AuthorizerType": str(told.get("type", "")).upper(),
                "IdentitySource": sources if isinstance(sources, list) else sources.split(","),
            }
            version = made.get("AuthorizerPayloadFormatVersion")
            if version is not None:
                # Definitions are often YAML first, where 2.0 is a number.
                made["AuthorizerPayloadFormatVersion"] = str(version)
            check_authorizer(made)
            found[name] = made
        return found

    def _route(self, path: str, method: str, operation: dict[str, Any]) -> None:
        told = operation.get(openapi.INTEGRATION)
        told = self._named.get(_last(told), told) if isinstance(told, dict) else None
        route = new_route(
            self._gateway,
            {"RouteKey": "$default" if path in _DEFAULT_PATHS else f"{method} {path}"},
        )
        check_key(route["RouteKey"])
        if operation.get("operationId"):
            route["OperationName"] = operation["operationId"]
        self._authorise(route, operation)
        if isinstance(told, dict):
            integration = self._integration(told)
            self.integrations.append(integration)
            route["Target"] = f"integrations/{integration['IntegrationId']}"
        if any(each["RouteKey"] == route["RouteKey"] for each in self.routes):
            raise bad_request(f"Route with key {route['RouteKey']} is there twice")
        self.routes.append(route)

    def _authorise(self, route: Document, operation: dict[str, Any]) -> None:
        schemes = openapi.schemes(self._document)
        for name in openapi.security(self._document, operation):
            if name in self.authorizers:
                route["AuthorizationType"] = "CUSTOM"
                route["AuthorizerId"] = self.authorizers[name]["AuthorizerId"]
            elif (schemes.get(name) or {}).get("x-amazon-apigateway-authtype") == "awsSigv4":
                route["AuthorizationType"] = "AWS_IAM"
        if (operation.get("x-amazon-apigateway-auth") or {}).get("type") == "AWS_IAM":
            route["AuthorizationType"] = "AWS_IAM"

    def _integration(self, told: dict[str, Any]) -> Document:
        return new_integration(
            self._gateway,
            {
                "IntegrationType": str(told.get("type", "")).upper(),
                "IntegrationUri": told.get("uri"),
                "IntegrationMethod": told.get("httpMethod"),
                "IntegrationSubtype": told.get("integrationSubtype"),
                "PayloadFormatVersion": str(told.get("payloadFormatVersion") or "1.0"),
                "CredentialsArn": told.get("credentials"),
                "ConnectionType": told.get("connectionType"),
                "RequestParameters": told.get("requestParameters"),
                "ResponseParameters": told.get("responseParameters"),
                "TimeoutInMillis": told.get("timeoutInMillis"),
            },
        )

    def put(self, turn: Turn, owner: str) -> None:
        """Keep everything."""
        documents = self._gateway.documents
        for made, kind, key in (
            (list(self.authorizers.values()), AUTHORIZER, "AuthorizerId"),
            (self.integrations, INTEGRATION, "IntegrationId"),
            (self.routes, ROUTE, "RouteId"),
        ):
            for each in made:
                documents.put(turn, owner, kind, each[key], each)
        follow(self._gateway, turn, owner)


def _last(told: dict[str, Any]) -> str:
    return str(told.get("$ref", "")).rpartition("/")[2]


def _settings(document: dict[str, Any]) -> Params:
    info = document.get("info") or {}
    found: Params = {
        "Name": info.get("title"),
        "Description": info.get("description"),
        "Version": info.get("version"),
    }
    endpoint = document.get("x-amazon-apigateway-endpoint-configuration") or {}
    found["DisableExecuteApiEndpoint"] = endpoint.get("disableExecuteApiEndpoint")
    cors = document.get("x-amazon-apigateway-cors")
    if isinstance(cors, dict):
        found["CorsConfiguration"] = {
            _upper(name): cors[name] for name in _CORS if cors.get(name) is not None
        }
    tags = {
        each["name"]: str(each["x-amazon-apigateway-tag-value"])
        for each in document.get("tags") or ()
        if isinstance(each, dict) and "x-amazon-apigateway-tag-value" in each
    }
    if tags:
        found["Tags"] = tags
    return {name: value for name, value in found.items() if value is not None}


def _read(params: Params) -> dict[str, Any]:
    mode = str(params.get("Basepath") or "ignore")
    document = openapi.placed(openapi.read_document(params["Body"]), mode)
    if not str(document.get("openapi", "")).startswith("3."):
        raise bad_request("Invalid OpenAPI input. Only OpenAPI 3.0 is supported for HTTP APIs.")
    return document


async def import_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A new API of a document."""
    document = _read(params)
    given: Params = {"Name": "imported", **_settings(document), "ProtocolType": "HTTP"}
    api = new_api(gateway, call, given)
    made = _Import(gateway, document)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, HTTP_API, api["ApiId"], api)
        made.put(turn, f"{call.scope}:{api['ApiId']}")
    await gateway.ledger.committed()
    return shown(api)


async def reimport_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Replace what an API has by what a document says."""
    owner, api = gateway.http_api(call, params)
    document = _read(params)
    made = _Import(gateway, document)
    settings = _settings(document)
    tags = {**api["Tags"], **settings.pop("Tags", {})}
    for name in _DEFINED:
        api.pop(name, None)
    api |= {"DisableExecuteApiEndpoint": False, **settings, "Tags": tags}
    with gateway.ledger.stage() as turn:
        gateway.documents.delete_all(turn, owner, ROUTE, INTEGRATION, AUTHORIZER)
        gateway.documents.put(turn, call.scope, HTTP_API, api["ApiId"], api)
        made.put(turn, owner)
    await gateway.ledger.committed()
    return shown(api)
