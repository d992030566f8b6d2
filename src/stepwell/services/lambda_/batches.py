"""One batch of an event source mapping, given to its function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stepwell.services.feeds.filters import BadFilter, Wanted, compile_filters
from stepwell.services.lambda_.errors import invalid
from stepwell.services.lambda_.invoking import choose
from stepwell.services.lambda_.names import Named
from stepwell.services.lambda_.ports import Invocation, Outcome
from stepwell.services.lambda_.records import MappingRow
from stepwell.values import encode

if TYPE_CHECKING:
    from stepwell.services.lambda_.lambdas import Found, Lambda


def wanted_by(criteria: Mapping[str, Any] | None) -> Wanted | None:
    """Which records a mapping wants; None when all. Raises ServiceError."""
    try:
        return compile_filters(criteria)
    except BadFilter as error:
        raise invalid(str(error)) from error


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
