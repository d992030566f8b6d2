"""With credentials configured every request is verified; without them only loopback is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from stepwell.gateway.settings import GatewaySettings, UnsafeListener, require_credentials
from tests.gateway.served import MACHINE, Fake, Served

KEY, SECRET = "123456789012", "the secret"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Served]:
    """A server that asks for credentials; its clock is the machine's."""
    with Served(Fake(), GatewaySettings(credentials={KEY: SECRET}), real_clock=True) as server:
        yield server


def client(server: Served, service: str, key: str = KEY, secret: str = SECRET, **more: Any) -> Any:
    """A client with these credentials."""
    return server.client(service, aws_access_key_id=key, aws_secret_access_key=secret, **more)


@pytest.mark.parametrize("service", ["sqs", "stepfunctions", "sts"])
def test_the_right_secret_passes(guarded: Served, service: str) -> None:
    """Signed requests of each protocol are served, in the key's account."""
    if service == "sqs":
        client(guarded, service).list_queues()
    elif service == "sts":
        assert client(guarded, service).get_caller_identity()["Account"] == KEY
    else:
        client(guarded, service).start_execution(stateMachineArn=MACHINE)


@pytest.mark.parametrize(
    ("service", "call", "status", "wrong_secret", "wrong_key"),
    [
        (
            "stepfunctions",
            lambda c: c.start_execution(stateMachineArn=MACHINE),
            400,
            "InvalidSignatureException",
            "UnrecognizedClientException",
        ),
        (
            "sqs",
            lambda c: c.list_queues(),
            403,
            "SignatureDoesNotMatch",
            "InvalidClientTokenId",
        ),
        (
            "sts",
            lambda c: c.get_caller_identity(),
            403,
            "SignatureDoesNotMatch",
            "InvalidClientTokenId",
        ),
    ],
)
def test_wrong_credentials_are_refused(
    guarded: Served, service: str, call: Any, status: int, wrong_secret: str, wrong_key: str
) -> None:
    """A wrong secret and an unknown key are refused with each protocol's code."""
    before = len(guarded.fake.asked)
    for key, secret, code in ((KEY, "wrong", wrong_secret), ("AKIDOTHER", SECRET, wrong_key)):
        with pytest.raises(ClientError) as caught:
            call(client(guarded, service, key, secret))
        response = caught.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert response["Error"]["Code"] == code
    assert len(guarded.fake.asked) == before


def test_no_signature_is_refused(guarded: Served) -> None:
    """An unsigned request does nothing."""
    request = Request(
        guarded.url, data=b"{}", headers={"X-Amz-Target": "AWSStepFunctions.StartExecution"}
    )
    with pytest.raises(HTTPError) as caught:
        urlopen(request, timeout=10)
    with caught.value as error:
        assert b"MissingAuthenticationTokenException" in error.read()


def test_the_account_is_the_verified_one(guarded: Served) -> None:
    """A second credential smuggled into the header does not change who calls."""
    smuggled = "999999999999/20260101/eu-west-9/sqs/aws4_request"

    def smuggle(request: Any, **_: Any) -> None:
        header = request.headers["Authorization"].replace(
            b"AWS4-HMAC-SHA256 ", f"AWS4-HMAC-SHA256 XCredential={smuggled}, ".encode()
        )
        request.headers["Authorization"] = header

    sqs = client(guarded, "sqs")
    sqs.meta.events.register("before-send.sqs", smuggle)
    sqs.list_queues()
    assert guarded.fake.asked[-1][1].scope == f"{KEY}:us-east-1"


def test_health_needs_no_signature(guarded: Served) -> None:
    """Whoever watches the server has no credentials."""
    with urlopen(guarded.url + "/_stepwell/health", timeout=10) as answer:
        assert answer.status == 200


def test_presigned_addresses_are_served(guarded: Served) -> None:
    """An address signed by an SDK works without headers."""
    sts = client(guarded, "sts")
    address = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urlopen(address, timeout=10) as answer:
        assert f"<Account>{KEY}</Account>".encode() in answer.read()


def test_temporary_credentials_are_served(guarded: Served) -> None:
    """What STS hands out signs requests in the role's account."""
    role = "arn:aws:iam::555555555555:role/deploy"
    made = client(guarded, "sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    token = {"aws_session_token": made["SessionToken"]}
    borrowed = client(guarded, "sqs", made["AccessKeyId"], made["SecretAccessKey"], **token)
    borrowed.list_queues()
    assert guarded.fake.asked[-1][1].account == "555555555555"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_loopback_needs_no_credentials(host: str) -> None:
    """On this machine alone nobody has to sign."""
    require_credentials(host, GatewaySettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_the_network_needs_credentials(host: str) -> None:
    """Beyond this machine the server refuses to listen without, and says what to do."""
    with pytest.raises(UnsafeListener, match="Configure an access key and its secret, or listen"):
        require_credentials(host, GatewaySettings())
    require_credentials(host, GatewaySettings(credentials={KEY: SECRET}))
