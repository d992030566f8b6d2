"""One batch of an event source mapping: run, and what of it is done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stepwell.errors import ServiceError
from stepwell.services.lambda_.invoking import choose
from stepwell.services.lambda_.limits import SYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.names import Named
from stepwell.services.lambda_.ports import Invocation, Outcome
from stepwell.services.lambda_.records import MappingRow
from stepwell.values import decode, encode

if TYPE_CHECKING:
    from stepwell.services.lambda_.lambdas import Found, Lambda

_log = logging.getLogger("stepwell.lambda")
_ENVELOPE_BYTES = 64


class Complaint:
    """Says why a mapping cannot read: once for each reason, not again at every attempt."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, source: str, trouble: Exception) -> None:
        """It could not, just now."""
        text = str(trouble)
        level = logging.DEBUG if text == self._last else logging.WARNING
        self._last = text
        _log.log(level, "reading %s: %s", source, text)


def target(functions: Lambda, row: MappingRow) -> Found:
    """The function of a mapping. Raises ServiceError."""
    account, region, name = row.function.split(":")
    return functions.find(Named(account, region, name, row.qualifier or None))


async def run_batch(
    functions: Lambda, row: MappingRow, records: Sequence[dict[str, Any]]
) -> tuple[Outcome, str, str]:
    """(outcome, request id, version that ran). Raises ServiceError when there is no room."""
    found = target(functions, row)
    version = choose(functions, found)
    request_id = functions.parts.ids.uuid()
    payload = encode({"Records": list(records)})
    invocation = Invocation(request_id, payload, found.named.arn)
    outcome = await functions.running.run(found.function, version, invocation)
    return outcome, request_id, version.version


def failed_items(outcome: Outcome, known: Sequence[str]) -> set[str] | None:
    """The items that a function reports as failed; None when all of them failed.

    An answer that says nothing means success, one that cannot be understood means failure.
    """
    try:
        answer = decode(outcome.payload) if outcome.payload else None
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


def split_by_size(records: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The records in order, in batches that an invocation takes."""
    batches: list[list[dict[str, Any]]] = []
    size = 0
    for record in records:
        weight = len(encode(record)) + 1
        if not batches or size + weight > SYNCHRONOUS_BYTES_MAX - _ENVELOPE_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(record)
        size += weight
    return batches


def is_throttled(error: ServiceError) -> bool:
    """Whether there only was no room."""
    return error.code == "TooManyRequestsException"
