"""The canonical request of Signature Version 4: one text for all ways to write a request.

Bytes are read as the characters of the same number, so that nothing a caller sends can fail to
be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

_UNRESERVED = "-_.~"
CONTENT_HASH = "x-amz-content-sha256"
"""Says how the body of an object is covered: by its hash, chunk by chunk, or not at all."""
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. `headers` as they came, repeated ones included; `body` as sent."""

    method: str
    path: str
    query: bytes
    headers: Iterable[tuple[bytes, bytes]]
    body: bytes
    resource: str | None = None
    """Of a request to the object store: the path from the bucket on. Such paths are covered as
    they are, and the body by what its own header says of it."""


def canonical_request(
    request: SignedRequest,
    signed_headers: str,
    headers: Mapping[str, str],
    pairs: list[tuple[str, str]],
) -> str:
    """The text that a signature is about; `headers` and `pairs` are the request's, read already."""
    names = signed_headers.split(";")
    lines = "".join(f"{name}:{headers.get(name, '')}\n" for name in names)
    if request.resource is not None:
        path = "/".join(_encoded(part) for part in request.path.split("/"))
        covered = headers.get(CONTENT_HASH, UNSIGNED)
    else:
        path, covered = _canonical_path(request.path), hashlib.sha256(request.body).hexdigest()
    return (
        f"{request.method}\n{path}\n{_canonical_query(pairs)}\n{lines}\n{signed_headers}\n{covered}"
    )


def _canonical_path(path: str) -> str:
    """Dots and doubled slashes resolved, then encoded once more, as all services but S3 do."""
    if path == "/":
        return path
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    joined = "/" + "/".join(kept)
    if kept and path.endswith("/"):
        joined += "/"
    return quote(joined, safe="/" + _UNRESERVED)


def _canonical_query(pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    encoded = sorted(
        (_encoded(name), _encoded(value)) for name, value in pairs if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(text: str) -> str:
    """Percent-encoded in the one way that counts, however the caller did it."""
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query, still encoded."""
    pairs = []
    for part in query.decode("latin-1").split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((name, value))
    return pairs


def joined_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header values by name, runs of blanks made one, repeated headers joined by commas.

    Bytes become the characters of the same number, so that any value survives.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), b" ".join(value.split()).decode("latin-1")
        joined[key] = f"{joined[key]},{text}" if key in joined else text
    return joined
