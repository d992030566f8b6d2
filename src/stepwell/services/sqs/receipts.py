"""Receipt handles: which queue, which message, which receive.

They are URL-safe, of one length, and mean the same after a restart.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from struct import Struct
from typing import NamedTuple

from stepwell.services.sqs.errors import invalid_receipt_handle

_LAYOUT = Struct(">3sQQQ")
_MARK = b"\x01\x01\x01"
_LENGTH = 36


class Receipt(NamedTuple):
    """What a receipt handle says."""

    queue: int
    sequence: int
    nonce: int


def encode(queue: int, sequence: int, nonce: int) -> str:
    """The receipt handle of one message in one receive."""
    return urlsafe_b64encode(_LAYOUT.pack(_MARK, queue, sequence, nonce)).decode()


def decode(handle: str, queue: int) -> Receipt:
    """What the handle says. Raises ReceiptHandleIsInvalid unless it is one of that queue."""
    if len(handle) != _LENGTH or not handle.isascii():
        raise invalid_receipt_handle(handle)
    try:
        raw = urlsafe_b64decode(handle)
    except ValueError:
        raise invalid_receipt_handle(handle) from None
    if len(raw) != _LAYOUT.size:
        raise invalid_receipt_handle(handle)
    mark, its_queue, sequence, nonce = _LAYOUT.unpack(raw)
    if mark != _MARK or its_queue != queue:
        raise invalid_receipt_handle(handle)
    return Receipt(its_queue, sequence, nonce)
