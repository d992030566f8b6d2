"""Amazon's own client library, pointed at a server."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from stepwell.testing.server import ServerProcess

REGION = "us-east-1"


def client(
    server: ServerProcess,
    service: str,
    *,
    key: str = "test",
    secret: str = "test",
    retries: int | None = None,
) -> Any:
    """A boto3 client in its default configuration; `retries` limits the repeated attempts.

    No `sync-` is put before the host name: this host has but one name.
    """
    config = Config(inject_host_prefix=False)
    if retries is not None:
        config = config.merge(Config(retries={"max_attempts": retries}))
    session = boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION
    )
    return session.client(service, endpoint_url=server.endpoint, config=config)
