"""The parameters and results of `aws-sdk:` tasks, to and from a service's own members.

Compiled once per operation from the service's model. Rules, as far as AWS is known to keep them:
members are PascalCase at every level, keys of maps are left alone; null is absent; where text is
wanted, an object or a list stands for its JSON; timestamps are ISO 8601, blobs text. In results
what is null is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from stepwell.integrations.aws_sdk_names import member_name, member_spellings
from stepwell.models import timestamps
from stepwell.models.compounds import Compounds
from stepwell.models.service_model import Ref, ServiceModel, Shape
from stepwell.values import JsonValue, encode_text

Read: TypeAlias = Callable[[JsonValue, str, "list[str]"], Any]
"""(value, the field it is in, problems) -> what the service takes. Problems are appended."""
Write: TypeAlias = Callable[[Any], JsonValue]

PROBLEMS_MAX = 20
"""How many problems with the parameters of a call are told."""


def compile_read(model: ServiceModel, ref: Ref | None) -> Read:
    """The reader of an operation's parameters."""
    return _nothing if ref is None else _Readers(model).read(ref)


def compile_write(model: ServiceModel, ref: Ref | None) -> Write:
    """The writer of an operation's result."""
    return _empty if ref is None else _Writers(model).write(ref)


def _nothing(value: JsonValue, field: str, problems: list[str]) -> dict[str, Any]:
    for name in value if isinstance(value, dict) else ():
        _tell(problems, _unsupported(name))
    return {}


def _empty(answer: object) -> JsonValue:
    return {}


def _tell(problems: list[str], problem: str) -> None:
    if len(problems) < PROBLEMS_MAX:
        problems.append(problem)


def _unsupported(name: str) -> str:
    return f'The field "{name}" is not supported by Step Functions'


def _wrong(problems: list[str], field: str, wanted: str) -> None:
    _tell(problems, f"The value for the field '{field}' must be {wanted}")


class _Readers(Compounds[Read]):
    """Compiles the readers of one model."""

    def read(self, ref: Ref) -> Read:
        """The reader of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.type == "blob" and "streaming" in ref.traits:
            return _document
        if shape.type not in ("structure", "list", "map"):
            return _SCALARS[shape.type]
        return self.compound(shape)

    def _structure(self, shape: Shape) -> Read:
        members = {
            spelt: (name, read_member)
            for name, ref in shape.members.items()
            for read_member in (self.read(ref),)
            for spelt in member_spellings(name)
        }

        def read(value: JsonValue, field: str, problems: list[str]) -> Any:
            if not isinstance(value, dict):
                return _wrong(problems, field, "an object")
            result = {}
            for name, item in value.items():
                known = members.get(name)
                if known is None:
                    _tell(problems, _unsupported(name))
                elif item is not None:
                    result[known[0]] = known[1](item, name, problems)
            return result

        return read

    def _list(self, shape: Shape) -> Read:
        assert shape.item is not None
        inner = self.read(shape.item)

        def read(value: JsonValue, field: str, problems: list[str]) -> Any:
            if not isinstance(value, list):
                return _wrong(problems, field, "an array")
            return [inner(item, field, problems) for item in value]

        return read

    def _map(self, shape: Shape) -> Read:
        assert shape.value is not None
        inner = self.read(shape.value)

        def read(value: JsonValue, field: str, problems: list[str]) -> Any:
            if not isinstance(value, dict):
                return _wrong(problems, field, "an object")
            return {
                key: inner(item, key, problems) for key, item in value.items() if item is not None
            }

        return read


def _string(value: JsonValue, field: str, problems: list[str]) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return encode_text(value)
    return _wrong(problems, field, "a STRING")


def _boolean(value: JsonValue, field: str, problems: list[str]) -> Any:
    return value if isinstance(value, bool) else _wrong(problems, field, "a BOOLEAN")


def _whole(end: int) -> Read:
    def read(value: JsonValue, field: str, problems: list[str]) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _wrong(problems, field, "an INTEGER")
        whole = -end <= value < end and value == int(value)
        return int(value) if whole else _wrong(problems, field, "an INTEGER")

    return read


def _number(value: JsonValue, field: str, problems: list[str]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _wrong(problems, field, "a NUMBER")
    return value


def _blob(value: JsonValue, field: str, problems: list[str]) -> Any:
    text = value if isinstance(value, str) else encode_text(value)
    return text.encode("utf-8", "surrogatepass")


def _document(value: JsonValue, field: str, problems: list[str]) -> Any:
    """What is streamed is JSON, a text in its quotes (conformance case test_s3_put_object[str])."""
    return encode_text(value).encode("utf-8", "surrogatepass")


def _timestamp(value: JsonValue, field: str, problems: list[str]) -> Any:
    try:
        if isinstance(value, str) and value[:4].isdigit() and "T" in value:
            return timestamps.parse(value)
    except (ValueError, OverflowError):
        pass
    return _wrong(problems, field, "a TIMESTAMP")


_SCALARS: dict[str, Read] = {
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "integer": _whole(1 << 31),
    "long": _whole(1 << 63),
    "float": _number,
    "double": _number,
    "bigdecimal": _number,
    "blob": _blob,
    "timestamp": _timestamp,
}


class _Writers(Compounds[Write]):
    """Compiles the writers of one model."""

    def write(self, ref: Ref) -> Write:
        """The writer of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.type == "timestamp":
            return timestamps.iso
        if shape.type == "blob":
            return _text
        if shape.type not in ("structure", "list", "map"):
            return _as_it_is
        return self.compound(shape)

    def _structure(self, shape: Shape) -> Write:
        members = {
            name: (member_name(name), self.write(ref)) for name, ref in shape.members.items()
        }

        def write(value: Any) -> JsonValue:
            result = {}
            for name, item in value.items():
                known = members.get(name)
                if known is not None and item is not None:
                    result[known[0]] = known[1](item)
            return result

        return write

    def _list(self, shape: Shape) -> Write:
        assert shape.item is not None
        inner = self.write(shape.item)
        return lambda value: [inner(item) for item in value]

    def _map(self, shape: Shape) -> Write:
        assert shape.value is not None
        inner = self.write(shape.value)
        return lambda value: {key: inner(item) for key, item in value.items()}


def _text(value: bytes) -> JsonValue:
    return value.decode("utf-8", "replace")


def _as_it_is(value: Any) -> JsonValue:
    return value  # type: ignore[no-any-return]
