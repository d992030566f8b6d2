"""Is the body of an upload what its signature covers?

S3's signatures cover what `x-amz-content-sha256` says: the body's hash, nothing, or the first of a
chain in which every chunk's signature covers the one before and its own bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from stepwell.errors import ServiceError
from stepwell.gateway.canonical import UNSIGNED
from stepwell.gateway.chunked import Chunked, decoded

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_SIGNED_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_NOTHING = hashlib.sha256(b"").hexdigest()
_TRAILER_SIGNATURE = b"x-amz-trailer-signature"


@dataclass(frozen=True, slots=True)
class Seed:
    """What the chain of signatures begins with."""

    key: bytes
    stamp: str
    scope: str
    signature: str

    def sign(self, kind: str, before: str, *covered: str) -> str:
        """The signature of the next link."""
        lines = (f"AWS4-HMAC-SHA256-{kind}", self.stamp, self.scope, before, *covered)
        return hmac.digest(self.key, "\n".join(lines).encode(), "sha256").hex()


def check_content(said: str | None, body: bytes, seed: Seed) -> None:
    """Raises ServiceError when the body is not what was signed."""
    if said in (None, UNSIGNED, _UNSIGNED_CHUNKS):
        return
    if said in (_SIGNED_CHUNKS, _SIGNED_WITH_TRAILER):
        _check_chain(decoded(body), seed, with_trailer=said == _SIGNED_WITH_TRAILER)
        return
    if _HASH.fullmatch(said) is None:
        text = (
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a "
            "valid sha256 value."
        )
        raise ServiceError("InvalidArgument", text)
    found = hashlib.sha256(body).hexdigest()
    if found != said.lower():
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        fields = {"ClientComputedContentSHA256": said, "S3ComputedContentSHA256": found}
        raise ServiceError("XAmzContentSHA256Mismatch", text, fields=fields)


def _check_chain(body: Chunked, seed: Seed, *, with_trailer: bool) -> None:
    before = seed.signature
    for chunk in body.chunks:
        covered = hashlib.sha256(chunk.body).hexdigest()
        _compare(seed.sign("PAYLOAD", before, _NOTHING, covered), chunk.signature)
        before = chunk.signature
    if with_trailer:
        lines = b"".join(
            b"%b:%b\n" % pair for pair in body.trailers.items() if pair[0] != _TRAILER_SIGNATURE
        )
        told = body.trailers.get(_TRAILER_SIGNATURE, b"").decode("latin-1")
        _compare(seed.sign("TRAILER", before, hashlib.sha256(lines).hexdigest()), told)


def _compare(wanted: str, told: str) -> None:
    if not hmac.compare_digest(wanted.encode(), told.encode()):
        text = "The chunk signature we calculated does not match the signature you provided."
        raise ServiceError("InvalidSignatureException", text)
