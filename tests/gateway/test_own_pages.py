"""Pages of our own beside AWS's API: plugged in by path, guarded like everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stepwell.errors import ServiceError, StoreFull
from stepwell.gateway.app import create_app
from stepwell.gateway.messages import App
from stepwell.gateway.settings import GatewaySettings
from stepwell.services.api import Call
from tests.gateway.served import CountedIds, FixedTime, request_of


def application(page: Any, **settings: Any) -> App:
    """A gateway with one page."""
    return create_app(
        [],
        settings=GatewaySettings(**settings),
        health=dict,
        clock=FixedTime(),
        ids=CountedIds(),
        pages={"/_stepwell/page": page},
    )


async def get(app: App, query: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the page."""
    names = {"host": "localhost:1", **headers}
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in names.items()]
    response = await app(request_of("GET", pairs, path="/_stepwell/page", query=query))
    return response.status, json.loads(response.body)


async def echo(call: Call, fields: Mapping[str, str]) -> Mapping[str, object]:
    """Answers what it was asked."""
    return {"scope": call.scope, **fields}


async def test_a_page_gets_its_query() -> None:
    """The fields of the address and the default account and region arrive."""
    answer = await get(application(echo), b"a=1&b=%C3%A9")
    assert answer == (200, {"scope": "000000000000:us-east-1", "a": "1", "b": "é"})


async def test_a_page_is_in_the_callers_account() -> None:
    """A signed request's account and region count for pages too."""
    authorization = (
        "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/states/aws4_request"
    )
    _, answer = await get(application(echo), authorization=authorization)
    assert answer["scope"] == "123456789012:eu-west-1"


async def test_pages_need_credentials_when_there_are_any() -> None:
    """A page is not a way around signatures."""
    status, answer = await get(application(echo, credentials={"a": "b"}))
    assert (status, answer["__type"]) == (400, "MissingAuthenticationTokenException")


async def test_foreign_sites_cannot_read_pages() -> None:
    """A web page elsewhere is refused."""
    status, answer = await get(application(echo), sec_fetch_site="cross-site")
    assert (status, answer["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ServiceError("ExecutionDoesNotExist", "gone", status=404), 404, "ExecutionDoesNotExist"),
        (StoreFull("full"), 503, "ServiceUnavailable"),
        (RuntimeError("secret"), 500, "InternalFailure"),
    ],
)
async def test_errors_of_pages_are_documents(error: Exception, status: int, code: str) -> None:
    """Every failure is JSON with a code and a message, and tells no secrets."""

    async def failing(call: Call, fields: Mapping[str, str]) -> Mapping[str, object]:
        raise error

    got, answer = await get(application(failing))
    assert (got, answer["__type"]) == (status, code)
    assert "secret" not in answer["message"]


async def test_a_query_that_cannot_be_read() -> None:
    """Broken percent signs are refused by name."""
    status, answer = await get(application(echo), b"a=%ff")
    assert (status, answer["__type"]) == (400, "MalformedQueryString")
