"""`aws` makes boto3 clients of either endpoint; a test that takes it runs on both.

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

from stepwell.testing.server import ServerProcess

REGION = "eu-west-1"


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


@pytest.fixture(params=["stepwell", "moto"])
def aws(request: pytest.FixtureRequest, running_server: ServerProcess) -> Iterator[Aws]:
    """Stepwell, then moto. The server is shared by a module's tests: names must not collide."""
    if request.param == "stepwell":
        yield Aws(running_server.endpoint)
        return
    with mock_aws():
        yield Aws(None)


@pytest.fixture
def stepwell(running_server: ServerProcess) -> Aws:
    """Stepwell alone, for what the other one has not got at all."""
    return Aws(running_server.endpoint)
