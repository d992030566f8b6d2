"""Temporary credentials without a table: everything about them can be computed again.

The access key carries the account, the session token the key and its end, and the secret and the
token's seal come from a root secret by HMAC. So they stay good over a restart with the same root
secret, and nothing has to be stored or swept.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stepwell.gateway.identity import temporary_key

_SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """What a session signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str


def root_secret(credentials: Mapping[str, str]) -> bytes:
    """A root secret that stays the same while the configured credentials do."""
    text = "\n".join(f"{key}={secret}" for key, secret in sorted(credentials.items()))
    return hmac.digest(b"temporary credentials", text.encode(), "sha256")


class TemporaryKeys:
    """Issues temporary credentials and knows them again."""

    def __init__(self, root_secret: bytes, secret: Callable[[int], bytes]) -> None:
        self._root = root_secret
        self._secret = secret

    def issue(self, account: str, expires_at: int) -> TemporaryCredentials:
        """New credentials of that account; `expires_at` in epoch seconds."""
        key = temporary_key(account, int.from_bytes(self._secret(3)))
        claim = f"{key}:{expires_at}".encode()
        token = base64.b64encode(self._mac(b"token:" + claim) + claim).decode()
        return TemporaryCredentials(key, self.secret_of(key), token)

    def secret_of(self, access_key: str) -> str:
        """The secret that belongs to a temporary access key."""
        return base64.b64encode(self._mac(b"key:" + access_key.encode())[:30]).decode()

    def expires_at(self, access_key: str, token: str) -> int | None:
        """When that key's token ends (epoch seconds), or None when it is not ours."""
        try:
            sealed = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return None
        seal, claim = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._mac(b"token:" + claim)):
            return None
        key, _, end = claim.decode().partition(":")
        return int(end) if key == access_key else None

    def _mac(self, message: bytes) -> bytes:
        return hmac.digest(self._root, message, "sha256")
