"""One batch of an event source mapping, given to its function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.services.feeds.filters import BadFilter, Wanted, compile_filters
from stepwell.services.lambda_.errors import invalid
from stepwell.services.lambda_.names import Named
from stepwell.services.lambda_.ports import Invocation, Outcome
from stepwell.services.lambda_.records import MappingRow
from stepwell.services.lambda_.registry import Found, Registry
from stepwell.services.lambda_.running import Running
from stepwell.values import encode


def wanted_by(criteria: Mapping[str, Any] | None) -> Wanted | None:
    """Which records a mapping wants; None when all. Raises ServiceError."""
    try:
        return compile_filters(criteria)
    except BadFilter as error:
        raise invalid(str(error)) from error


def target(functions: Registry, row: MappingRow) -> Found:
    """The function of a mapping. Raises ServiceError."""
    account, region, name = row.function.split(":")
    return functions.find(Named(account, region, name, row.qualifier or None))


async def run_batch(
    running: Running, row: MappingRow, records: Sequence[dict[str, Any]]
) -> tuple[Outcome, str, str]:
    """(outcome, request id, version that ran). Raises ServiceError when there is no room."""
    functions = running.registry
    found = target(functions, row)
    version = functions.choose(found)
    request_id = functions.parts.ids.uuid()
    payload = encode({"Records": list(records)})
    invocation = Invocation(request_id, payload, found.named.arn)
    outcome = await running.run(found.function, version, invocation)
    return outcome, request_id, version.version
