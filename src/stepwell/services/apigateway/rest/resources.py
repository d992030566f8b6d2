"""Resources, methods, and what a method answers."""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request, conflict, invalid
from stepwell.services.apigateway.gateway import ApiGateway, given, page
from stepwell.services.apigateway.patches import apply

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_AUTHORIZATIONS = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
_PART = re.compile(r"[a-zA-Z0-9._\-:$]+|\{[a-zA-Z0-9._\-:$]+\+?\}")
_METHOD_PATCHED = {
    "authorizationType": "text",
    "authorizerId": "text",
    "apiKeyRequired": "truth",
    "operationName": "text",
    "requestParameters": "truths",
    "requestModels": "map",
    "requestValidatorId": "text",
    "authorizationScopes": "list",
}
_RESPONSE_PATCHED = {"responseParameters": "truths", "responseModels": "map"}


def resource(gateway: ApiGateway, owner: str, params: Params) -> Document:
    """The resource a request names, to be changed. Raises NotFoundException."""
    found = gateway.documents.change(owner, "resource", str(params["resourceId"]))
    if found is None:
        raise invalid("Resource")
    return found


def method(holder: Document, params: Params) -> Document:
    """The method of a resource that a request names. Raises NotFoundException."""
    found: Document | None = holder["resourceMethods"].get(params["httpMethod"])
    if found is None:
        raise invalid("Method")
    return found


async def save(gateway: ApiGateway, owner: str, holder: Document) -> None:
    """Put a resource back."""
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, "resource", holder["id"], holder)
    await gateway.ledger.committed()


def show(holder: Document, embed: Any = None) -> dict[str, Any]:
    """A resource; its methods by their names alone, unless they are asked for."""
    answer = dict(holder)
    methods = answer.pop("resourceMethods")
    if methods:
        whole = "methods" in (embed or ())
        answer["resourceMethods"] = methods if whole else {name: {} for name in methods}
    return answer


def check_part(part: str) -> None:
    """Raises BadRequestException for a part of a path that cannot be."""
    if not _PART.fullmatch(part):
        raise bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and"
            " curly braces at the beginning and the end."
        )


