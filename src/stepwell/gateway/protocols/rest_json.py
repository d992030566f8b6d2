"""rest-json: what Lambda, API Gateway and EventBridge Scheduler speak.

The operation is in the method and the path; bodies are JSON. The error's code is in the header
`x-amzn-ErrorType`, its text in the member that the model's error shape has for it: `message`,
`Message`, and with some services a `Type` that says whose fault it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.gateway.messages import Response, header_lines
from stepwell.gateway.protocols import codes
from stepwell.gateway.protocols.json import Parsers, Writers, json_document
from stepwell.gateway.protocols.port import Reader, Writer
from stepwell.gateway.protocols.rest import request_reader, response_writer
from stepwell.models.service_model import OperationModel, Ref, ServiceModel, Shape


class _JsonDocuments:
    """See rest.Documents."""

    content_type = "application/json"
    empty = b"{}"

    def parser(self, model: ServiceModel, shape: Shape) -> Callable[[bytes], Any]:
        """See rest.Documents."""
        parse = Parsers(model).compound(shape)
        return lambda body: parse(json_document(body))

    def writer(
        self, model: ServiceModel, operation: OperationModel, shape: Shape, name: str | None
    ) -> Callable[[Any], bytes]:
        """See rest.Documents."""
        write = Writers(model).compound(shape)
        return lambda value: values.encode(value if write is None else write(value))


DOCUMENTS = _JsonDocuments()


class RestJsonProtocol:
    """The rest-json protocol."""

    def reader(
        self, model: ServiceModel, operation: OperationModel, *, constraints: bool
    ) -> Reader:
        """See WireProtocol."""
        return request_reader(model, operation, DOCUMENTS, constraints=constraints)

    def writer(self, model: ServiceModel, operation: OperationModel) -> Writer:
        """See WireProtocol."""
        return response_writer(model, operation, DOCUMENTS, _id_line)

    def failure(
        self, model: ServiceModel | None, error: ServiceError, request_id: bytes
    ) -> Response:
        """See WireProtocol."""
        code = codes.bare(error.code)
        status, key, typed = _error_shape(model, error, code)
        document: dict[str, object] = {}
        if typed:
            document["Type"] = "User" if status < 500 else "Service"
        document[key] = error.message.encode("utf-8", "replace").decode()
        document.update(error.fields)
        extra = [(name.lower(), text) for name, text in error.headers.items()]
        lines = header_lines(
            [("content-type", "application/json"), ("x-amzn-errortype", code), *extra]
        )
        return Response(status, _id_line(request_id) + lines, values.encode(document))


def _id_line(request_id: bytes) -> bytes:
    return b"x-amzn-requestid: %b\r\n" % request_id


def _error_shape(
    model: ServiceModel | None, error: ServiceError, code: str
) -> tuple[int, str, bool]:
    """Status, the text's member and whether there is a `Type`, as the model has that error."""
    shape = None if model is None else model.shapes.get(code)
    if shape is None or "exception" not in shape.traits:
        usual = "Message" if model is not None and model.name == "scheduler" else "message"
        return codes.status_of_rest(error), usual, False
    status = error.status
    if status == 400:
        status = int(shape.traits.get("error", {}).get("httpStatusCode", status))
    names = [_wire(name, ref) for name, ref in shape.members.items()]
    key = next((name for name in names if name.lower() == "message"), "message")
    return status, key, "Type" in names


def _wire(name: str, ref: Ref) -> str:
    return str(ref.traits.get("locationName", name))
