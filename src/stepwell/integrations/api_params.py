"""Values as templates write them, to the parameters of an operation.

Templates are loose about scalars: `"30"`, `30` and `"true"` stand for numbers and booleans, and
where text is wanted an object stands for its JSON. Members that an operation does not have are
problems, told with their place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeAlias

from stepwell.models import timestamps
from stepwell.models.compounds import Compounds
from stepwell.models.service_model import Ref, ServiceModel, Shape
from stepwell.values import encode_text

Read: TypeAlias = Callable[[Any, str, "list[str]"], Any]
"""(value, its place, problems) -> what the service takes. Problems are appended."""


def compile_params(model: ServiceModel, ref: Ref | None) -> Read:
    """The reader of an operation's parameters."""
    return _nothing if ref is None else _Readers(model).read(ref)


def _nothing(value: Any, place: str, problems: list[str]) -> dict[str, Any]:
    problems.extend(f"Unknown parameter: {name}" for name in value)
    return {}


class _Readers(Compounds[Read]):
    """Compiles the readers of one model."""

    def read(self, ref: Ref) -> Read:
        """The reader of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.traits.get("document"):
            return _as_is
        if shape.type not in ("structure", "list", "map"):
            return _SCALARS[shape.type]
        return self.compound(shape)

    def _structure(self, shape: Shape) -> Read:
        members = {name: self.read(ref) for name, ref in shape.members.items()}

        def read(value: Any, place: str, problems: list[str]) -> Any:
            if not isinstance(value, dict):
                return _wrong(problems, place, "an object")
            result = {}
            for name, item in value.items():
                inner = members.get(name)
                where = f"{place}.{name}" if place else name
                if inner is None:
                    problems.append(f"Unknown parameter: {where}")
                elif item is not None:
                    result[name] = inner(item, where, problems)
            return result

        return read

    def _list(self, shape: Shape) -> Read:
        assert shape.item is not None
        inner = self.read(shape.item)

        def read(value: Any, place: str, problems: list[str]) -> Any:
            if not isinstance(value, list):
                return _wrong(problems, place, "a list")
            return [inner(item, f"{place}[{at}]", problems) for at, item in enumerate(value)]

        return read

    def _map(self, shape: Shape) -> Read:
        assert shape.value is not None
        inner = self.read(shape.value)

        def read(value: Any, place: str, problems: list[str]) -> Any:
            if not isinstance(value, dict):
                return _wrong(problems, place, "an object")
            return {
                key: inner(item, f"{place}.{key}", problems)
                for key, item in value.items()
                if item is not None
            }

        return read


def _wrong(problems: list[str], place: str, wanted: str) -> None:
    problems.append(f"Value of property {place} must be {wanted}")


def _as_is(value: Any, place: str, problems: list[str]) -> Any:
    return value


def _string(value: Any, place: str, problems: list[str]) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return encode_text(value)
    return str(value)


def _integer(value: Any, place: str, problems: list[str]) -> Any:
    try:
        if not isinstance(value, bool) and float(value) == int(float(value)):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    return _wrong(problems, place, "an integer")


def _float(value: Any, place: str, problems: list[str]) -> Any:
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    return _wrong(problems, place, "a number")


def _timestamp(value: Any, place: str, problems: list[str]) -> Any:
    try:
        if not isinstance(value, bool):
            return timestamps.parse(str(value))
    except (TypeError, ValueError):
        pass
    return _wrong(problems, place, "a timestamp")


def _boolean(value: Any, place: str, problems: list[str]) -> Any:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("true", "false"):
        return text == "true"
    return _wrong(problems, place, "a boolean")


def _blob(value: Any, place: str, problems: list[str]) -> Any:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return _wrong(problems, place, "base64")


_SCALARS: dict[str, Read] = {
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
