"""Request bodies: decompressed, and what is said of those that are too large."""

from __future__ import annotations

import zlib

from stepwell.errors import ServiceError

GZIP_WINDOW = 16 + zlib.MAX_WBITS


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
    return ServiceError("RequestEntityTooLargeException", text, status=413)
