"""Integrations of methods, and how their answers become the method's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request, invalid, not_found, not_here
from stepwell.services.apigateway.gateway import ApiGateway, given
from stepwell.services.apigateway.patches import apply
from stepwell.services.apigateway.rest.resources import METHODS, method, resource, save
from stepwell.services.apigateway.templates import TemplateTrouble, parse_template

TYPES = ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
TIMEOUT_MS = (50, 300_000)
_URI = re.compile(r"arn:aws[a-z-]*:apigateway:([a-z0-9-]+):([A-Za-z0-9._-]+):(path|action)/(.+)")
_FUNCTION = re.compile(r"(?:\d{4}-\d{2}-\d{2}/)?functions/(.+)/invocations")
_HTTP = re.compile(r"https?://.+|.*\$\{stageVariables\..*")
_PATCHED = {
    "httpMethod": "text",
    "uri": "text",
    "credentials": "text",
    "requestParameters": "map",
    "requestTemplates": "map",
    "passthroughBehavior": "text",
    "contentHandling": "text",
    "timeoutInMillis": "number",
    "cacheNamespace": "text",
    "cacheKeyParameters": "list",
    "connectionType": "text",
}
_RESPONSE_PATCHED = {
    "selectionPattern": "text",
    "responseParameters": "map",
    "responseTemplates": "map",
    "contentHandling": "text",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What the URI of an AWS integration names."""

    region: str
    service: str
    subdomain: str
    action: str
    path: str


def read_uri(uri: str) -> Target:
    """The target of `arn:aws:apigateway:region:service:action/...`. Raises BadRequestException."""
    found = _URI.fullmatch(uri)
    if not found:
        if uri.startswith("arn:") and ":apigateway:" in uri:
            raise bad_request("AWS ARN for integration must contain path or action")
        raise bad_request("Invalid ARN specified in the request")
    subdomain, _, service = found[2].rpartition(".")
    action, path = (found[4], "") if found[3] == "action" else ("", found[4])
    return Target(found[1], service, subdomain, action.partition("&")[0], path)


def function_arn(target: Target) -> str | None:
    """The function that a target names, if it names one."""
    found = _FUNCTION.fullmatch(target.path) if target.service == "lambda" else None
    return found[1] if found else None


def check(gateway: ApiGateway, made: Document) -> None:
    """Raises BadRequestException for an integration that cannot be or that is not here."""
    kind, uri = made["type"], str(made.get("uri") or "")
    if made.get("connectionType") == "VPC_LINK":
        raise not_here("VPC links are")
    if kind != "MOCK" and not made.get("httpMethod"):
        raise bad_request("Enumeration value for HttpMethod must be non-empty")
    if made.get("httpMethod") and made["httpMethod"] not in METHODS:
        raise bad_request("Invalid HttpMethod specified. Valid options are " + ",".join(METHODS))
    if kind in ("AWS", "AWS_PROXY"):
        target = read_uri(uri)
        if kind == "AWS_PROXY" and function_arn(target) is None:
            raise bad_request(
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function"
                " and Firehose stream invocations."
            )
        known = "${" in uri or gateway.backends.knows(target.service, target.action)
        if not known and function_arn(target) is None:
            what = f"{target.service}:{target.action}" if target.action else target.service
            raise not_here(f"Integrations with {what} are")
    if kind in ("HTTP", "HTTP_PROXY") and not _HTTP.fullmatch(uri):
        raise bad_request("Invalid HTTP endpoint specified for URI")
    behaviour = made.get("passthroughBehavior")
    if behaviour not in PASSTHROUGH:
        raise bad_request(
            "Invalid passthrough behavior specified. Valid options are " + ", ".join(PASSTHROUGH)
        )
    if not TIMEOUT_MS[0] <= int(made["timeoutInMillis"]) <= TIMEOUT_MS[1]:
        raise bad_request("Timeout should be between 50 ms and 29000 ms")
    check_templates(made.get("requestTemplates"))


