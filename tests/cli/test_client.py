"""The small client: where it looks, how it signs, and what it says when nobody answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from stepwell.cli.client import (
    ApiError,
    Client,
    Credentials,
    Unreachable,
    credentials_from,
    endpoint_from,
    region_from,
)
from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess, free_port

KEY, SECRET = "AKIASTEPWELLTEST", "a secret / with + signs"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that wants every request signed."""
    environment = {"STEPWELL_ACCESS_KEY_ID": KEY, "STEPWELL_SECRET_ACCESS_KEY": SECRET}
    data = tmp_path_factory.mktemp("guarded") / "data"
    with ServerProcess(data, environment=environment) as server:
        yield server


def test_a_signed_call_is_let_in(guarded: ServerProcess) -> None:
    """JSON calls and pages with a query are signed so that the server agrees."""
    client = Client(guarded.endpoint, "eu-west-1", Credentials(KEY, SECRET))
    assert client.call("ListStateMachines") == {"stateMachines": []}
    query = {"status": "all", "limit": "5", "stateMachineArn": "none & nothing/é"}
    with pytest.raises(ApiError, match="InvalidArn"):
        client.page("/_stepwell/tokens", query)


@pytest.mark.parametrize("path", ["/_stepwell/tokens", "/_stepwell/executions/explain"])
def test_pages_ask_for_credentials_too(guarded: ServerProcess, path: str) -> None:
    """A wrong key or a wrong secret is refused on our own pages as everywhere."""
    with pytest.raises(ApiError) as unknown:
        Client(guarded.endpoint, credentials=Credentials("test", "test")).page(path)
    assert unknown.value.code == "UnrecognizedClientException"
    with pytest.raises(ApiError) as wrong:
        Client(guarded.endpoint, credentials=Credentials(KEY, "other")).page(path)
    assert wrong.value.code == "InvalidSignatureException"


def test_commands_sign_with_what_the_environment_says(guarded: ServerProcess) -> None:
    """STEPWELL_ and AWS_ variables both open the door."""
    for prefix in ("STEPWELL", "AWS"):
        environment = {f"{prefix}_ACCESS_KEY_ID": KEY, f"{prefix}_SECRET_ACCESS_KEY": SECRET}
        told = ["executions", "--endpoint", guarded.endpoint]
        result = CliRunner().invoke(main, told, env=environment)
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("environment", "given", "endpoint"),
    [
        ({}, None, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://a"}, None, "http://a"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_SFN": "http://b"}, None, "http://b"),
        ({"AWS_ENDPOINT_URL_SFN": "http://b", "STEPWELL_ENDPOINT": "http://c"}, None, "http://c"),
        ({"STEPWELL_ENDPOINT": "http://c"}, "http://d", "http://d"),
    ],
)
def test_the_nearest_word_on_the_endpoint_counts(
    environment: dict[str, str], given: str | None, endpoint: str
) -> None:
    """Option, own variable, AWS's variables, default."""
    assert endpoint_from(environment, given) == endpoint


def test_regions_and_credentials_have_defaults() -> None:
    """Without anything said, us-east-1 and keys that an open server takes."""
    assert region_from({}, None) == "us-east-1"
    assert region_from({"AWS_DEFAULT_REGION": "a", "AWS_REGION": "b"}, None) == "b"
    assert credentials_from({}) == Credentials("test", "test")
    half = {"STEPWELL_ACCESS_KEY_ID": "k", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}
    assert credentials_from({**half, "AWS_SESSION_TOKEN": "t"}) == Credentials("a", "s", "t")


@pytest.mark.parametrize("endpoint", ["ftp://x", "nowhere", "http://", "http://x:port"])
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    """What is no http address is refused before anything is sent."""
    with pytest.raises(Unreachable, match="is no endpoint"):
        Client(endpoint)


def test_nobody_listens() -> None:
    """A server that is not there is one friendly line and exit status 1."""
    result = CliRunner().invoke(main, ["tokens", "--endpoint", f"http://127.0.0.1:{free_port()}"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Nothing listens at http://127.0.0.1:")
    assert "stepwell start" in result.stderr


def test_health_stays_open(guarded: ServerProcess, tmp_path: Path) -> None:
    """The health page needs no credentials."""
    assert guarded.healthy()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>", "answers, but not as Stepwell does"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer"),
        (b"", "does not answer"),
    ],
)
def test_somebody_else_listens(answer: bytes, said: str) -> None:
    """Another program at the port is told in one line, whatever it says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        other = threading.Thread(target=serve)
        other.start()
        with pytest.raises(Unreachable, match=said):
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}").page("/_stepwell/tokens")
        other.join()
