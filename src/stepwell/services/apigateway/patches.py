"""PATCH operations: `op`, `path`, `value`, as the Update operations take them.

A path leads through documents: `/variables/name`, `/requestTemplates/application~1json`. Values are
texts; they become what the field is: a number, a truth, a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request
from stepwell.values import decode

PATCHES_MAX = 500
DEPTH_MAX = 10


def segments(path: str) -> list[str]:
    """The parts of a path, with `~1` and `~0` undone."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    if not path.startswith("/") or len(parts) > DEPTH_MAX or not parts[0]:
        raise bad_request(f"Invalid patch path '{path}' specified")
    return parts


def apply(
    document: Document,
    operations: Iterable[Mapping[str, Any]],
    allowed: Mapping[str, str],
) -> None:
    """Change a document. `allowed` are its fields that may be patched, with what they are:
    text, number, decimal, truth, list, map, truths (a map of them), json."""
    for count, operation in enumerate(operations):
        if count >= PATCHES_MAX:
            raise bad_request("Too many patch operations")
        _apply(document, operation, allowed)


def _apply(document: Document, operation: Mapping[str, Any], allowed: Mapping[str, str]) -> None:
    op, path = str(operation.get("op")), str(operation.get("path"))
    parts = segments(path)
    kind = allowed.get(parts[0])
    if kind is None:
        fields = ", ".join(f"/{name}" for name in allowed)
        raise bad_request(
            f"Invalid patch path '{path}' specified for op '{op}'. Must be one of: [{fields}]"
        )
    if op not in ("add", "replace", "remove"):
        raise bad_request(f"Invalid patch operation specified '{op}'.")
    value = operation.get("value")
    if kind == "list":
        _list(document, parts, op, value)
    elif kind in ("map", "truths") and len(parts) > 1:
        members = document.setdefault(parts[0], {})
        if op == "remove":
            members.pop(parts[1], None)
        else:
            members[parts[1]] = read(value, "truth") if kind == "truths" else _bare(value)
    elif op == "remove":
        document.pop(parts[0], None)
    else:
        document[parts[0]] = read(value, kind)


def _bare(value: Any) -> Any:
    return "" if value is None else value


def read(value: Any, kind: str) -> Any:
    """A patch's value as the field is. Raises BadRequestException."""
    text = "" if value is None else str(value)
    try:
        match kind:
            case "number":
                return int(text)
            case "decimal":
                return float(text)
            case "truth":
                return text.lower() == "true"
            case "json" | "map" | "truths":
                return decode(text)
    except ValueError:
        raise bad_request(f"Invalid patch value '{text}' specified") from None
    return text


def _list(document: Document, parts: list[str], op: str, value: Any) -> None:
    items = [item for item in document.get(parts[0]) or [] if item]
    entry = parts[1] if len(parts) > 1 else value
    if op == "remove":
        items = [item for item in items if item != entry]
    elif len(parts) > 1 and op == "replace" and value is not None:
        items = [value if item == entry else item for item in items]
    elif op == "replace":
        items = [value] if value else []
    elif entry and entry not in items:
        items.append(entry)
    document[parts[0]] = items
