"""One batch: how large it may be, and which of its items an answer reports as failed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from stepwell.services.feeds.ports import Records
from stepwell.values import decode, encode

_log = logging.getLogger("stepwell.feeds")
BATCH_BYTES_MAX = 6_291_456
_ENVELOPE_BYTES = 64


class Complaint:
    """Says why a source cannot be read: once for each reason, not again at every attempt."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, source: str, trouble: Exception) -> None:
        """It could not, just now."""
        text = str(trouble)
        level = logging.DEBUG if text == self._last else logging.WARNING
        self._last = text
        _log.log(level, "reading %s: %s", source, text)


def failed_items(payload: bytes, known: Sequence[str]) -> set[str] | None:
    """The items that an answer reports as failed; None when all of them failed.

    An answer that says nothing means success, one that cannot be understood means failure.
    """
    try:
        answer = decode(payload) if payload else None
    except ValueError:
        return None
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        return set() if isinstance(answer, str) and not answer else None
    failures = answer.get("batchItemFailures")
    if not failures:
        return set()
    if not isinstance(failures, list):
        return None
    failed = set()
    for failure in failures:
        item = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(item, str) or item not in known:
            return None
        failed.add(item)
    return failed


def split_by_size(records: Records) -> list[Records]:
    """The records in order, in batches that an invocation takes."""
    batches: list[Records] = []
    size = 0
    for record in records:
        weight = len(encode(record)) + 1
        if not batches or size + weight > BATCH_BYTES_MAX - _ENVELOPE_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(record)
        size += weight
    return batches
