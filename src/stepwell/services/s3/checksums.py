"""Checksums of objects: those that callers send are verified, one is always kept.

Five algorithms: CRC32, CRC32C, CRC64NVME, SHA1, SHA256. Without any from the caller it is
CRC64NVME, as S3 has it since 2024. An object of parts has either a checksum of its whole
(`FULL_OBJECT`, CRCs only) or one of the checksums of its parts (`COMPOSITE`, with the number of
parts behind a hyphen).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awscrt import checksums as crt

from stepwell.errors import ServiceError
from stepwell.services.s3.errors import invalid_request

ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
DEFAULT_ALGORITHM = "CRC64NVME"
MEMBERS = {f"Checksum{name}": name for name in ALGORITHMS}
FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"

_SIZES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
_CRCS: Mapping[str, Callable[[bytes], int]] = {
    "CRC32": crt.crc32,
    "CRC32C": crt.crc32c,
    "CRC64NVME": crt.crc64nvme,
}
_COMBINE: Mapping[str, Callable[[int, int, int], int]] = {
    "CRC32": crt.combine_crc32,
    "CRC32C": crt.combine_crc32c,
    "CRC64NVME": crt.combine_crc64nvme,
}


def digest(algorithm: str, body: bytes) -> str:
    """The checksum of some bytes, in base 64."""
    crc = _CRCS.get(algorithm)
    if crc is not None:
        raw = crc(body).to_bytes(_SIZES[algorithm])
    else:
        raw = hashlib.new(algorithm.lower(), body, usedforsecurity=False).digest()
    return base64.b64encode(raw).decode()


def given(params: Mapping[str, Any]) -> dict[str, str]:
    """The checksums that a request brings, by member. Raises ServiceError."""
    found = {member: str(params[member]) for member in MEMBERS if params.get(member)}
    if len(found) > 1:
        text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise invalid_request(text)
    for member, text in found.items():
        _check_form(member, text)
    return found


def _check_form(member: str, text: str) -> None:
    algorithm = MEMBERS[member]
    plain = text.partition("-")[0]
    try:
        size = len(base64.b64decode(plain, validate=True))
    except binascii.Error:
        size = -1
    if size != _SIZES[algorithm]:
        name = f"x-amz-checksum-{algorithm.lower()}"
        raise invalid_request(f"Value for {name} header is invalid.")


def verified(params: Mapping[str, Any], body: bytes, algorithm: str = "") -> dict[str, str]:
    """The checksum to keep with a body, by member; the caller's is verified first.

    `algorithm` is the one to use when the caller sends none. Raises ServiceError BadDigest,
    InvalidDigest, InvalidRequest.
    """
    _check_md5(params, body)
    sent = given(params)
    for member, text in sent.items():
        name = MEMBERS[member]
        if digest(name, body) != text:
            problem = f"The {name} you specified did not match the calculated checksum."
            raise ServiceError("BadDigest", problem)
    if sent:
        return sent
    chosen = algorithm or _named(params) or DEFAULT_ALGORITHM
    return {f"Checksum{chosen}": digest(chosen, body)}


def _named(params: Mapping[str, Any]) -> str:
    name = str(params.get("ChecksumAlgorithm") or "").upper()
    if name and name not in ALGORITHMS:
        raise invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with "
            "any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    return name


def _check_md5(params: Mapping[str, Any], body: bytes) -> None:
    sent = params.get("ContentMD5")
    if sent is None:
        return
    try:
        wanted = base64.b64decode(sent, validate=True)
    except binascii.Error:
        wanted = b""
    if len(wanted) != 16:
        raise ServiceError("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if hashlib.md5(body, usedforsecurity=False).digest() != wanted:
        text = "The Content-MD5 you specified did not match what we received."
        raise ServiceError("BadDigest", text)


def md5(body: bytes) -> str:
    """What an object's ETag is."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def etag_of_parts(etags: Sequence[str]) -> str:
    """The ETag of an object made of parts."""
    joined = b"".join(bytes.fromhex(etag) for etag in etags)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(etags)}"


def of_parts(algorithm: str, kind: str, parts: Sequence[tuple[str, int]]) -> str:
    """The checksum of an object made of parts, each given by its checksum and size."""
    raw = [base64.b64decode(text) for text, _ in parts]
    if kind == COMPOSITE:
        return f"{digest(algorithm, b''.join(raw))}-{len(parts)}"
    combine, whole = _COMBINE[algorithm], int.from_bytes(raw[0])
    for part, (_, size) in zip(raw[1:], parts[1:], strict=True):
        whole = combine(whole, int.from_bytes(part), size)
    return base64.b64encode(whole.to_bytes(_SIZES[algorithm])).decode()
