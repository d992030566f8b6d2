"""Requests and answers of services as API Gateway's integrations write them: JSON, or forms.

Compiled once per operation from the service's model. What the model does not know is left out,
as services do.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from stepwell.errors import ServiceError
from stepwell.models import timestamps
from stepwell.models.compounds import Compounds
from stepwell.models.service_model import Ref, ServiceModel, Shape
from stepwell.values import JsonValue

Read: TypeAlias = Callable[[JsonValue], Any]
Write: TypeAlias = Callable[[Any], JsonValue]

FIELDS_MAX = 10_000
DEPTH_MAX = 12


def compile_read(model: ServiceModel, ref: Ref | None) -> Read:
    """JSON -> what the service takes. Raises ServiceError SerializationException."""
    return (lambda value: {}) if ref is None else _Readers(model).read(ref)


def compile_write(model: ServiceModel, ref: Ref | None) -> Write:
    """What the service answers -> JSON; timestamps are seconds, blobs base 64."""
    return (lambda value: {}) if ref is None else _Writers(model).write(ref)


def _wrong(wanted: str) -> ServiceError:
    return ServiceError("SerializationException", f"a value is no {wanted}")


class _Readers(Compounds[Read]):
    def read(self, ref: Ref) -> Read:
        shape = self.model.shape(ref)
        if shape.type in ("structure", "list", "map"):
            return self.compound(shape)
        return _SCALARS.get(shape.type, _text)

    def _structure(self, shape: Shape) -> Read:
        members = {name: self.read(ref) for name, ref in shape.members.items()}

        def read(value: JsonValue) -> Any:
            if not isinstance(value, dict):
                raise _wrong("object")
            return {
                name: members[name](item)
                for name, item in value.items()
                if name in members and item is not None
            }

        return read

    def _list(self, shape: Shape) -> Read:
        assert shape.item is not None
        inner = self.read(shape.item)

        def read(value: JsonValue) -> Any:
            if not isinstance(value, list):
                raise _wrong("list")
            return [inner(item) for item in value]

        return read

    def _map(self, shape: Shape) -> Read:
        assert shape.value is not None
        inner = self.read(shape.value)

        def read(value: JsonValue) -> Any:
            if not isinstance(value, dict):
                raise _wrong("object")
            return {key: inner(item) for key, item in value.items() if item is not None}

        return read


def _text(value: JsonValue) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value
    raise _wrong("text")


def _truth(value: JsonValue) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise _wrong("truth")


def _whole(value: JsonValue) -> Any:
    try:
        if not isinstance(value, bool | dict | list) and value is not None:
            return int(value)
    except ValueError:
        pass
    raise _wrong("whole number")


def _number(value: JsonValue) -> Any:
    try:
        if not isinstance(value, bool | dict | list) and value is not None:
            return float(value)
    except ValueError:
        pass
    raise _wrong("number")


def _blob(value: JsonValue) -> Any:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise _wrong("base 64") from None


def _timestamp(value: JsonValue) -> Any:
    try:
        return timestamps.parse(_text(value))
    except (ValueError, OverflowError):
        raise _wrong("timestamp") from None


_SCALARS: dict[str, Read] = {
    "boolean": _truth,
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "blob": _blob,
    "timestamp": _timestamp,
}


class _Writers(Compounds[Write]):
    def write(self, ref: Ref) -> Write:
        shape = self.model.shape(ref)
        if shape.type in ("structure", "list", "map"):
            return self.compound(shape)
        if shape.type == "blob":
            return lambda value: base64.b64encode(bytes(value)).decode()
        return lambda value: value

    def _structure(self, shape: Shape) -> Write:
        members = {name: self.write(ref) for name, ref in shape.members.items()}
        return lambda value: {
            name: members[name](item)
            for name, item in value.items()
            if name in members and item is not None
        }

    def _list(self, shape: Shape) -> Write:
        assert shape.item is not None
        inner = self.write(shape.item)
        return lambda value: [inner(item) for item in value]

    def _map(self, shape: Shape) -> Write:
        assert shape.value is not None
        inner = self.write(shape.value)
        return lambda value: {key: inner(item) for key, item in value.items()}


Tree: TypeAlias = "dict[str, Tree | str]"


def form_value(
    model: ServiceModel, ref: Ref | None, fields: Iterable[tuple[str, str]]
) -> JsonValue:
    """The JSON that the fields of a form stand for: `Name.1.Value`, `Entry.member.1`."""
    tree: Tree = {}
    for count, (name, value) in enumerate(fields):
        if count >= FIELDS_MAX:
            raise ServiceError("MalformedInput", "too many fields")
        _plant(tree, name.split(".")[:DEPTH_MAX], value)
    return {} if ref is None else _grown(model, ref, tree)


def _plant(tree: Tree, parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        below = tree.setdefault(part, {})
        if isinstance(below, str):
            return
        tree = below
    tree[parts[-1]] = value


def _grown(model: ServiceModel, ref: Ref, tree: Tree | str) -> JsonValue:
    shape = model.shape(ref)
    if isinstance(tree, str):
        return tree
    match shape.type:
        case "structure":
            return _structure(model, shape, tree)
        case "list":
            assert shape.item is not None
            own = shape.item.traits.get("locationName", "member")
            return [_grown(model, shape.item, item) for item in _numbered(tree, ("member", own))]
        case "map":
            return _map(model, shape, tree)
    return None


def _structure(model: ServiceModel, shape: Shape, tree: Tree) -> JsonValue:
    found: dict[str, JsonValue] = {}
    for name, ref in shape.members.items():
        names = {name, str(ref.traits.get("locationName", name))}
        target = model.shape(ref)
        if target.item is not None:
            names.add(str(target.item.traits.get("locationName", name)))
        names |= {str(target.traits.get("locationName", name)), *_singular(name, target)}
        for each in names:
            if each in tree:
                found[name] = _grown(model, ref, tree[each])
                break
    return found


def _singular(name: str, shape: Shape) -> set[str]:
    """Flattened lists and maps are told in the singular: `MessageAttribute.1`."""
    return {name[:-1]} if shape.type in ("list", "map") and name.endswith("s") else set()


def _numbered(tree: Tree, between: tuple[str, ...]) -> list[Tree | str]:
    for name in between:
        below = tree.get(name)
        if isinstance(below, dict):
            tree = below
            break
    numbers = sorted(int(name) for name in tree if name.isdecimal())
    return [tree[str(number)] for number in numbers]


def _map(model: ServiceModel, shape: Shape, tree: Tree) -> JsonValue:
    assert shape.value is not None
    found: dict[str, JsonValue] = {}
    for entry in _numbered(tree, ("entry",)):
        if isinstance(entry, dict):
            lower: Mapping[str, Tree | str] = {k.lower(): v for k, v in entry.items()}
            key = lower.get("key", lower.get("name"))
            if isinstance(key, str) and "value" in lower:
                found[key] = _grown(model, shape.value, lower["value"])
    return found
