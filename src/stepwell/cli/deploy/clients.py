"""boto3's clients of one server, and the bucket that files are sent to.

boto3 is there because the SAM transform needs it; it is loaded when a command runs, not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from stepwell.cli.client import Credentials

BUCKET = "stepwell-deploy-{account}-{region}"
ANSWER_SECONDS = 70
FIRST_ANSWER_SECONDS = 15
OFFLINE_ACCOUNT = "000000000000"


def bucket_name(account: str, region: str) -> str:
    """The bucket of an account and region."""
    return BUCKET.format(account=account, region=region)


class Clients:
    """Clients are made when they are first used."""

    def __init__(self, endpoint: str, region: str, credentials: Credentials) -> None:
        import boto3

        self.endpoint = endpoint
        self.region = region
        self._session = boto3.Session(
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.session_token or None,
            region_name=region,
        )

    def client(
        self, service: str, *, attempts: int = 3, answer_seconds: int = ANSWER_SECONDS
    ) -> Any:
        """A client that does not retry for long: the server is near."""
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=answer_seconds,
        )
        return self._session.client(service, endpoint_url=self.endpoint, config=config)

    @cached_property
    def cloudformation(self) -> Any:
        """Stacks."""
        return self.client("cloudformation")

    @cached_property
    def s3(self) -> Any:
        """Buckets."""
        return self.client("s3")

    @cached_property
    def account(self) -> str:
        """Whose stacks these are. It is asked first: a server that is none shows here, soon."""
        sts = self.client("sts", attempts=1, answer_seconds=FIRST_ANSWER_SECONDS)
        return str(sts.get_caller_identity()["Account"])

    @property
    def bucket(self) -> str:
        """Where files are sent to."""
        return bucket_name(self.account, self.region)

    def send(self, uploads: Mapping[str, bytes]) -> int:
        """Put those that are not there yet; how many were. The bucket is made when needed."""
        if not uploads:
            return 0
        self._ensure_bucket()
        missing = [key for key in uploads if not self._is_there(key)]
        for key in missing:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=uploads[key])
        return len(missing)

    def keep_template(self, stack: str, text: str) -> str:
        """Put a template; its key."""
        data = text.encode()
        key = f"{stack}/{hashlib.sha256(data).hexdigest()[:32]}.template.json"
        self.send({key: data})
        return key

    def forget(self, stack: str) -> None:
        """Delete what was sent for a stack, and the bucket if that was all."""
        error = self.s3.exceptions.ClientError
        try:
            pages = self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=f"{stack}/"
            )
            for page in pages:
                for one in page.get("Contents", []):
                    self.s3.delete_object(Bucket=self.bucket, Key=one["Key"])
            self.s3.delete_bucket(Bucket=self.bucket)
        except error as refused:
            if refused.response["Error"]["Code"] not in ("NoSuchBucket", "BucketNotEmpty"):
                raise

    def _ensure_bucket(self) -> None:
        place = (
            {}
            if self.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        )
        error = self.s3.exceptions.ClientError
        try:
            self.s3.create_bucket(Bucket=self.bucket, **place)
        except error as refused:
            if refused.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    def _is_there(self, key: str) -> bool:
        error = self.s3.exceptions.ClientError
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
        except error as refused:
            if refused.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            return False
        return True
