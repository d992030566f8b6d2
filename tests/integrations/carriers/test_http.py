"""The way to web addresses: what is sent, and what an answer means."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.http import HttpCarrier
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.values import JsonObject

DELIVERY = Delivery(
    "http://example.com/hook",
    {"Method": "POST", "Headers": {"X-Kind": "k"}, "Body": "text"},
    "000000000000",
    "us-east-1",
    "test",
)


class Long(httpx.AsyncByteStream):
    """An answer that is longer than anybody wants to read."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b"x" * 1_000


async def answered(status: int, delivery: Delivery = DELIVERY) -> httpx.Request:
    """The request made to an endpoint that answers with that status."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if status == 0:
            raise httpx.ConnectError("nobody is there")
        return httpx.Response(status, stream=Long())

    carrier = HttpCarrier(httpx.MockTransport(answer))
    try:
        await carrier.carry(Turn(), delivery, "1")()
    finally:
        await carrier.close()
    [request] = seen
    return request


async def test_the_request() -> None:
    """Method, headers and body go out as given."""
    request = await answered(204)
    assert (request.method, str(request.url)) == ("POST", "http://example.com/hook")
    assert (request.headers["x-kind"], request.content) == ("k", b"text")


@pytest.mark.parametrize(
    ("status", "again"),
    [(0, True), (301, True), (400, False), (404, False), (429, True), (500, True), (503, True)],
)
async def test_refusals(status: int, again: bool) -> None:
    """What the endpoint says of the request itself is final; anything else is tried again."""
    with pytest.raises(ServiceError) as refused:
        await answered(status)
    assert (refused.value.fields.get("retryable") is not False) is again


async def test_statuses_to_try_again() -> None:
    """A source can name more of them."""
    listed: JsonObject = {**DELIVERY.request, "Retried": [409]}
    delivery = Delivery(DELIVERY.target, listed, "0", "us-east-1", "test")
    with pytest.raises(ServiceError) as refused:
        await answered(409, delivery)
    assert "retryable" not in refused.value.fields


@pytest.mark.parametrize("status", [0, 404])
async def test_refusals_tell_no_secrets(status: int) -> None:
    """What is logged and goes to dead letters names neither password nor query."""
    url = "https://me:secret@example.com:8443/hook?key=secret"
    with pytest.raises(ServiceError) as refused:
        await answered(status, Delivery(url, DELIVERY.request, "0", "us-east-1", "test"))
    assert "https://example.com:8443/hook" in refused.value.message
    assert "secret" not in refused.value.message
