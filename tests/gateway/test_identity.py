"""Where a call belongs, and what the caller's own address of us is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.gateway.app import create_app
from stepwell.gateway.identity import (
    Caller,
    account_in_temporary_key,
    caller,
    temporary_key,
)
from stepwell.gateway.settings import GatewaySettings
from stepwell.models import timestamps
from stepwell.services.api import Answer, Call, Params, Service
from tests.gateway.served import CountedIds, FixedTime, request_of

SETTINGS = GatewaySettings(account="111111111111", region="eu-north-1")
HOME = Caller("111111111111", "eu-north-1")
THERE = Caller("111111111111", "us-west-2")


def signed(credential: str) -> dict[bytes, bytes]:
    """An Authorization header with that credential."""
    text = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=x"
    return {b"authorization": text.encode()}


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({}, b"", HOME),
        (
            signed("test/20260101/us-west-2/sqs/aws4_request"),
            b"",
            Caller(HOME.account, "us-west-2"),
        ),
        (
            signed("222222222222/20260101/us-west-2/sqs/aws4_request"),
            b"",
            Caller("222222222222", "us-west-2"),
        ),
        (signed("a/b/20260101/us-west-2/sqs/aws4_request"), b"", THERE),
        (signed("nonsense"), b"", HOME),
        (signed("test/20260101//sqs/aws4_request"), b"", HOME),
        (signed("test/20260101/US:west/sqs/aws4_request"), b"", HOME),
        ({b"authorization": b"Bearer abc"}, b"", HOME),
        (
            {},
            b"Action=X&X-Amz-Credential=222222222222%2F20260101%2Fus-west-2%2Fsts%2Faws4_request&a=b",
            Caller("222222222222", "us-west-2"),
        ),
    ],
)
def test_callers(headers: dict[bytes, bytes], query: bytes, expected: Caller) -> None:
    """Account and region come from the credential's scope, else from the settings."""
    assert caller(headers, query, SETTINGS) == expected


@given(number=st.integers(0, 999_999_999_999), chance=st.integers(0, 2**20 - 1))
def test_temporary_keys_carry_their_account(number: int, chance: int) -> None:
    """Any account survives in a key that looks as AWS's do."""
    account = f"{number:012d}"
    key = temporary_key(account, chance)
    assert len(key) == 20
    assert key.startswith("ASIA")
    assert account_in_temporary_key(key) == account


@pytest.mark.parametrize(
    "key", ["ASIAIOSFODNN7EXAMPLE", "ASIASTEP11111111AAAA", "ASIASTEPAAAA", ""]
)
def test_other_keys_carry_nothing(key: str) -> None:
    """Real access keys are not taken for ours."""
    assert account_in_temporary_key(key) is None


def test_a_key_with_too_large_a_number_carries_nothing() -> None:
    """What does not fit twelve digits is no account."""
    assert account_in_temporary_key("ASIASTEP77777777AAAA") is None


async def base_url(headers: dict[str, str], *, trust_forwarded: bool = False) -> str:
    """The address that a service is told for a request with these headers."""
    told: list[str] = []

    async def remember(call: Call, params: Params) -> Answer:
        told.append(call.base_url)
        return None

    app = create_app(
        [Service("sqs", {"ListQueues": remember})],
        settings=GatewaySettings(trust_forwarded=trust_forwarded),
        health=dict,
        clock=FixedTime(),
        ids=CountedIds(),
    )

    pairs = [(b"x-amz-target", b"AmazonSQS.ListQueues")]
    pairs += [(name.encode(), value.encode()) for name, value in headers.items()]
    await app(request_of("POST", pairs, b"{}"))
    return told[0]


FORWARDED = {
    "host": "inside:1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "outside.example",
}


async def test_the_base_url_is_the_callers() -> None:
    """The Host header counts; without one the listener's own address."""
    assert await base_url({"host": "example.org:99"}) == "http://example.org:99"
    assert await base_url({}) == "http://127.0.0.1:4566"


async def test_forwarded_headers_count_only_when_trusted() -> None:
    """Whoever can send headers must not choose our address, unless it is our own proxy."""
    assert await base_url(FORWARDED) == "http://inside:1"
    assert await base_url(FORWARDED, trust_forwarded=True) == "https://outside.example"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1.5, "1970-01-01T00:00:01.500Z"),
        (1e9, "2001-09-09T01:46:40Z"),
    ],
)
def test_iso_timestamps(seconds: float, text: str) -> None:
    """Written and read again; milliseconds only where there are some."""
    assert timestamps.iso(seconds) == text
    assert timestamps.parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1000000000", 1e9),
        ("2001-09-09T01:46:40", 1e9),
        ("2001-09-09T03:46:40+02:00", 1e9),
        ("Sun, 09 Sep 2001 01:46:40 GMT", 1e9),
    ],
)
def test_timestamps_are_read_in_every_form(text: str, seconds: float) -> None:
    """Numbers, ISO 8601 with and without a zone, and HTTP dates."""
    assert timestamps.parse(text) == seconds


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "1" * 400, ""])
def test_what_is_no_timestamp(text: str) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError):
        timestamps.parse(text)
