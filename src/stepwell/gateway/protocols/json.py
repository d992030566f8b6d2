"""The JSON protocols, 1.0 and 1.1: `X-Amz-Target` names the operation, bodies are JSON.

Unknown members of the input are ignored and nulls are absent, as AWS has it. A value of the wrong
JSON type is a SerializationException. In the output only members that the model knows are
sent, and None is left out; timestamps are epoch seconds, blobs base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request, Response, header_lines
from stepwell.gateway.protocols import codes
from stepwell.gateway.protocols.port import Reader, Writer
from stepwell.models import timestamps
from stepwell.models.compounds import Compounds
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import OperationModel, Ref, ServiceModel, Shape
from stepwell.services.api import Answer, Encoded, Params

Parse: TypeAlias = Callable[[Any], Any]
Write: TypeAlias = "Callable[[Any], Any] | None"
"""None stands for: send the value as it is."""


class JsonProtocol:
    """JSON 1.0 or 1.1; they differ in the content type."""

    def __init__(self, version: str) -> None:
        self._lines = (
            f"content-type: application/x-amz-json-{version}\r\nx-amzn-requestid: ".encode()
        )

    def reader(
        self, model: ServiceModel, operation: OperationModel, *, constraints: bool
    ) -> Reader:
        """See WireProtocol."""
        if operation.input is None:
            return lambda request: {}
        parse = Parsers(model).parse(operation.input)
        check = compile_check(model, operation.input) if constraints else None

        def read(request: Request) -> Params:
            params: Params = parse(json_document(request.body))
            if check is not None:
                violations: list[str] = []
                check(params, "", violations)
                if violations:
                    raise codes.invalid_input(message(violations))
            return params

        return read

    def writer(self, model: ServiceModel, operation: OperationModel) -> Writer:
        """See WireProtocol."""
        write = None if operation.output is None else Writers(model).write(operation.output)
        encode, lines = values.encode, self._lines

        def respond(answer: Answer, request_id: bytes) -> Response:
            if type(answer) is Encoded:
                body = answer.body
            elif write is None:
                body = b"" if operation.output is None else encode(answer or {})
            else:
                body = encode(write(answer or {}))
            return Response(200, b"%b%b\r\n" % (lines, request_id), body)

        return respond

    def failure(
        self, model: ServiceModel | None, error: ServiceError, request_id: bytes
    ) -> Response:
        """See WireProtocol."""
        code, headers = codes.json_code(model, error.code)
        document: dict[str, object] = {"__type": code}
        if error.message:
            capital = code in codes.CAPITAL_MESSAGE
            text = error.message.encode("utf-8", "replace").decode()
            document["Message" if capital else "message"] = text
        document.update(error.fields)
        body = values.encode(document)
        extra = header_lines([*headers.items(), *_small(error.headers)])
        lines = b"%b%b\r\n%b" % (self._lines, request_id, extra)
        return Response(codes.status_of(model, error), lines, body)


def _small(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name.lower(), text) for name, text in headers.items()]


def json_document(body: bytes) -> Any:
    """The JSON of a body; an empty body is an empty object. Raises ServiceError."""
    if not body:
        return {}
    try:
        return values.decode(body)
    except values.BadJson as error:
        raise _unreadable(f"The request body is not JSON: {error}") from error


def _unreadable(text: str) -> ServiceError:
    return ServiceError("SerializationException", text)


class Parsers(Compounds[Parse]):
    """Compiles parsers of one model."""

    def parse(self, ref: Ref) -> Parse:
        """The parser of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.type not in ("structure", "list", "map"):
            return _SCALARS[shape.type]
        return self.compound(shape)

    def _structure(self, shape: Shape) -> Parse:
        members = {
            ref.traits.get("locationName", name): (name, self.parse(ref))
            for name, ref in shape.members.items()
        }

        def parse(value: Any) -> Any:
            if type(value) is not dict:
                raise _unreadable(_misplaced(value, "structure"))
            result = {}
            for key, item in value.items():
                known = members.get(key)
                if known is not None and item is not None:
                    result[known[0]] = known[1](item)
            return result

        return parse

    def _list(self, shape: Shape) -> Parse:
        assert shape.item is not None
        inner = self.parse(shape.item)

        def parse(value: Any) -> Any:
            if type(value) is not list:
                raise _unreadable(_misplaced(value, "list"))
            return [inner(item) for item in value]

        return parse

    def _map(self, shape: Shape) -> Parse:
        assert shape.value is not None
        inner = self.parse(shape.value)

        def parse(value: Any) -> Any:
            if type(value) is not dict:
                raise _unreadable(_misplaced(value, "map"))
            return {key: inner(item) for key, item in value.items()}

        return parse


