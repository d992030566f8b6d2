"""What rest-json and rest-xml have in common: where in an HTTP message each member is.

A member is in the address's path (`uri`), in its query (`querystring`), in a header (`header`), in
all headers with a prefix (`headers`), in the status (`statusCode`); one member may be the whole
body (the structure's `payload`), else all members without a location are its document. How
documents look is the protocol's affair: it brings a `Documents`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl, unquote

from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request, Response, header_lines
from stepwell.gateway.protocols.port import Reader, Writer
from stepwell.models import timestamps
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import OperationModel, Ref, ServiceModel, Shape
from stepwell.services.api import Answer, Encoded, Params

QUERY_FIELDS_MAX = 5_000

Part: TypeAlias = Callable[[Request, Params], None]
"""Reads one part of a request into the parameters."""


Body: TypeAlias = "bytes | AsyncIterator[bytes]"


class Documents(Protocol):
    """How a protocol writes structures into bodies."""

    content_type: str
    empty: bytes
    """The document of an answer that has members, but none in its body."""

    def parser(self, model: ServiceModel, shape: Shape) -> Callable[[bytes], Any]:
        """Reads a structure from a body."""

    def writer(
        self, model: ServiceModel, operation: OperationModel, shape: Shape, name: str | None
    ) -> Callable[[Any], bytes]:
        """Writes a structure as a body; `name` is the element's when it is a payload."""


def request_reader(
    model: ServiceModel, operation: OperationModel, documents: Documents, *, constraints: bool
) -> Reader:
    """Reads the operation's input. Raises ServiceError SerializationException and, for the broken
    constraints of the model, ValidationException."""
    if operation.input is None:
        return lambda request: {}
    parts = _parts(model, model.shape(operation.input), documents)
    check = compile_check(model, operation.input) if constraints else None

    def read(request: Request) -> Params:
        params: Params = {}
        for part in parts:
            part(request, params)
        if check is not None:
            violations: list[str] = []
            check(params, "", violations)
            if violations:
                raise ServiceError("ValidationException", message(violations))
        return params

    return read


def _parts(model: ServiceModel, shape: Shape, documents: Documents) -> list[Part]:
    parts: list[Part] = []
    asked: dict[str, tuple[str, Ref]] = {}
    rest: tuple[str, Shape] | None = None
    for name, ref in shape.members.items():
        location = ref.traits.get("location")
        if location == "uri":
            parts.append(_label(model, name, ref))
        elif location == "header":
            parts.append(_header(model, name, ref))
        elif location == "headers":
            parts.append(_prefixed(name, ref))
        elif location == "querystring" and model.shape(ref).type == "map":
            rest = (name, model.shape(ref))
        elif location == "querystring":
            asked[ref.traits.get("locationName", name)] = (name, ref)
    if asked or rest is not None:
        parts.append(_query(model, asked, rest))
    body = _body(model, shape, documents)
    return parts if body is None else [*parts, body]


def _label(model: ServiceModel, name: str, ref: Ref) -> Part:
    wire, convert = ref.traits.get("locationName", name), _from_text(model, name, ref)

    def read(request: Request, params: Params) -> None:
        text = (request.labels or {}).get(wire)
        if text is not None:
            try:
                params[name] = convert(unquote(text, errors="strict"))
            except UnicodeDecodeError as error:
                raise ServiceError("InvalidURI", "Couldn't parse the specified URI.") from error

    return read


def _header(model: ServiceModel, name: str, ref: Ref) -> Part:
    wire = str(ref.traits.get("locationName", name)).lower().encode()
    shape = model.shape(ref)
    if shape.type == "list":
        assert shape.item is not None
        inner = _from_text(model, name, shape.item)

        def read_list(request: Request, params: Params) -> None:
            texts = [_decoded(v) for key, v in request.header_list if key == wire]
            items = [item.strip() for text in texts for item in text.split(",")]
            if texts:
                params[name] = [inner(item) for item in items if item]

        return read_list
    convert = _from_text(model, name, ref)

    def read(request: Request, params: Params) -> None:
        value = request.headers.get(wire)
        if value is not None:
            params[name] = convert(_decoded(value))

    return read


