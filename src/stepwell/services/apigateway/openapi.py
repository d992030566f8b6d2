"""OpenAPI documents, as far as APIs are made of them: JSON, version 2.0 or 3.0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from stepwell.services.apigateway.errors import bad_request, not_here
from stepwell.values import BadJson, decode_payload

BODY_BYTES_MAX = 6 * 1024 * 1024
OPERATIONS_MAX = 5_000
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "options", "head"})


def read_document(body: bytes | str) -> dict[str, Any]:
    """The document. Raises BadRequestException."""
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    if len(text) > BODY_BYTES_MAX:
        raise bad_request("The API definition is larger than 6 MB")
    try:
        document = decode_payload(text)
    except BadJson:
        if text.lstrip()[:1] not in ("{", "["):
            raise not_here("API definitions in YAML are") from None
        raise bad_request("Invalid OpenAPI input.") from None
    if not isinstance(document, dict) or not (document.get("swagger") or document.get("openapi")):
        raise bad_request("Invalid OpenAPI input.")
    return document


def placed(document: dict[str, Any], mode: str) -> dict[str, Any]:
    """The document with the paths that it has in that mode of its base path.

    `ignore` leaves the base path out, `prepend` puts it before every path, `split` all of it but
    its first part. Raises BadRequestException.
    """
    if mode not in ("ignore", "prepend", "split"):
        raise bad_request(f"Invalid base path mode specified: {mode}")
    base = "" if mode == "ignore" else _base_path(document)
    if mode == "split":
        base = "/".join(["", *base.split("/")[2:]])
    base = base.rstrip("/")
    if not base:
        return document
    return {
        **document,
        "paths": {f"{base}{path}": each for path, each in (document.get("paths") or {}).items()},
    }


def _base_path(document: dict[str, Any]) -> str:
    """Of `basePath` (2.0), or of the first server's URL (3.0) with its variables' defaults."""
    if document.get("swagger"):
        return str(document.get("basePath") or "")
    servers = document.get("servers") or [{}]
    url = str(servers[0].get("url") or "")
    for name, variable in (servers[0].get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = urlsplit(url).path.replace("//", "/")
    return path if path.startswith("/") or not path else f"/{path}"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method (`ANY` for any) and description of every operation."""
    count = 0
    for path, item in (document.get("paths") or {}).items():
        for key, operation in (item if isinstance(item, dict) else {}).items():
            method = "ANY" if key == ANY else key.upper() if key in _METHODS else ""
            if method and isinstance(operation, dict):
                count += 1
                if count > OPERATIONS_MAX:
                    raise bad_request("Too many operations in the API definition")
                parameters = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
                yield str(path), method, {**operation, "parameters": parameters}


def schemes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The security schemes by name."""
    components = document.get("components") or {}
    found = document.get("securityDefinitions") or components.get("securitySchemes") or {}
    return {name: each for name, each in found.items() if isinstance(each, dict)}


def security(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """The names of the schemes that an operation asks for."""
    asked = operation.get("security", document.get("security")) or []
    return [name for each in asked if isinstance(each, dict) for name in each]


def resolve(document: dict[str, Any], value: Any) -> Any:
    """What a local reference leads to; anything else as it is."""
    for _ in range(10):
        path = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(path, str) or not path.startswith("#/"):
            return value
        value = document
        for part in path[2:].split("/"):
            value = value.get(part) if isinstance(value, dict) else None
    return None
