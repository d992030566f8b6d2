"""Receipt handles: which queue, which message, which receive.

They are URL-safe, of one length, and mean the same after a restart.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from stepwell.services.sqs.errors import invalid_receipt_handle

_LAYOUT = struct.Struct(">QQQ")
_MARK = "AQEB"
_LENGTH = len(_MARK) + 2 * _LAYOUT.size


OURS = 1 << 60
"""In a nonce: a part of this server received the message, so after a restart nobody has it."""


class Receipt(NamedTuple):
    """What a receipt handle says."""

    queue: int
    sequence: int
    nonce: int


def encode(queue: int, sequence: int, nonce: int) -> str:
    """The receipt handle of one message in one receive."""
    return _MARK + _LAYOUT.pack(queue, sequence, nonce).hex()


def decode(handle: str, queue: int) -> Receipt:
    """What the handle says. Raises ReceiptHandleIsInvalid unless it is one of that queue."""
    if len(handle) != _LENGTH or not handle.startswith(_MARK):
        raise invalid_receipt_handle(handle)
    try:
        receipt = Receipt._make(_LAYOUT.unpack(bytes.fromhex(handle[len(_MARK) :])))
    except (ValueError, struct.error):
        raise invalid_receipt_handle(handle) from None
    if receipt.queue != queue:
        raise invalid_receipt_handle(handle)
    return receipt
