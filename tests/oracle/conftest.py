"""`aws` makes boto3 clients of either endpoint; a test that takes it runs on both.

The suites of ON_POSTGRES run on Stepwell twice: with SQLite and with PostgreSQL below.

Where moto is known not to do as AWS does, a test asks `aws.is_moto` and says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from stepwell.testing.postgres import PostgresServer, postgres_server
from stepwell.testing.server import ServerProcess

__all__ = ["postgres_server"]

REGION = "eu-west-1"

ON_POSTGRES = frozenset(
    {
        "test_dynamodb_edges",
        "test_dynamodb_items",
        "test_dynamodb_random",
        "test_dynamodb_statements",
        "test_dynamodb_tables",
        "test_events",
        "test_lambda",
        "test_logs",
        "test_s3",
        "test_secretsmanager",
        "test_sns",
    }
)
"""The suites that run on PostgreSQL too: those of services whose data is in rows of many shapes."""


@dataclass(frozen=True)
class Aws:
    """One of the two."""

    endpoint: str | None
    """None for moto."""

    @property
    def is_moto(self) -> bool:
        """Whether this is the other implementation."""
        return self.endpoint is None

    def __call__(self, service: str, region: str = REGION) -> Any:
        """A client."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                read_timeout=30,
            ),
        )


@pytest.fixture(scope="module")
def server_on_postgres(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A real server that keeps its rows in an empty PostgreSQL database, for a module's tests."""
    data = tmp_path_factory.mktemp("server") / "data"
    store = ("--store", postgres_server.database_url())
    with ServerProcess(data, arguments=store) as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Which endpoints a test runs on."""
    if "aws" in metafunc.fixturenames:
        name = metafunc.module.__name__.rpartition(".")[2]
        stores = ["stepwell", "postgresql"] if name in ON_POSTGRES else ["stepwell"]
        metafunc.parametrize("aws", [*stores, "moto"], indirect=True)


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    """Stepwell, then moto. The server is shared by a module's tests: names must not collide."""
    if request.param == "moto":
        with mock_aws():
            yield Aws(None)
        return
    name = "server_on_postgres" if request.param == "postgresql" else "running_server"
    yield Aws(request.getfixturevalue(name).endpoint)


@pytest.fixture
def stepwell(running_server: ServerProcess) -> Aws:
    """Stepwell alone, for what the other one has not got at all."""
    return Aws(running_server.endpoint)
