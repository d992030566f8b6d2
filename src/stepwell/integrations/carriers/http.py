"""Deliveries to web addresses.

The request is `Method`, `Headers`, `Body`, and if need be `TimeoutSeconds` and `Retried`: statuses
below 500 that are tried again (429 always is). What answers 2xx has it; redirects are not followed.
"""

from __future__ import annotations

import logging
from typing import cast

import httpx

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery, Work, named
from stepwell.values import JsonObject

TIMEOUT_SECONDS = 15.0
ANSWER_BYTES_MAX = 64 * 1024
"""How much of an answer is read: nobody looks at it, but connections are used again."""


class HttpCarrier:
    """Calls web addresses. `close` it at the end."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work:
        """The call, to be made after the commit."""

        async def work() -> None:
            await self._call(delivery.target, delivery.request)

        return work

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _call(self, url: str, request: JsonObject) -> None:
        if self._client is None:
            logging.getLogger("httpx").setLevel(logging.WARNING)
            # Not the proxies of the environment: an endpoint is where its subscription says.
            self._client = httpx.AsyncClient(
                transport=self._transport, follow_redirects=False, trust_env=False
            )
        try:
            async with self._client.stream(
                str(request.get("Method", "POST")),
                url,
                headers=cast("dict[str, str]", request.get("Headers") or {}),
                content=str(request.get("Body", "")).encode("utf-8", "replace"),
                timeout=cast(float, request.get("TimeoutSeconds", TIMEOUT_SECONDS)),
            ) as answer:
                await _read_a_little(answer)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise ServiceError(
                "EndpointUnreachable", f"{named(url)}: {reason}", status=504
            ) from error
        _judge(url, answer.status_code, request)


async def _read_a_little(answer: httpx.Response) -> None:
    seen = 0
    async for piece in answer.aiter_raw():
        seen += len(piece)
        if seen > ANSWER_BYTES_MAX:
            return


def _judge(url: str, status: int, request: JsonObject) -> None:
    if 200 <= status < 300:
        return
    listed = request.get("Retried")
    retried = status >= 500 or status < 400 or status == 429
    if isinstance(listed, list) and status in listed:
        retried = True
    fields = {} if retried else {"retryable": False}
    raise ServiceError(
        "EndpointRefused", f"{named(url)} answered {status}", status=502, fields=fields
    )
