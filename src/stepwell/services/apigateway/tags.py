"""Tags of APIs, stages, keys and plans, by their ARNs."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request, not_found
from stepwell.services.apigateway.gateway import HTTP_API, REST_API, ApiGateway
from stepwell.services.apigateway.rest.keys import API_KEY, USAGE_PLAN

TAGS_MAX = 50
_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+::/([a-z]+)/([^/]+)(?:/stages/(.+))?")
_KINDS = {
    "restapis": (REST_API, "stage", "tags"),
    "apis": (HTTP_API, "http-stage", "Tags"),
    "apikeys": (API_KEY, "", "tags"),
    "usageplans": (USAGE_PLAN, "", "tags"),
}


def _find(gateway: ApiGateway, call: Call, arn: str) -> tuple[str, str, str, Document, str]:
    found = _ARN.fullmatch(unquote(arn))
    if not found or found[1] not in _KINDS:
        raise bad_request(f"Invalid resource ARN specified: {arn}")
    kind, below, field = _KINDS[found[1]]
    owner, name = call.scope, found[2]
    if found[3]:
        owner, kind, name = f"{call.scope}:{found[2]}", below, found[3]
    document = gateway.documents.change(owner, kind, name)
    if document is None:
        raise not_found("Invalid resource identifier specified")
    return owner, kind, name, document, field


async def _save(
    gateway: ApiGateway, place: tuple[str, str, str, Document, str], tags: dict[str, str]
) -> None:
    owner, kind, name, document, field = place
    if len(tags) > TAGS_MAX:
        raise bad_request("Number of tags exceeds limit of 50")
    document[field] = tags
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, kind, name, document)
    await gateway.ledger.committed()


async def tag_resource(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Add tags (v1)."""
    place = _find(gateway, call, params["resourceArn"])
    await _save(gateway, place, {**(place[3].get(place[4]) or {}), **params["tags"]})


async def untag_resource(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Take tags away (v1)."""
    place = _find(gateway, call, params["resourceArn"])
    tags = place[3].get(place[4]) or {}
    await _save(gateway, place, {k: v for k, v in tags.items() if k not in params["tagKeys"]})


async def get_tags(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The tags (v1)."""
    place = _find(gateway, call, params["resourceArn"])
    return {"tags": place[3].get(place[4]) or {}}


async def tag_resource_2(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Add tags (v2)."""
    tags = params.get("Tags") or {}
    await tag_resource(gateway, call, {"resourceArn": params["ResourceArn"], "tags": tags})
    return {}


async def untag_resource_2(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Take tags away (v2)."""
    given = {"resourceArn": params["ResourceArn"], "tagKeys": params["TagKeys"]}
    await untag_resource(gateway, call, given)


async def get_tags_2(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The tags (v2)."""
    found = await get_tags(gateway, call, {"resourceArn": params["ResourceArn"]})
    return {"Tags": found["tags"]}
