"""HTTP calls that tasks and API destinations make: the answer, or a ServiceError that says why
there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from stepwell.errors import ServiceError
from stepwell.services.apigateway.ports import Outbound, TooSlow, Unreachable
from stepwell.services.deliveries.delivery import named

UNREACHABLE = "CONNECTION_FAILURE"
TOO_SLOW = "TIMEOUT"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer, whatever its status. Names of headers are in small letters."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class HttpCalls:
    """Calls web addresses."""

    def __init__(self, web: Outbound) -> None:
        self._web = web

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        timeout_seconds: float,
    ) -> HttpReply:
        """The answer. Raises ServiceError CONNECTION_FAILURE or TIMEOUT."""
        pairs = list(headers.items())
        try:
            answer = await self._web.send(method, url, pairs, body or b"", timeout_seconds)
        except TooSlow as error:
            raise ServiceError(TOO_SLOW, str(error), status=504) from error
        except Unreachable as error:
            raise ServiceError(UNREACHABLE, f"{named(url)}: {error}", status=502) from error
        small = [(name.lower(), value) for name, value in answer.headers]
        return HttpReply(answer.status, _reason(answer.status), small, answer.body)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
