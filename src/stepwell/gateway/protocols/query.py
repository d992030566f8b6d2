"""The Query protocol: a form with `Action` and `Version` comes in, XML goes out.

STS speaks only this; SQS spoke it first, and old SDKs still do. Names on the wire are the trait
`queryName`, else `locationName`, else the member's own. Lists are `Name.1`, `Name.2`, ...; maps
`Name.1.Name`, `Name.1.Value`; those that are not flattened have `member` or `entry` between.
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
from stepwell.gateway.protocols.xml import is_flat, member_name, wire_name, xml_text, xml_writer
from stepwell.models import timestamps
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import OperationModel, Ref, ServiceModel, Shape
from stepwell.services.api import Answer, Encoded, Params

ITEMS_MAX = 10_000
"""The most items of one list or map in a form."""

DEPTH_MAX = 12
"""The most dots of a field's name that mean something."""


class Form(dict[str, str]):
    """A form's fields, and every beginning of their dotted names."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields)
        self.starts: set[str] = set()
        for name in fields:
            end = name.find(".")
            for _ in range(DEPTH_MAX):
                if end < 0:
                    break
                self.starts.add(name[:end])
                end = name.find(".", end + 1)

    def has(self, start: str) -> bool:
        """Whether there is a field of that name or below it."""
        return start in self or start in self.starts


Parse: TypeAlias = Callable[[Form, str], Any]
"""The value whose name (or name's start) is given; None when the form has none."""


class QueryProtocol:
    """The Query protocol."""

    def reader(
        self, model: ServiceModel, operation: OperationModel, *, constraints: bool
    ) -> Reader:
        """See WireProtocol."""
        if operation.input is None:
            return lambda request: {}
        shape = model.shape(operation.input)
        parse = _structure_parser(model, shape)
        check = compile_check(model, operation.input) if constraints else None
        takes_queue_url = "QueueUrl" in shape.members

        def read(request: Request) -> Params:
            params: Params = parse(Form(request.fields or {}), "")
            if takes_queue_url and "QueueUrl" not in params and request.path != "/":
                params["QueueUrl"] = request.base_url + request.path
            if check is not None:
                violations: list[str] = []
                check(params, "", violations)
                if violations:
                    raise ServiceError("ValidationError", message(violations))
            return params

        return read

    def writer(self, model: ServiceModel, operation: OperationModel) -> Writer:
        """See WireProtocol."""
        root = f"{operation.name}Response"
        opening = f'<?xml version="1.0"?>\n<{root} xmlns="{_namespace(model)}">'
        closing = f"</ResponseMetadata></{root}>"
        ref = operation.output
        write = None if ref is None else xml_writer(model, ref)
        wrapper = "" if ref is None else ref.traits.get("resultWrapper", f"{operation.name}Result")

        def respond(answer: Answer, request_id: bytes) -> Response:
            value = values.decode(answer.body) if isinstance(answer, Encoded) else answer or {}
            result = "" if write is None else write(value, wrapper)
            metadata = f"<ResponseMetadata><RequestId>{request_id.decode()}</RequestId>"
            return _answer(200, f"{opening}{result}{metadata}{closing}", request_id)

        return respond

    def failure(
        self, model: ServiceModel | None, error: ServiceError, request_id: bytes
    ) -> Response:
        """See WireProtocol."""
        code = codes.legacy_code(model, error.code)
        fault = "Sender" if error.status < 500 else "Receiver"
        text = (
            f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{_namespace(model)}"><Error>'
            f"<Type>{fault}</Type><Code>{xml_text(code)}</Code>"
            f"<Message>{xml_text(error.message)}</Message><Detail/></Error>"
            f"<RequestId>{request_id.decode()}</RequestId></ErrorResponse>"
        )
        return _answer(codes.status_of(model, error), text, request_id, error.headers)


def _namespace(model: ServiceModel | None) -> str:
    if model is None:
        return "http://webservices.amazon.com/AWSFault/2005-15-09"
    declared = model.metadata.get("xmlNamespace")
    version = model.metadata["apiVersion"]
    return str(declared or f"http://queue.amazonaws.com/doc/{version}/")


def _answer(
    status: int, text: str, request_id: bytes, extra: Mapping[str, str] | None = None
) -> Response:
    body = text.encode("utf-8", "replace")
    lines = b"content-type: text/xml\r\nx-amzn-requestid: %b\r\n%b" % (
        request_id,
        header_lines((name.lower(), value) for name, value in (extra or {}).items()),
    )
    return Response(status, lines, body)


# Reading forms


def _parser(model: ServiceModel, ref: Ref) -> Parse:
    shape = model.shape(ref)
    flat = is_flat(shape, ref)
    if shape.type == "structure":
        return _structure_parser(model, shape)
    if shape.type == "list":
        return _list_parser(model, shape, flat)
    if shape.type == "map":
        return _map_parser(model, shape, flat)
    return _scalar_parser(shape.type)


def _structure_parser(model: ServiceModel, shape: Shape) -> Parse:
    members: dict[str, tuple[str, Parse]] = {}
    for name, ref in shape.members.items():
        members[name] = (member_name(model, name, ref), _lazy(model, ref))

    def parse(fields: Form, start: str) -> Any:
        if start and not fields.has(start):
            return None
        prefix = f"{start}." if start else ""
        result = {}
        for name, (wire, inner) in members.items():
            item = inner(fields, prefix + wire)
            if item is not None:
                result[name] = item
        return result

    return parse


def _lazy(model: ServiceModel, ref: Ref) -> Parse:
    """Compiled at first use, so that shapes may contain themselves."""
    made: list[Parse] = []

    def parse(fields: Form, start: str) -> Any:
        if not made:
            made.append(_parser(model, ref))
        return made[0](fields, start)

    return parse


def _list_parser(model: ServiceModel, shape: Shape, flat: bool) -> Parse:
    assert shape.item is not None
    inner = _lazy(model, shape.item)
    between = "" if flat else f".{wire_name('member', shape.item.traits)}"

    def parse(fields: Form, start: str) -> Any:
        items = []
        for number in range(1, ITEMS_MAX + 1):
            item = inner(fields, f"{start}{between}.{number}")
            if item is None:
                break
            items.append(item)
        return items or ([] if start in fields else None)

    return parse


def _map_parser(model: ServiceModel, shape: Shape, flat: bool) -> Parse:
    assert shape.key is not None
    assert shape.value is not None
    inner = _lazy(model, shape.value)
    between = "" if flat else ".entry"
    key_name = wire_name("key", shape.key.traits)
    value_name = wire_name("value", shape.value.traits)

    def parse(fields: Form, start: str) -> Any:
        result = {}
        for number in range(1, ITEMS_MAX + 1):
            entry = f"{start}{between}.{number}"
            key = fields.get(f"{entry}.{key_name}")
            if key is None:
                break
            item = inner(fields, f"{entry}.{value_name}")
            if item is not None:
                result[key] = item
        return result or None

    return parse


def _scalar_parser(kind: str) -> Parse:
    convert = _SCALARS.get(kind, str)

    def parse(fields: Form, start: str) -> Any:
        text = fields.get(start)
        if text is None:
            return None
        try:
            return convert(text)
        except (ValueError, binascii.Error) as error:
            problem = f"Value ({text}) for parameter {start} is invalid. It must be a {kind}."
            raise ServiceError("MalformedInput", problem) from error

    return parse


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_SCALARS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "blob": lambda text: base64.b64decode(text, validate=True),
    "timestamp": timestamps.parse,
}
