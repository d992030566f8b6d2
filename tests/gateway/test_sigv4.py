"""Signatures: botocore signs, we verify; and everything that is not right is refused."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from unittest import mock
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from stepwell.errors import ServiceError
from stepwell.gateway.canonical import SignedRequest
from stepwell.gateway.sigv4 import Verifier
from stepwell.gateway.temporary import TemporaryKeys

NOW = 1_790_000_000
NOW_STAMP = "20260921T141320Z"
KEYS = {"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
BODY = b'{"a":1}'
TEXT = st.characters(codec="utf-8", exclude_characters="?#\\", min_codepoint=33)
TEMPORARY = TemporaryKeys(b"root", lambda size: bytes(size))


@pytest.fixture(autouse=True)
def _botocore_clock() -> Iterator[None]:
    """botocore signs at NOW."""
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        yield


def verify(request: SignedRequest, *, service: str = "states", now: int = NOW) -> None:
    """Verifies at that time."""
    Verifier(KEYS, TEMPORARY, lambda: now * 1000).verify(request, service)


def signed(
    url: str = "http://localhost:4566/",
    *,
    key: str = "AKIDEXAMPLE",
    secret: str = KEYS["AKIDEXAMPLE"],
    token: str | None = None,
    service: str = "states",
    body: bytes = BODY,
    headers: dict[str, str] | None = None,
) -> SignedRequest:
    """A request whose Authorization header botocore made."""
    request = AWSRequest("POST", url, data=body, headers=headers or {})
    request.headers["Host"] = "localhost:4566"
    request.headers["Content-Type"] = "application/x-amz-json-1.0"
    SigV4Auth(Credentials(key, secret, token), service, "eu-west-1").add_auth(request)
    return as_received(request, body)


def presigned(*, expires: int = 60, token: str | None = None) -> SignedRequest:
    """A GET whose address botocore signed."""
    request = AWSRequest("GET", "http://localhost:4566/", params={"Action": "X", "b c": "d/é~*"})
    credentials = Credentials("AKIDEXAMPLE", KEYS["AKIDEXAMPLE"], token)
    SigV4QueryAuth(credentials, "states", "eu-west-1", expires=expires).add_auth(request)
    request.headers["Host"] = "localhost:4566"
    return as_received(request, b"")


def as_received(request: AWSRequest, body: bytes) -> SignedRequest:
    """The request as the server sees it."""
    prepared = request.prepare()
    path, _, query = prepared.url.removeprefix("http://localhost:4566").partition("?")
    headers = [
        (name.lower().encode(), value if isinstance(value, bytes) else str(value).encode())
        for name, value in prepared.headers.items()
    ]
    return SignedRequest(prepared.method, path or "/", query.encode(), headers, body)


def changed(request: SignedRequest, **changes: object) -> SignedRequest:
    """The request with something else in it."""
    fields = {name: getattr(request, name) for name in SignedRequest.__slots__}
    return SignedRequest(**{**fields, **changes})


def with_header(request: SignedRequest, name: bytes, value: bytes) -> SignedRequest:
    """The request with another value of a header."""
    kept = [pair for pair in request.headers if pair[0] != name]
    return changed(request, headers=[*kept, (name, value)])


def refusal(request: SignedRequest, *, service: str = "states", now: int = NOW) -> ServiceError:
    """Why the request is refused."""
    with pytest.raises(ServiceError) as caught:
        verify(request, service=service, now=now)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:4566/",
        "http://localhost:4566/000000000000/my-queue",
        "http://localhost:4566/a%20b/%C3%A9/./c//d/../e/",
        "http://localhost:4566/?b=2&a=1&a=0&empty=&x%20y=%2F~",
    ],
)
def test_what_botocore_signs_is_accepted(url: str) -> None:
    """Header signatures verify for every form of path and query."""
    verify(signed(url))


@given(
    path=st.text(
        st.characters(codec="utf-8", exclude_characters="?#\\", min_codepoint=33), max_size=20
    ),
    value=st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=20),
    body=st.binary(max_size=40),
)
def test_any_path_header_and_body(path: str, value: str, body: bytes) -> None:
    """Whatever botocore can sign, we verify."""
    plain = value.encode("ascii", "ignore").decode().replace("\x7f", "")
    verify(
        signed(
            f"http://localhost:4566/{quote(path, safe='/')}?v={quote(value, safe='~')}",
            body=body,
            headers={"X-Amz-Meta-Test": f"  {plain}   b "},
        )
    )


def test_presigned_addresses_are_accepted() -> None:
    """The query form verifies until it expires, longer than a header's would."""
    verify(presigned())
    verify(presigned(expires=3600), now=NOW + 3600)