def check_templates(templates: Any) -> None:
    """Raises BadRequestException for a template that cannot be read."""
    for text in (templates or {}).values():
        try:
            parse_template(text or "")
        except TemplateTrouble as trouble:
            raise bad_request(f"Invalid mapping template: {trouble}") from trouble


def new_integration(resource_id: str, params: Params) -> Document:
    """The document of an integration."""
    if params.get("responseTransferMode") == "STREAM":
        raise not_here("responseTransferMode STREAM is")
    if params["type"] not in TYPES:
        raise bad_request(
            f"Invalid integration type specified. Valid options are {', '.join(TYPES)}"
        )
    made = given(
        params,
        "type",
        "uri",
        "connectionType",
        "connectionId",
        "credentials",
        "requestParameters",
        "requestTemplates",
        "contentHandling",
        "tlsConfig",
    )
    if params.get("integrationHttpMethod"):
        made["httpMethod"] = params["integrationHttpMethod"]
    return {
        **made,
        "passthroughBehavior": params.get("passthroughBehavior") or "WHEN_NO_MATCH",
        "timeoutInMillis": params.get("timeoutInMillis") or 29_000,
        "cacheNamespace": params.get("cacheNamespace") or resource_id,
        "cacheKeyParameters": params.get("cacheKeyParameters") or [],
    }


async def put_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """What carries out a method."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    found = method(holder, params)
    made = new_integration(holder["id"], params)
    check(gateway, made)
    found["methodIntegration"] = made
    await save(gateway, owner, holder)
    return made


def integration(found: Document) -> Document:
    """The integration of a method. Raises NotFoundException."""
    made: Document | None = found.get("methodIntegration")
    if made is None:
        raise invalid("Integration")
    return made


async def get_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The integration of a method."""
    owner, _ = gateway.rest_api(call, params)
    return integration(method(resource(gateway, owner, params), params))


async def update_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    changed = integration(method(holder, params))
    apply(changed, params.get("patchOperations") or (), _PATCHED)
    check(gateway, changed)
    await save(gateway, owner, holder)
    return changed


async def delete_integration(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Leave a method without one."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    found = method(holder, params)
    integration(found)
    del found["methodIntegration"]
    await save(gateway, owner, holder)


async def put_integration_response(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """How the answers that match a pattern become the method's."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    found = method(holder, params)
    made = integration(found)
    if params["statusCode"] not in (found.get("methodResponses") or {}):
        raise not_found("Invalid Response status code specified")
    response = given(
        params,
        "statusCode",
        "selectionPattern",
        "responseParameters",
        "responseTemplates",
        "contentHandling",
    )
    check_response(response)
    made.setdefault("integrationResponses", {})[params["statusCode"]] = response
    await save(gateway, owner, holder)
    return response


def check_response(response: Document) -> None:
    """Raises BadRequestException for a template or a pattern that cannot be."""
    check_templates(response.get("responseTemplates"))
    if not re.fullmatch(r"[1-5]\d\d", str(response["statusCode"])):
        raise bad_request("Invalid Response status code specified")
    try:
        re.compile(response.get("selectionPattern") or "")
    except re.error:
        raise bad_request("Invalid selection pattern specified") from None


def _response(made: Document, params: Params) -> Document:
    response: Document | None = (made.get("integrationResponses") or {}).get(params["statusCode"])
    if response is None:
        raise invalid("Response status code")
    return response


async def get_integration_response(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """One of them."""
    owner, _ = gateway.rest_api(call, params)
    return _response(integration(method(resource(gateway, owner, params), params)), params)


async def update_integration_response(
    gateway: ApiGateway, call: Call, params: Params
) -> dict[str, Any]:
    """PATCH."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    changed = _response(integration(method(holder, params)), params)
    apply(changed, params.get("patchOperations") or (), _RESPONSE_PATCHED)
    check_response(changed)
    await save(gateway, owner, holder)
    return changed


async def delete_integration_response(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete one of them."""
    owner, _ = gateway.rest_api(call, params)
    holder = resource(gateway, owner, params)
    made = integration(method(holder, params))
    _response(made, params)
    del made["integrationResponses"][params["statusCode"]]
    await save(gateway, owner, holder)
