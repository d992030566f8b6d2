"""The `aws-chunked` encoding of S3 uploads: the body in chunks of its own, inside HTTP's.

Each chunk is `size;chunk-signature=...\\r\\n` and its bytes; the last has no bytes, and headers may
follow it, such as the checksum of the whole. `decoded` takes the encoding off before anything else
sees the body; `Chunks` says what the signatures of the chunks cover.
"""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.errors import ServiceError

CHUNKS_MAX = 200_000
TRAILERS_MAX = 20
LINE_BYTES_MAX = 1_024


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its bytes and the signature that came with it (empty when unsigned)."""

    body: memoryview
    signature: str


@dataclass(frozen=True, slots=True)
class Chunked:
    """A body taken apart."""

    chunks: tuple[Chunk, ...]
    trailers: dict[bytes, bytes]
    """Headers behind the body, names in small letters."""

    def joined(self) -> bytes:
        """The body itself."""
        return b"".join(chunk.body for chunk in self.chunks)


def is_chunked(content_hash: bytes | None, encoding: bytes | None) -> bool:
    """Whether a request's body is encoded so, by its headers."""
    if content_hash is not None and content_hash.startswith(b"STREAMING-"):
        return True
    return encoding is not None and b"aws-chunked" in encoding


def decoded(body: bytes) -> Chunked:
    """Takes a body apart. Raises ServiceError IncompleteBody."""
    chunks: list[Chunk] = []
    view, place = memoryview(body), 0
    for _ in range(CHUNKS_MAX):
        line, place = _line(body, place)
        size_text, _, rest = line.partition(b";")
        try:
            size = int(size_text, 16)
        except ValueError as error:
            raise _incomplete() from error
        signature = rest.partition(b"chunk-signature=")[2].decode("latin-1").strip()
        if size < 0 or place + size > len(body):
            raise _incomplete()
        chunks.append(Chunk(view[place : place + size], signature))
        if size == 0:
            return Chunked(tuple(chunks), _trailers(body, place))
        place += size
        if body[place : place + 2] != b"\r\n":
            raise _incomplete()
        place += 2
    raise _incomplete()


def _line(body: bytes, place: int) -> tuple[bytes, int]:
    end = body.find(b"\r\n", place, place + LINE_BYTES_MAX)
    if end < 0:
        raise _incomplete()
    return body[place:end], end + 2


def _trailers(body: bytes, place: int) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in body[place:].split(b"\r\n", TRAILERS_MAX)[:TRAILERS_MAX]:
        # Some SDKs end a trailer with a bare line feed.
        name, colon, value = line.strip().partition(b":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _incomplete() -> ServiceError:
    text = "The request body terminated unexpectedly"
    return ServiceError("IncompleteBody", text, status=400)