def _misplaced(value: object, wanted: str) -> str:
    if type(value) is list:
        return "Start of list found where not expected"
    if type(value) is dict:
        return "Start of structure or map found where not expected"
    return f"Unexpected field type: {_token(value)} where a {wanted} was expected"


def _token(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if value is None:
        return "NULL_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _unconvertible(value: object, wanted: str) -> ServiceError:
    if type(value) in (list, dict):
        return _unreadable(_misplaced(value, wanted))
    return _unreadable(f"{_token(value)} can not be converted to {wanted}")


def _string(value: Any) -> Any:
    if type(value) is str:
        return value
    raise _unconvertible(value, "String")


def _boolean(value: Any) -> Any:
    if type(value) is bool:
        return value
    raise _unconvertible(value, "Boolean")


_INTEGER_END, _LONG_END = 1 << 31, 1 << 63


def _whole(wanted: str, end: int) -> Parse:
    """Numbers with a fraction are cut, as AWS does."""

    def parse(value: Any) -> Any:
        if type(value) not in (int, float):
            raise _unconvertible(value, wanted)
        number = int(value)
        if not -end <= number < end:
            raise _unreadable(f"NUMBER_VALUE {value} does not fit {wanted}")
        return number

    return parse


def _number(value: Any) -> Any:
    if type(value) in (int, float):
        return value
    raise _unconvertible(value, "Double")


def _blob(value: Any) -> Any:
    if type(value) is not str:
        raise _unconvertible(value, "Blob")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable("STRING_VALUE is not valid Base64") from error


def _timestamp(value: Any) -> Any:
    if type(value) in (int, float):
        return float(value)
    if type(value) is not str:
        raise _unconvertible(value, "Date")
    try:
        return timestamps.parse(value)
    except ValueError as error:
        raise _unreadable("STRING_VALUE can not be converted to Date") from error


_SCALARS: dict[str, Parse] = {
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "integer": _whole("Integer", _INTEGER_END),
    "long": _whole("Long", _LONG_END),
    "float": _number,
    "double": _number,
    "bigdecimal": _number,
    "blob": _blob,
    "timestamp": _timestamp,
}


class Writers:
    """Compiles writers of one model."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.done: dict[str, Write] = {}
        self.open: set[str] = set()

    def write(self, ref: Ref) -> Write:
        """The writer of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.type == "timestamp":
            kind = ref.traits.get("timestampFormat") or shape.traits.get("timestampFormat")
            return timestamps.iso if kind == "iso8601" else None
        if shape.type == "blob":
            return _base64
        if shape.type not in ("structure", "list", "map"):
            return None
        return self.compound(shape)

    def compound(self, shape: Shape) -> Write:
        """The writer of a structure, list or map."""
        if shape.name in self.done:
            return self.done[shape.name]
        if shape.name in self.open:
            return self._later(shape.name)
        self.open.add(shape.name)
        make = {"structure": self._structure, "list": self._list, "map": self._map}
        self.done[shape.name] = make[shape.type](shape)
        self.open.discard(shape.name)
        return self.done[shape.name]

    def _later(self, name: str) -> Write:
        def write(value: Any) -> Any:
            made = self.done[name]
            return value if made is None else made(value)

        return write

    def _structure(self, shape: Shape) -> Write:
        members = {
            name: (ref.traits.get("locationName", name), self.write(ref))
            for name, ref in shape.members.items()
        }

        if all(known == (name, None) for name, known in members.items()):
            return _selection(frozenset(members))

        def write(value: Any) -> Any:
            result = {}
            for name, item in value.items():
                if item is None:
                    continue
                known = members.get(name)
                if known is not None:
                    inner = known[1]
                    result[known[0]] = item if inner is None else inner(item)
            return result

        return write

    def _list(self, shape: Shape) -> Write:
        assert shape.item is not None
        inner = self.write(shape.item)
        return None if inner is None else lambda value: [inner(item) for item in value]

    def _map(self, shape: Shape) -> Write:
        assert shape.value is not None
        inner = self.write(shape.value)
        if inner is None:
            return None
        return lambda value: {key: inner(item) for key, item in value.items()}


def _selection(members: frozenset[str]) -> Callable[[Any], Any]:
    """The writer of a structure with nothing to convert in it."""

    def write(value: Any) -> Any:
        return {name: item for name, item in value.items() if item is not None and name in members}

    return write


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
