"""Pages and their tokens.

A token is opaque, holds where to go on, and is bound to what the request asked for: with other
filters, another operation, after 24 hours or with a changed character it is refused as AWS does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from stepwell.errors import ServiceError
from stepwell.values import BadJson, JsonValue, decode, encode

T = TypeVar("T")

PAGE_DEFAULT = 100
PAGE_MAX = 1000
_LIFE_MILLISECONDS = 24 * 60 * 60 * 1000
_SEAL_BYTES = 12


def page_size(asked: int | None) -> int:
    """How many results a page holds: 0 and absence mean 100."""
    return min(asked or PAGE_DEFAULT, PAGE_MAX)


def page_token(position: int | str, *, now: int, bound_to: Sequence[JsonValue]) -> str:
    """The token that goes on after `position`."""
    body = encode([position, now])
    return base64.urlsafe_b64encode(_seal(body, bound_to) + body).decode()


def read_token(token: str | None, *, now: int, bound_to: Sequence[JsonValue]) -> int | str | None:
    """Where the token says to go on; None without a token. Raises ServiceError InvalidToken."""
    if token is None:
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        value = decode(raw[_SEAL_BYTES:])
    except (binascii.Error, ValueError, BadJson):
        raise _invalid_token() from None
    match value:
        case [int() | str() as position, int() as issued_at]:
            sealed = _seal(raw[_SEAL_BYTES:], bound_to) == raw[:_SEAL_BYTES]
            if sealed and now - issued_at <= _LIFE_MILLISECONDS:
                return position
    raise _invalid_token()


def page_by_name(
    names: Sequence[str], token: str | None, size: int, *, now: int, bound_to: Sequence[JsonValue]
) -> tuple[Sequence[str], str | None]:
    """The page of a sorted list of names that a token asks for, and the next token."""
    after = read_token(token, now=now, bound_to=bound_to)
    start = 0 if after is None else sum(1 for name in names if name <= str(after))
    page = names[start : start + size]
    if start + size >= len(names):
        return page, None
    return page, page_token(page[-1], now=now, bound_to=bound_to)


def _seal(body: bytes, bound_to: Sequence[JsonValue]) -> bytes:
    return blake2b(encode(bound_to) + body, digest_size=_SEAL_BYTES, person=b"page-token").digest()


def _invalid_token() -> ServiceError:
    return ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