def _prefixed(name: str, ref: Ref) -> Part:
    prefix = str(ref.traits.get("locationName", "")).lower()

    def read(request: Request, params: Params) -> None:
        found: dict[str, str] = {}
        for key, value in request.header_list:
            wire = _decoded(key)
            if wire.startswith(prefix):
                short, text = wire[len(prefix) :], _decoded(value)
                found[short] = f"{found[short]},{text}" if short in found else text
        if found:
            params[name] = found

    return read


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _query(
    model: ServiceModel, asked: Mapping[str, tuple[str, Ref]], rest: tuple[str, Shape] | None
) -> Part:
    single: dict[str, tuple[str, Callable[[str], Any]]] = {}
    many: dict[str, tuple[str, Callable[[str], Any]]] = {}
    for wire, (name, ref) in asked.items():
        shape = model.shape(ref)
        if shape.type == "list":
            assert shape.item is not None
            many[wire] = (name, _from_text(model, name, shape.item))
        else:
            single[wire] = (name, _from_text(model, name, ref))

    def read(request: Request, params: Params) -> None:
        if not request.query:
            return
        others: list[tuple[str, str]] = []
        for wire, text in _pairs(request.query):
            if wire in single:
                name, convert = single[wire]
                params[name] = convert(text)
            elif wire in many:
                name, convert = many[wire]
                params.setdefault(name, []).append(convert(text))
            else:
                others.append((wire, text))
        if rest is not None and others:
            params[rest[0]] = _map_of(model, rest[1], others)

    return read


def _map_of(
    model: ServiceModel, shape: Shape, pairs: Sequence[tuple[str, str]]
) -> dict[str, str | list[str]]:
    assert shape.value is not None
    if model.shape(shape.value).type != "list":
        return dict(pairs)
    lists: dict[str, str | list[str]] = {}
    for name, text in pairs:
        known = lists.setdefault(name, [])
        assert isinstance(known, list)
        known.append(text)
    return lists


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX
        )
    except ValueError as error:
        problem = f"The query cannot be read: {error}"
        raise ServiceError("SerializationException", problem) from error


def _body(model: ServiceModel, shape: Shape, documents: Documents) -> Part | None:
    payload = shape.traits.get("payload")
    if payload is not None:
        return _payload(model, payload, shape.members[payload], documents)
    inside = in_body(shape)
    if not inside.members:
        return None
    parse = documents.parser(model, inside)

    def read(request: Request, params: Params) -> None:
        if request.body:
            params.update(parse(request.body))

    return read


def _payload(model: ServiceModel, name: str, ref: Ref, documents: Documents) -> Part:
    shape = model.shape(ref)
    parse: Callable[[bytes], Any] = bytes
    if shape.type == "string":
        parse = _body_text
    elif shape.type == "structure":
        parse = documents.parser(model, shape)

    def read(request: Request, params: Params) -> None:
        if request.body:
            params[name] = parse(request.body)

    return read


def _body_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ServiceError("SerializationException", "The body is not UTF-8.") from error


def in_body(shape: Shape) -> Shape:
    """The structure with only those of its members that are in the body's document."""
    inside = {name: ref for name, ref in shape.members.items() if "location" not in ref.traits}
    return replace(shape, name=f"{shape.name} body", members=inside)


# Text to values and back


def _from_text(model: ServiceModel, name: str, ref: Ref) -> Callable[[str], Any]:
    kind = model.shape(ref).type
    convert = _READ.get(kind)
    if convert is None:
        return str

    def read(text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, OverflowError) as error:
            problem = f"Value '{text[:200]}' of {name} is no {kind}."
            raise ServiceError("SerializationException", problem) from error

    return read


def boolean(text: str) -> bool:
    """A boolean as text. Raises ValueError."""
    small = text.lower()
    if small not in ("true", "false"):
        raise ValueError(text)
    return small == "true"


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


_READ: Mapping[str, Callable[[str], Any]] = {
    "boolean": boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "blob": _blob,
    "timestamp": timestamps.parse,
}


def _to_text(model: ServiceModel, ref: Ref) -> Callable[[Any], str]:
    shape = model.shape(ref)
    if shape.type == "boolean":
        return lambda value: "true" if value else "false"
    if shape.type == "blob":
        return lambda value: base64.b64encode(value).decode()
    if shape.type == "list":
        return lambda value: ",".join(str(item) for item in value)
    if shape.type == "timestamp":
        kind = ref.traits.get("timestampFormat") or shape.traits.get("timestampFormat")
        if kind == "iso8601":
            return timestamps.iso
        if kind == "unixTimestamp":
            return lambda value: str(int(value))
        return lambda value: formatdate(value, usegmt=True)
    return str


