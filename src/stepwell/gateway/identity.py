"""Who calls: access key, account and region, read from the signature's credential scope.

Signed headers, presigned addresses and the older `AWSAccessKeyId` parameter are read. Whether
the signature is right is another question, asked in `sigv4.py` when credentials are configured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from stepwell.gateway.settings import GatewaySettings

_REGION = re.compile(r"[a-z0-9-]{1,40}")
_MARK = b"Credential="
_QUERY_MARK = b"X-Amz-Credential="


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the call belongs."""

    account: str
    region: str


def caller(headers: Mapping[bytes, bytes], query: bytes, settings: GatewaySettings) -> Caller:
    """The caller of a request; the default account and region when nothing is said."""
    return _from_scope(_scope(headers, query), settings.account, settings.region)


def _scope(headers: Mapping[bytes, bytes], query: bytes) -> bytes:
    """The credential as the request spells it; empty when there is none."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        start = authorization.find(_MARK)
        if start >= 0:
            start += len(_MARK)
            end = authorization.find(b",", start)
            return authorization[start:] if end < 0 else authorization[start:end]
    elif query:
        start = query.find(_QUERY_MARK)
        if start >= 0:
            return query[start + len(_QUERY_MARK) :].split(b"&", 1)[0]
    return b""


def scope_service(headers: Mapping[bytes, bytes], query: bytes) -> str:
    """The signing name in a request's credential scope; empty when there is none.

    S3's older signatures have no scope, but a shape of their own.
    """
    scope = _scope(headers, query)
    if scope:
        return _service_in(scope)
    older = b"AWSAccessKeyId=" in query and b"Expires=" in query
    return "s3" if older or headers.get(b"authorization", b"").startswith(b"AWS ") else ""


def _service_in(scope: bytes) -> str:
    parts = unquote(scope.decode("latin-1")).strip().rsplit("/", 4)
    return parts[3] if len(parts) == 5 else ""


@lru_cache(maxsize=1024)
def _from_scope(scope: bytes, account: str, region: str) -> Caller:
    # An access key may hold slashes; the four parts after it cannot.
    parts = unquote(scope.decode("latin-1")).strip().rsplit("/", 4)
    if len(parts) != 5:
        return Caller(account, region)
    return named(parts[0], parts[2], account, region)


@lru_cache(maxsize=1024)
def named(access_key: str, named_region: str, account: str, region: str) -> Caller:
    """The caller with that access key in that region; account and region are the defaults."""
    own = account_of(access_key) or account_in_temporary_key(access_key)
    valid = _REGION.fullmatch(named_region) is not None
    return Caller(own or account, named_region if valid else region)


def account_of(access_key: str) -> str | None:
    """The account that a 12-digit access key names."""
    return access_key if len(access_key) == 12 and access_key.isdecimal() else None


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_MARKER = "ASIASTEP"
_ACCOUNT_DIGITS, _CHANCE_DIGITS = 8, 4


def temporary_key(account: str, chance: int) -> str:
    """An access key id of temporary credentials that carries its account.

    Twenty characters as AWS makes them: a marker that tells ours from real ones, eight for the
    account, four of chance.
    """
    return _MARKER + _digits(int(account), _ACCOUNT_DIGITS) + _digits(chance, _CHANCE_DIGITS)


def account_in_temporary_key(access_key: str) -> str | None:
    """The account that `temporary_key` put in, or None for other keys."""
    if len(access_key) != 20 or not access_key.startswith(_MARKER):
        return None
    number = 0
    for letter in access_key[len(_MARKER) : len(_MARKER) + _ACCOUNT_DIGITS]:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number * 32 + digit
    text = f"{number:012d}"
    return text if len(text) == 12 else None


def _digits(number: int, count: int) -> str:
    letters = []
    for _ in range(count):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))