async def create_resource(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A resource below another one."""
    owner, _ = gateway.rest_api(call, params)
    parent = gateway.documents.get(owner, "resource", str(params["parentId"]))
    if parent is None:
        raise invalid("Resource")
    part = str(params["pathPart"])
    check_part(part)
    siblings = [
        other
        for other in gateway.documents.all(owner, "resource")
        if other.get("parentId") == parent["id"]
    ]
    if any(other["pathPart"] == part for other in siblings):
        raise conflict(f"Another resource with the same parent already has this name: {part}")
    if parent["path"].endswith("+}"):
        raise bad_request(
            f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}"
        )
    _check_siblings(part, siblings)
    made = {
        "id": gateway.new_id(6),
        "parentId": parent["id"],
        "pathPart": part,
        "path": f"{parent['path'].rstrip('/')}/{part}",
        "resourceMethods": {},
    }
    await save(gateway, owner, made)
    return show(made)


def _check_siblings(part: str, siblings: list[Document]) -> None:
    """Two variables cannot stand in the same place."""
    if not part.startswith("{"):
        return
    for other in siblings:
        name = str(other["pathPart"])
        if name.startswith("{") and name.endswith("+}") == part.endswith("+}"):
            raise bad_request(
                f"A sibling ({name}) of this resource already has a variable path part --"
                " only one is allowed"
            )


async def get_resource(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One resource."""
    owner, _ = gateway.rest_api(call, params)
    return show(resource(gateway, owner, params), params.get("embed"))


async def get_resources(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The resources of an API."""
    owner, _ = gateway.rest_api(call, params)
    found = gateway.documents.all(owner, "resource")
    return page([show(each, params.get("embed")) for each in found], params)


async def update_resource(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A new name or another parent."""
    owner, _ = gateway.rest_api(call, params)
    changed = resource(gateway, owner, params)
    apply(changed, params.get("patchOperations") or (), {"pathPart": "text", "parentId": "text"})
    check_part(changed["pathPart"])
    by_id = {each["id"]: dict(each) for each in gateway.documents.all(owner, "resource")}
    if changed.get("parentId") not in by_id:
        raise invalid("Resource")
    by_id[changed["id"]] = changed
    with gateway.ledger.stage() as turn:
        for each in by_id.values():
            path = _path(each, by_id)
            if each is changed or path != each["path"]:
                each["path"] = path
                gateway.documents.put(turn, owner, "resource", each["id"], each)
    await gateway.ledger.committed()
    return show(changed)


def _path(each: Document, by_id: dict[str, Document]) -> str:
    parts: list[str] = []
    at: Document | None = each
    while at is not None and "parentId" in at:
        parts.append(at["pathPart"])
        if len(parts) > len(by_id):
            raise bad_request("A resource cannot be below itself")
        at = by_id.get(at["parentId"])
    return "/" + "/".join(reversed(parts))


async def delete_resource(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a resource and what is below it."""
    owner, api = gateway.rest_api(call, params)
    gone = resource(gateway, owner, params)
    if gone["id"] == api["rootResourceId"]:
        raise bad_request("Root resource cannot be deleted")
    below = f"{gone['path']}/"
    with gateway.ledger.stage() as turn:
        for each in gateway.documents.all(owner, "resource"):
            if each["id"] == gone["id"] or each["path"].startswith(below):
                gateway.documents.delete(turn, owner, "resource", each["id"])
    await gateway.ledger.committed()


def check_authorization(gateway: ApiGateway, owner: str, document: Document) -> None:
    """Raises BadRequestException for an authorization that cannot be."""
    kind = document["authorizationType"]
    if kind not in _AUTHORIZATIONS:
        raise bad_request(
            f"Invalid authorization type specified. Valid options are {', '.join(_AUTHORIZATIONS)}"
        )
    if kind == "COGNITO_USER_POOLS":
        raise bad_request("COGNITO_USER_POOLS authorization is not supported by this server.")
    if kind == "CUSTOM":
        name = document.get("authorizerId")
        if not name or gateway.documents.get(owner, "authorizer", name) is None:
            raise bad_request(
                "Invalid authorizer ID specified. Setting the authorization type to"
                " CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
            )


async def put_method(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A method of a resource."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    name = str(params["httpMethod"])
    if name not in METHODS:
        raise bad_request("Invalid HttpMethod specified. Valid options are " + ",".join(METHODS))
    if name in holder["resourceMethods"]:
        raise conflict("Method already exists for this resource")
    made = given(
        params,
        "authorizationType",
        "authorizerId",
        "operationName",
        "requestParameters",
        "requestModels",
        "requestValidatorId",
        "authorizationScopes",
    )
    made = {"httpMethod": name, "apiKeyRequired": bool(params.get("apiKeyRequired")), **made}
    check_authorization(gateway, owner, made)
    _check_references(gateway, owner, made)
    holder["resourceMethods"][name] = made
    await save(gateway, owner, holder)
    return made


def _check_references(gateway: ApiGateway, owner: str, document: Document) -> None:
    for name in (document.get("requestModels") or {}).values():
        if gateway.documents.get(owner, "model", name) is None:
            raise bad_request(f"Invalid model identifier specified: {name}")
    validator = document.get("requestValidatorId")
    if validator and gateway.documents.get(owner, "validator", validator) is None:
        raise bad_request("Invalid Request Validator identifier specified")
    for place in document.get("requestParameters") or {}:
        if not re.fullmatch(r"method\.request\.(?:querystring|path|header)\.[^\s]+", place):
            raise bad_request(
                "Invalid mapping expression specified: Validation Result: warnings : [],"
                f" errors : [Invalid mapping expression parameter specified: {place}]"
            )


async def get_method(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One method."""
    owner, _ = gateway.rest_api(call, params)
    return method(resource(gateway, owner, params), params)


async def update_method(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    changed = method(holder, params)
    apply(changed, params.get("patchOperations") or (), _METHOD_PATCHED)
    wanted = changed.get("requestParameters") or {}
    for place, needed in wanted.items():
        wanted[place] = needed if isinstance(needed, bool) else str(needed).lower() == "true"
    check_authorization(gateway, owner, changed)
    _check_references(gateway, owner, changed)
    await save(gateway, owner, holder)
    return changed


async def delete_method(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a method."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    method(holder, params)
    del holder["resourceMethods"][params["httpMethod"]]
    await save(gateway, owner, holder)


async def put_method_response(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A status a method can answer with."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    responses = method(holder, params).setdefault("methodResponses", {})
    if params["statusCode"] in responses:
        raise conflict("Response already exists for this resource")
    made = given(params, "statusCode", "responseParameters", "responseModels")
    responses[params["statusCode"]] = made
    await save(gateway, owner, holder)
    return made


def _response(found: Document, params: Params) -> Document:
    response: Document | None = (found.get("methodResponses") or {}).get(params["statusCode"])
    if response is None:
        raise invalid("Response status code")
    return response


async def get_method_response(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One of them."""
    owner, _ = gateway.rest_api(call, params)
    return _response(method(resource(gateway, owner, params), params), params)


async def update_method_response(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    changed = _response(method(holder, params), params)
    apply(changed, params.get("patchOperations") or (), _RESPONSE_PATCHED)
    await save(gateway, owner, holder)
    return changed


async def delete_method_response(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete one of them."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    found = method(holder, params)
    _response(found, params)
    del found["methodResponses"][params["statusCode"]]
    await save(gateway, owner, holder)
