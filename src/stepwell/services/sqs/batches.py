"""What all batch operations share: checks of the entries, and the two lists of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.sqs import limits
from stepwell.services.sqs.errors import missing_parameter

_ID = re.compile(r"[A-Za-z0-9_\-]{1,80}")
Entry = Mapping[str, Any]


def check(params: Mapping[str, Any], kind: str) -> Sequence[Entry]:
    """The entries, at least one and at most ten, each with an id of its own."""
    entries: Sequence[Entry] = params.get("Entries") or ()
    if not entries:
        raise ServiceError(
            "EmptyBatchRequest", f"There should be at least one {kind} in the request."
        )
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise ServiceError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {limits.BATCH_ENTRIES_MAX}. "
            f"You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        entry_id = entry.get("Id")
        if entry_id is None:
            raise missing_parameter("Id")
        if not isinstance(entry_id, str) or not _ID.fullmatch(entry_id):
            raise ServiceError(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at most 80 letters long.",
            )
        if entry_id in seen:
            raise ServiceError("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        seen.add(entry_id)
    return entries


def check_size(entries: Sequence[Entry]) -> None:
    """The bodies together must not pass the limit of a batch, whether they may be sent or not."""
    total = sum(
        len(body.encode("utf-8", "surrogatepass"))
        for entry in entries
        if isinstance(body := entry.get("MessageBody"), str)
    )
    if total > limits.MESSAGE_BYTES_MAX:
        raise too_long(total)


def too_long(size_bytes: int) -> ServiceError:
    """The messages together are too long."""
    return ServiceError(
        "BatchRequestTooLong",
        f"Batch requests cannot be longer than {limits.MESSAGE_BYTES_MAX} bytes. "
        f"You have sent {size_bytes} bytes.",
    )


class Outcome:
    """The answer of a batch, entry by entry."""

    def __init__(self) -> None:
        self._successful: list[dict[str, Any]] = []
        self._failed: list[dict[str, Any]] = []

    def succeed(self, result: dict[str, Any]) -> None:
        """An entry was done."""
        self._successful.append(result)

    def fail(self, entry_id: str, error: ServiceError) -> None:
        """An entry was refused."""
        self._failed.append(
            {"Id": entry_id, "SenderFault": True, "Code": error.code, "Message": error.message}
        )

    def answer(self) -> dict[str, Any]:
        """The lists that are not empty."""
        answer: dict[str, Any] = {}
        if self._successful:
            answer["Successful"] = self._successful
        if self._failed:
            answer["Failed"] = self._failed
        return answer
