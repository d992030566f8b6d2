"""JSON schemas of models, as far as request validation uses them (draft 4).

A keyword that is not here is refused when the model is made.
"""

from __future__ import annotations

import re
from typing import Any

from stepwell.values import JsonValue

DEPTH_MAX = 60
_CHECKED = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "multipleOf",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "$ref",
        "definitions",
    }
)
_SHOWN_ONLY = frozenset(
    {
        "$schema",
        "id",
        "$id",
        "title",
        "description",
        "default",
        "format",
        "example",
        "examples",
        "nullable",
        "readOnly",
        "writeOnly",
        "deprecated",
        "externalDocs",
        "xml",
    }
)
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def unsupported_keyword(schema: JsonValue, depth: int = 0) -> str | None:
    """A keyword of a schema that is not checked here."""
    if not isinstance(schema, dict) or depth > DEPTH_MAX:
        return None
    for name, part in schema.items():
        if name not in _CHECKED | _SHOWN_ONLY and not name.startswith("x-"):
            return name
        below: list[JsonValue] = []
        if name in ("properties", "definitions") and isinstance(part, dict):
            below = list(part.values())
        elif name in ("allOf", "anyOf", "oneOf") and isinstance(part, list):
            below = part
        elif name in ("items", "additionalProperties", "not"):
            below = [part]
        elif name == "$ref" and not str(part).startswith("#"):
            return f"$ref to {part}"
        for each in below:
            if found := unsupported_keyword(each, depth + 1):
                return found
    return None


def fits(schema: JsonValue, value: JsonValue) -> bool:
    """Whether a value is as a schema says."""
    return _Schema(schema).fits(schema, value, 0)


class _Schema:
    """A whole schema, to which references lead."""

    def __init__(self, root: JsonValue) -> None:
        self.root = root

    def fits(self, schema: Any, value: Any, depth: int) -> bool:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return True
        if depth > DEPTH_MAX:
            return False
        if "$ref" in schema:
            return self.fits(self._referred(schema["$ref"]), value, depth + 1)
        return (
            _kind_fits(schema, value)
            and self._parts_fit(schema, value, depth)
            and self._choices_fit(schema, value, depth)
        )

    def _referred(self, path: Any) -> Any:
        at: Any = self.root
        for part in str(path).lstrip("#").strip("/").split("/"):
            at = at.get(part, True) if isinstance(at, dict) and part else at
        return at

    def _choices_fit(self, schema: dict[str, Any], value: Any, depth: int) -> bool:
        def count(name: str) -> int:
            return sum(self.fits(each, value, depth + 1) for each in schema[name])

        return (
            ("allOf" not in schema or count("allOf") == len(schema["allOf"]))
            and ("anyOf" not in schema or count("anyOf") > 0)
            and ("oneOf" not in schema or count("oneOf") == 1)
            and ("not" not in schema or not self.fits(schema["not"], value, depth + 1))
        )

    def _parts_fit(self, schema: dict[str, Any], value: Any, depth: int) -> bool:
        if isinstance(value, dict):
            return self._members_fit(schema, value, depth)
        if isinstance(value, list):
            return _count_fits(schema, len(value), "Items") and self._items_fit(
                schema, value, depth
            )
        if isinstance(value, str):
            pattern = schema.get("pattern")
            return _count_fits(schema, len(value), "Length") and (
                pattern is None or re.search(str(pattern), value[:100_000]) is not None
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _number_fits(schema, value)
        return True

    def _members_fit(self, schema: dict[str, Any], value: dict[str, Any], depth: int) -> bool:
        known = schema.get("properties") or {}
        others = schema.get("additionalProperties", True)
        return (
            all(name in value for name in schema.get("required") or ())
            and _count_fits(schema, len(value), "Properties")
            and all(
                self.fits(known.get(name, others), member, depth + 1)
                for name, member in value.items()
            )
        )

    def _items_fit(self, schema: dict[str, Any], value: list[Any], depth: int) -> bool:
        wanted = schema.get("items", True)
        if isinstance(wanted, list):
            pairs = zip(wanted, value, strict=False)
            return all(self.fits(each, item, depth + 1) for each, item in pairs)
        if schema.get("uniqueItems") and any(
            item in value[:at] for at, item in enumerate(value[:1_000])
        ):
            return False
        return all(self.fits(wanted, item, depth + 1) for item in value)


def _kind_fits(schema: dict[str, Any], value: Any) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    wanted = schema.get("type")
    if wanted is None:
        return True
    names = wanted if isinstance(wanted, list) else [wanted]
    return any(_is(value, str(name)) for name in names)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool) and name in ("integer", "number"):
        return False
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(name, (object,)))


def _count_fits(schema: dict[str, Any], count: int, what: str) -> bool:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}", count)
    return bool(least <= count <= most)


def _number_fits(schema: dict[str, Any], value: float) -> bool:
    least, most = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf")
    return (
        (least is None or value > least or (value == least and not schema.get("exclusiveMinimum")))
        and (most is None or value < most or (value == most and not schema.get("exclusiveMaximum")))
        and (not step or (value / step) % 1 == 0)
    )
