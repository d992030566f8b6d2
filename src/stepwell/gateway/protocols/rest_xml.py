"""rest-xml: what S3 speaks.

The operation is in the method, the path and the query; bodies are bytes or XML. Errors are XML
documents with `Code` and `Message`, further fields beside them. Answers without a body (304, and
whatever a HEAD asks) say what is wrong by their status alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from stepwell.errors import ServiceError
from stepwell.gateway.messages import Response, header_lines
from stepwell.gateway.protocols import codes
from stepwell.gateway.protocols.port import Reader, Writer
from stepwell.gateway.protocols.rest import request_reader, response_writer
from stepwell.gateway.protocols.xml import structure_writer, xml_text
from stepwell.gateway.protocols.xml_reading import document_parser
from stepwell.models.service_model import OperationModel, ServiceModel, Shape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}
"""The root elements of answers; the model does not say them, and not every SDK ignores them."""


class _XmlDocuments:
    """See rest.Documents."""

    content_type = "application/xml"
    empty = b""

    def parser(self, model: ServiceModel, shape: Shape) -> Callable[[bytes], Any]:
        """See rest.Documents."""
        return document_parser(model, shape)

    def writer(
        self, model: ServiceModel, operation: OperationModel, shape: Shape, name: str | None
    ) -> Callable[[Any], bytes]:
        """See rest.Documents."""
        if operation.name == "GetBucketLocation":
            return _location
        root = name or ROOTS.get(operation.name, f"{operation.name}Result")
        write = structure_writer(model, shape)
        opening, marked = f"<{root}>", f'{DECLARATION}<{root} xmlns="{NAMESPACE}">'
        return lambda value: write(value, root).replace(opening, marked, 1).encode()


def _location(value: Any) -> bytes:
    """The one document whose text is in its root."""
    place = xml_text(str(value.get("LocationConstraint") or ""))
    text = f'<LocationConstraint xmlns="{NAMESPACE}">{place}</LocationConstraint>'
    return f"{DECLARATION}{text}".encode()


DOCUMENTS = _XmlDocuments()


class RestXmlProtocol:
    """The rest-xml protocol."""

    def reader(
        self, model: ServiceModel, operation: OperationModel, *, constraints: bool
    ) -> Reader:
        """See WireProtocol."""
        return request_reader(model, operation, DOCUMENTS, constraints=constraints)

    def writer(self, model: ServiceModel, operation: OperationModel) -> Writer:
        """See WireProtocol."""
        return response_writer(model, operation, DOCUMENTS, _id_lines)

    def failure(
        self, model: ServiceModel | None, error: ServiceError, request_id: bytes
    ) -> Response:
        """See WireProtocol."""
        code, status = codes.object_store_code(error)
        extra = header_lines((name.lower(), text) for name, text in error.headers.items())
        lines = _id_lines(request_id) + extra
        if status == 304:
            return Response(status, lines, b"")
        further = "".join(
            f"<{name}>{xml_text(str(value))}</{name}>" for name, value in error.fields.items()
        )
        text = (
            f"{DECLARATION}<Error><Code>{xml_text(code)}</Code>"
            f"<Message>{xml_text(error.message)}</Message>{further}"
            f"<RequestId>{request_id.decode()}</RequestId><HostId>{_host(request_id)}</HostId>"
            "</Error>"
        )
        lines += b"content-type: application/xml\r\n"
        return Response(status, lines, text.encode("utf-8", "replace"))


def _host(request_id: bytes) -> str:
    return base64.b64encode(request_id).decode()


def _id_lines(request_id: bytes) -> bytes:
    host = base64.b64encode(request_id)
    return b"x-amz-request-id: %b\r\nx-amz-id-2: %b\r\n" % (request_id, host)
