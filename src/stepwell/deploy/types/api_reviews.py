"""What of an API's properties is not here, as far as a template says it, in sentences.

The service refuses the same when it comes to it; a review tells it before anything is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stepwell.values import JsonObject, JsonValue

_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_AUTHORIZER_KIND = "x-amazon-apigateway-authtype"
_COGNITO = "this server has no user pools"
_JWT = "tokens are not checked here; a Lambda authorizer can"
_NO_LINKS = "VPC links are not here"
_PLACES_MAX = 2_000

VALUES: dict[str, dict[str, str]] = {
    "AuthorizationType": {"COGNITO_USER_POOLS": _COGNITO, "JWT": _JWT},
    "AuthorizerType": {"JWT": _JWT},
    "ConnectionType": {"VPC_LINK": _NO_LINKS},
    "ProtocolType": {"WEBSOCKET": "WebSocket APIs are not here"},
    "ResponseTransferMode": {"STREAM": "answers are not streamed"},
    "Type": {"COGNITO_USER_POOLS": _COGNITO},
}
"""Values of properties that AWS takes and this server refuses, with the reasons."""


def reviewing(*names: str) -> Callable[[JsonObject], list[str]]:
    """A review that looks at these properties. `Integration.Type` is one below the first level;
    `Body` is a definition."""

    def review(properties: JsonObject) -> list[str]:
        found: list[str] = []
        for name in names:
            if name == "Body":
                found.extend(_of_definition(properties.get("Body")))
            else:
                found.extend(_of_value(properties, name))
        return found

    return review


def _of_value(properties: JsonObject, name: str) -> Iterator[str]:
    value: JsonValue = properties
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    reason = VALUES[name.rpartition(".")[2]].get(value) if isinstance(value, str) else None
    if reason is not None:
        yield f"{name} {value}: {reason}."


def _of_definition(body: JsonValue) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    components = body.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    for name, scheme in _members(body.get("securityDefinitions") or schemes):
        reason = _scheme_reason(scheme)
        if reason is not None:
            yield f"Body: the authorizer {name}: {reason}."
    links = [place for place, told in _integrations(body) if _is_linked(told)]
    if links:
        yield f"Body: {', '.join(links[:10])}: {_NO_LINKS}."


def _scheme_reason(scheme: JsonValue) -> str | None:
    if not isinstance(scheme, dict):
        return None
    if scheme.get(_AUTHORIZER_KIND) == "cognito_user_pools":
        return _COGNITO
    told = scheme.get(_AUTHORIZER)
    return _JWT if isinstance(told, dict) and told.get("type") == "jwt" else None


def _is_linked(told: JsonObject) -> bool:
    return str(told.get("connectionType")).upper() == "VPC_LINK"


def _integrations(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Path and method with the integration, of those that are written out."""
    count = 0
    for path, item in _members(body.get("paths")):
        for method, operation in _members(item):
            told = operation.get(_INTEGRATION) if isinstance(operation, dict) else None
            count += 1
            if count > _PLACES_MAX:
                return
            if isinstance(told, dict):
                yield f"{method} {path}", told


def _members(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        yield from value.items()