# Writing answers


def response_writer(
    model: ServiceModel,
    operation: OperationModel,
    documents: Documents,
    request_ids: Callable[[bytes], bytes],
) -> Writer:
    """Writes the operation's answer. `request_ids` gives the header lines that carry the id.

    An answer with a `ContentRange` is a part (206). The length that an answer tells in its
    `Content-Length` member belongs to the connection: it counts for answers to HEAD, and for
    bodies that come piece by piece.
    """
    status = int(operation.traits["http"].get("responseCode", 200))
    if operation.output is None:
        return lambda answer, request_id: Response(status, request_ids(request_id), b"")
    shape = model.shape(operation.output)
    heads = _heads(model, shape)
    coded = [n for n, ref in shape.members.items() if ref.traits.get("location") == "statusCode"]
    body_of = _body_writer(model, operation, shape, documents)
    is_head = operation.traits["http"]["method"] == "HEAD"

    def respond(answer: Answer, request_id: bytes) -> Response:
        lines = request_ids(request_id)
        if isinstance(answer, Encoded):
            return Response(status, lines + _type_line(documents.content_type), answer.body)
        value: Mapping[str, Any] = answer or {}
        code = 206 if value.get("ContentRange") else status
        for name in coded:
            code = int(value.get(name) or code)
        pairs = heads(value)
        body, content_type = body_of(value) if code != 204 else (b"", "")
        if content_type and not any(key == "content-type" for key, _ in pairs):
            pairs.append(("content-type", content_type))
        lines += header_lines(pairs)
        if is_head:
            return Response(code, lines, b"", int(value.get("ContentLength") or 0))
        if isinstance(body, bytes):
            return Response(code, lines, body)
        return Response(code, lines, b"", int(value["ContentLength"]), body)

    return respond


def _type_line(content_type: str) -> bytes:
    return header_lines([("content-type", content_type)])


def _heads(
    model: ServiceModel, shape: Shape
) -> Callable[[Mapping[str, Any]], list[tuple[str, str]]]:
    single: dict[str, tuple[str, Callable[[Any], str]]] = {}
    prefixes: dict[str, str] = {}
    for name, ref in shape.members.items():
        location = ref.traits.get("location")
        wire = str(ref.traits.get("locationName", name)).lower()
        if location == "headers":
            prefixes[name] = "" if "locationName" not in ref.traits else wire
        elif location == "header" and wire != "content-length":
            single[name] = (wire, _to_text(model, ref))

    def pairs(value: Mapping[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name, item in value.items():
            if item is None:
                continue
            if name in single:
                wire, convert = single[name]
                found.append((wire, convert(item)))
            elif name in prefixes:
                found.extend((prefixes[name] + key, text) for key, text in item.items())
        return found

    return pairs


def _body_writer(
    model: ServiceModel, operation: OperationModel, shape: Shape, documents: Documents
) -> Callable[[Mapping[str, Any]], tuple[Body, str]]:
    """The body of an answer and its type; no type where there is no document."""
    payload = shape.traits.get("payload")
    if payload is None:
        inside = in_body(shape)
        if not inside.members:
            return lambda value: (
                documents.empty,
                documents.content_type if documents.empty else "",
            )
        write = documents.writer(model, operation, inside, None)
        return lambda value: (write(value), documents.content_type)
    ref = shape.members[payload]
    part = model.shape(ref)
    if part.type == "structure":
        name = ref.traits.get("locationName", payload)
        write_part = documents.writer(model, operation, part, str(name))

        def structured(value: Mapping[str, Any]) -> tuple[Body, str]:
            item = value.get(payload)
            return (b"", "") if item is None else (write_part(item), documents.content_type)

        return structured

    def plain(value: Mapping[str, Any]) -> tuple[Body, str]:
        item = value.get(payload)
        if item is None:
            return b"", ""
        if isinstance(item, str):
            return item.encode("utf-8", "replace"), documents.content_type
        whole = bytes(item) if isinstance(item, bytes | bytearray | memoryview) else item
        return whole, "application/octet-stream"

    return plain
