"""Signatures of requests to the object store: botocore signs, we verify."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from unittest import mock
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stepwell.errors import ServiceError
from stepwell.gateway.canonical import SignedRequest
from stepwell.gateway.content_signatures import Seed, check_content
from stepwell.gateway.sigv4 import Verifier, signing_key
from stepwell.gateway.temporary import TemporaryKeys

NOW = 1_790_000_000
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TEMPORARY = TemporaryKeys(b"root", lambda size: bytes(size))
PATHS = ("/b/k", "/b/a//b/../c", "/b/a%2Fb", "/b/%C3%BC%20%2B", "/b/")


@pytest.fixture(autouse=True)
def _botocore_clock() -> Iterator[None]:
    """botocore signs at NOW."""
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=moment),
        mock.patch("time.time", return_value=float(NOW)),
    ):
        yield


def verify(request: SignedRequest) -> tuple[str, str]:
    """Who signed it. Raises ServiceError."""
    return Verifier({KEY: SECRET}, TEMPORARY, lambda: NOW * 1000).verify(request, "s3")


def received(request: AWSRequest, body: bytes) -> SignedRequest:
    """A signed request as the gateway sees it."""
    address = urlsplit(request.url)
    headers = [(n.lower().encode(), str(v).encode()) for n, v in request.headers.items()]
    if "host" not in {name.lower() for name in request.headers}:
        headers.append((b"host", b"localhost:4566"))
    return SignedRequest(
        request.method, address.path, address.query.encode(), headers, body, address.path
    )


def in_header(path: str, body: bytes = b"hello") -> SignedRequest:
    """Signed in its headers, with the hash of the body."""
    request = AWSRequest("PUT", f"http://localhost:4566{path}", data=body)
    request.context["client_config"] = None
    request.context["payload_signing_enabled"] = True
    S3SigV4Auth(Credentials(KEY, SECRET), "s3", "eu-west-1").add_auth(request)
    return received(request, body)


@pytest.mark.parametrize("path", PATHS)
def test_headers(path: str) -> None:
    """Paths are covered as they are."""
    assert verify(in_header(path)) == (KEY, "eu-west-1")


def test_another_body_is_refused() -> None:
    """The hash in the header must be the body's."""
    good = in_header("/b/k")
    bad = SignedRequest(good.method, good.path, good.query, good.headers, b"other", good.path)
    with pytest.raises(ServiceError) as refused:
        verify(bad)
    assert refused.value.code == "XAmzContentSHA256Mismatch"


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_addresses(path: str, older: bool) -> None:
    """Presigned in either way; another path under the same signature is refused."""
    request = AWSRequest("GET", f"http://localhost:4566{path}?response-content-type=text/x")
    credentials = Credentials(KEY, SECRET)
    if older:
        HmacV1QueryAuth(credentials, expires=60).add_auth(request)
    else:
        S3SigV4QueryAuth(credentials, "s3", "eu-west-1", expires=60).add_auth(request)
    good = received(request, b"")
    assert verify(good) == (KEY, "" if older else "eu-west-1")
    bad = SignedRequest("GET", "/b/other", good.query, good.headers, b"", "/b/other")
    with pytest.raises(ServiceError) as refused:
        verify(bad)
    assert refused.value.code == "InvalidSignatureException"


# The example of AWS's page on uploads in several chunks.
EXAMPLE = Seed(
    signing_key(SECRET, "20130524", "us-east-1", "s3"),
    "20130524T000000Z",
    "20130524/us-east-1/s3/aws4_request",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
)
CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def chunked(letter: bytes = b"a") -> bytes:
    """The example's body."""
    return b"".join(
        b"%x;chunk-signature=%b\r\n%b\r\n" % (size, signature.encode(), letter * size)
        for size, signature in CHUNKS
    )


def test_chunks() -> None:
    """Each signature covers its chunk and the signature before it."""
    check_content(STREAMING, chunked(), EXAMPLE)
    with pytest.raises(ServiceError) as refused:
        check_content(STREAMING, chunked(b"b"), EXAMPLE)
    assert refused.value.code == "InvalidSignatureException"


@pytest.mark.parametrize("said", [None, "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_bodies_that_are_not_covered(said: str | None) -> None:
    """The caller chose so."""
    check_content(said, b"anything", EXAMPLE)


def test_what_is_no_hash_is_refused() -> None:
    """Nothing unknown passes."""
    with pytest.raises(ServiceError) as refused:
        check_content("SOMETHING", b"", EXAMPLE)
    assert refused.value.code == "InvalidArgument"
