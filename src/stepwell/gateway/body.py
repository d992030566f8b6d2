"""Reading request bodies: bounded, whole, decompressed."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from stepwell.errors import ServiceError

Receive: TypeAlias = Callable[[], Awaitable[Any]]

GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Disconnected(Exception):
    """The caller went away before the request was whole."""


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """The whole body. Raises ServiceError when it is too large."""
    event = await receive()
    if event["type"] != "http.request":
        raise Disconnected
    body: bytes = event.get("body", b"")
    if not event.get("more_body", False):
        if len(body) > bytes_max:
            raise too_large(bytes_max)
        return body
    return await _rest(receive, body, bytes_max)


async def _rest(receive: Receive, first: bytes, bytes_max: int) -> bytes:
    parts, size = [first], len(first)
    while True:
        if size > bytes_max:
            raise too_large(bytes_max)
        event = await receive()
        if event["type"] != "http.request":
            raise Disconnected
        part: bytes = event.get("body", b"")
        parts.append(part)
        size += len(part)
        if not event.get("more_body", False):
            if size > bytes_max:
                raise too_large(bytes_max)
            return b"".join(parts)


def decompressed(body: bytes, encoding: bytes, bytes_max: int) -> bytes:
    """The body without its Content-Encoding. Raises ServiceError."""
    name = encoding.strip().lower()
    if name in (b"", b"identity", b"aws-chunked"):
        return body
    if name not in (b"gzip", b"x-gzip"):
        shown = encoding.decode("latin-1")[:40]
        text = f"Content-Encoding {shown!r} is not supported; send gzip or none."
        raise ServiceError("UnsupportedMediaTypeException", text, status=415)
    engine = zlib.decompressobj(GZIP_WINDOW)
    try:
        result = engine.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise ServiceError("SerializationException", f"The body is not gzip: {error}") from error
    if len(result) > bytes_max:
        raise too_large(bytes_max)
    if not engine.eof:
        raise ServiceError("SerializationException", "The gzip body ends too early")
    return result


def too_large(bytes_max: int) -> ServiceError:
    """The answer to a body over the limit."""
    text = f"Request size exceeded: the limit is {bytes_max} bytes."
    return ServiceError(
        "RequestEntityTooLargeException", text, status=413, headers={"connection": "close"}
    )
