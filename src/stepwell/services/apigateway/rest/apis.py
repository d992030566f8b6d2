"""REST APIs themselves."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request, not_here
from stepwell.services.apigateway.gateway import REST_API, ApiGateway, given, page
from stepwell.services.apigateway.patches import apply
from stepwell.values import encode_text

_PATCHED = {
    "name": "text",
    "description": "text",
    "version": "text",
    "binaryMediaTypes": "list",
    "minimumCompressionSize": "number",
    "apiKeySource": "text",
    "policy": "text",
    "disableExecuteApiEndpoint": "truth",
    "endpointConfiguration": "text",
    "securityPolicy": "text",
    "endpointAccessMode": "text",
}
_MODELS = {
    "Empty": ("This is a default empty schema model", "Empty Schema"),
    "Error": ("This is a default error schema model", "Error Schema"),
}
_ERROR_SCHEMA = (
    ' "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }'
)


def new_api(gateway: ApiGateway, params: Params) -> Document:
    """The document of a new API."""
    if params.get("cloneFrom"):
        raise not_here("cloneFrom is")
    if params.get("minimumCompressionSize") is not None:
        raise not_here("minimumCompressionSize is")
    kept = given(
        params,
        "name",
        "description",
        "version",
        "binaryMediaTypes",
        "policy",
        "securityPolicy",
        "endpointAccessMode",
    )
    return {
        **kept,
        "id": gateway.new_id(),
        "createdDate": gateway.now_seconds(),
        "apiKeySource": params.get("apiKeySource") or "HEADER",
        "endpointConfiguration": {
            "types": ["EDGE"],
            "ipAddressType": "ipv4",
            **(params.get("endpointConfiguration") or {}),
        },
        "tags": params.get("tags") or {},
        "disableExecuteApiEndpoint": bool(params.get("disableExecuteApiEndpoint")),
        "rootResourceId": gateway.new_id(),
    }


def put_new(gateway: ApiGateway, turn: Turn, scope: str, api: Document) -> str:
    """Keep a new API with its root resource and its two models; the owner of what it has."""
    owner = f"{scope}:{api['id']}"
    root = {"id": api["rootResourceId"], "path": "/", "resourceMethods": {}}
    gateway.documents.put(turn, scope, REST_API, api["id"], api)
    gateway.documents.put(turn, owner, "resource", root["id"], root)
    for name, (description, title) in _MODELS.items():
        body = _ERROR_SCHEMA if name == "Error" else ' "type" : "object"'
        schema = (
            '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n'
            f'  "title" : "{title}",\n {body}\n}}'
        )
        model = {
            "id": gateway.new_id(6),
            "name": name,
            "description": description,
            "schema": schema,
            "contentType": "application/json",
        }
        gateway.documents.put(turn, owner, "model", name, model)
    return owner


async def create_rest_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """An API with a root resource and no methods."""
    if not str(params["name"]).strip():
        raise bad_request("API name cannot be blank")
    api = new_api(gateway, params)
    with gateway.ledger.stage() as turn:
        put_new(gateway, turn, call.scope, api)
    await gateway.ledger.committed()
    return shown_api(api)


def shown_api(api: Document) -> dict[str, Any]:
    """An API as it is shown: its policy is text within text, escaped once more by API Gateway."""
    answer = shown(api)
    if answer.get("policy"):
        answer["policy"] = encode_text(answer["policy"])[1:-1].replace("/", "\\/")
    return answer


async def get_rest_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One API."""
    return shown_api(gateway.rest_api(call, params)[1])


async def get_rest_apis(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The APIs of an account in a region."""
    return page([shown_api(api) for api in gateway.documents.all(call.scope, REST_API)], params)


async def update_rest_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    _, api = gateway.rest_api(call, params)
    endpoint = api["endpointConfiguration"]
    operations = []
    for operation in params.get("patchOperations") or ():
        path = str(operation.get("path"))
        if path.startswith("/endpointConfiguration/types/"):
            endpoint["types"] = [operation.get("value")]
        elif path == "/endpointConfiguration/ipAddressType":
            endpoint["ipAddressType"] = operation.get("value")
        elif path.startswith("/minimumCompressionSize"):
            if operation.get("value"):
                raise not_here("minimumCompressionSize is")
        else:
            operations.append(operation)
    apply(api, operations, _PATCHED)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, REST_API, api["id"], api)
    await gateway.ledger.committed()
    return shown_api(api)


async def delete_rest_api(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete an API and all it has."""
    owner, api = gateway.rest_api(call, params)
    with gateway.ledger.stage() as turn:
        gateway.documents.delete_all(turn, owner)
        gateway.documents.delete(turn, call.scope, REST_API, api["id"])
    await gateway.ledger.committed()