def test_a_changed_request_is_refused() -> None:
    """Body, path, query, method, host and signature are all covered."""
    good = signed()
    wrong = [
        changed(good, body=b'{"a":2}'),
        changed(good, path="/x"),
        changed(good, query=b"a=1"),
        changed(good, method="PUT"),
        with_header(good, b"host", b"elsewhere"),
        with_header(good, b"content-type", b"text/plain"),
        signed(secret="not the secret"),
        changed(presigned(), query=presigned().query.replace(b"Action=X", b"Action=Y")),
    ]
    for request in wrong:
        error = refusal(request)
        assert error.code == "InvalidSignatureException"
        assert error.message.startswith(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
        assert KEYS["AKIDEXAMPLE"] not in error.message


def test_unsigned_requests_are_refused() -> None:
    """No signature at all is a missing token."""
    error = refusal(SignedRequest("POST", "/", b"", [(b"host", b"x")], b""))
    assert (error.code, error.message) == (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


def test_unknown_access_keys_are_refused() -> None:
    """A key that nobody configured is an invalid token."""
    error = refusal(signed(key="AKIDOTHER"))
    assert (error.code, error.message) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_the_clock_may_be_five_minutes_off() -> None:
    """Earlier and later by five minutes pass; a second more says both times."""
    verify(signed(), now=NOW + 300)
    verify(signed(), now=NOW - 300)
    assert refusal(signed(), now=NOW + 301).message == (
        f"Signature expired: {NOW_STAMP} is now earlier than 20260921T141321Z "
        "(20260921T141821Z - 5 min.)"
    )
    assert refusal(signed(), now=NOW - 301).message == (
        f"Signature not yet current: {NOW_STAMP} is still later than 20260921T141319Z "
        "(20260921T140819Z + 5 min.)"
    )


def test_presigned_addresses_expire() -> None:
    """After its own time an address is refused, and a week is the longest."""
    assert "Signature expired" in refusal(presigned(expires=60), now=NOW + 61).message
    assert "must be less than a week" in refusal(presigned(expires=604801)).message


def test_a_signature_counts_for_its_service() -> None:
    """A signature made for another service is refused by the service's name."""
    error = refusal(signed(service="sqs"))
    assert error.message == "Credential should be scoped to correct service: 'states'. "


@pytest.mark.parametrize(
    ("authorization", "text"),
    [
        (b"Basic abc", "Unsupported AWS 'algorithm': 'Basic'."),
        (b"AWS4-HMAC-SHA256", "requires 'Credential' parameter."),
        (b"AWS4-HMAC-SHA256 Credential=a, Signature=b", "requires 'SignedHeaders' parameter."),
        (
            b"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=b",
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (b"AWS4-HMAC-SHA256 =,=,,a=\xff", "requires 'Signature' parameter."),
    ],
)
def test_broken_headers_are_incomplete_signatures(authorization: bytes, text: str) -> None:
    """What cannot be read is told part by part."""
    error = refusal(with_header(signed(), b"authorization", authorization))
    assert error.code == "IncompleteSignatureException"
    assert text in error.message


def test_a_header_that_must_be_signed() -> None:
    """A signature that leaves the host out is refused."""
    good = signed()
    header = dict(good.headers)[b"authorization"].replace(b"content-type;host;", b"content-type;")
    assert (
        "must be a 'SignedHeader'" in refusal(with_header(good, b"authorization", header)).message
    )


def test_dates_must_agree_and_be_dates() -> None:
    """A date that is none, or another than the scope's, is refused."""
    good = signed()
    other_day = with_header(good, b"x-amz-date", b"20260920T141320Z")
    assert "Date in Credential scope does not match" in refusal(other_day).message
    no_date = with_header(good, b"x-amz-date", b"20260921Tnonsense")
    assert refusal(no_date).code == "IncompleteSignatureException"


def test_a_date_header_is_a_date() -> None:
    """The older header counts when the newer one is missing, and must be readable."""
    good = signed()
    bare = changed(good, headers=[pair for pair in good.headers if pair[0] != b"x-amz-date"])
    assert "existence of either a 'X-Amz-Date' or a 'Date' header" in refusal(bare).message
    dated = with_header(bare, b"date", b"Mon, 21 Sep 2026 14:13:20 GMT")
    assert refusal(dated).code == "InvalidSignatureException"
    assert refusal(with_header(bare, b"date", b"today")).code == "IncompleteSignatureException"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (b"X-Amz-Expires=60", b"X-Amz-Expires=soon", "X-Amz-Expires should be a number"),
        (b"X-Amz-Expires=60", b"X-Amz-Expires=", "must include X-Amz-Expires"),
        (b"AWS4-HMAC-SHA256", b"AWS4-ECDSA", "Unsupported AWS 'algorithm': 'AWS4-ECDSA'."),
    ],
)
def test_broken_presigned_addresses(before: bytes, after: bytes, text: str) -> None:
    """What is wrong with a presigned address is named."""
    request = presigned()
    error = refusal(changed(request, query=request.query.replace(before, after)))
    assert error.code == "IncompleteSignatureException"
    assert text in error.message


def test_temporary_credentials_verify_until_their_end() -> None:
    """Keys that STS handed out count with their token, and only until it ends."""
    made = TEMPORARY.issue("123456789012", NOW + 100)
    request = signed(
        key=made.access_key_id, secret=made.secret_access_key, token=made.session_token
    )
    verify(request)
    error = refusal(request, now=NOW + 100)
    assert (error.code, error.message) == (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )


@pytest.mark.parametrize("token", [None, "bm9uc2Vuc2U=", "***", ""])
def test_a_forged_token_is_refused(token: str | None) -> None:
    """The right secret without the right token is not enough."""
    made = TEMPORARY.issue("123456789012", NOW + 100)
    request = signed(key=made.access_key_id, secret=made.secret_access_key, token=token)
    assert refusal(request).code == "UnrecognizedClientException"
