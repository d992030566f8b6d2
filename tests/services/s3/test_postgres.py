"""What depends on the store's order and bytes, on a real PostgreSQL."""

from __future__ import annotations

from typing import Any

from stepwell.engine.limits import Limits
from stepwell.server import Core
from stepwell.services.api import Call
from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.postgres import PostgresStore
from stepwell.testing.postgres import postgres_server, postgres_url
from stepwell.testing.virtual import SeededIds, VirtualClock

__all__ = ["postgres_server", "postgres_url"]

LARGE = 600_000


async def test_listings_versions_and_ranges(postgres_url: str) -> None:
    """Keys are in the order of their characters, bytes are what they were."""
    store = PostgresStore(postgres_url, declared_tables())
    clock = VirtualClock()
    core = Core(store, clock=clock, ids=SeededIds(1), alarm=clock, limits=Limits())
    await store.open()
    await core.load()
    operations = next(each for each in core.services() if each.name == "s3").operations

    async def s3(operation: str, **params: Any) -> Any:
        call = Call("000000000000", "us-east-1", "request", "http://localhost:4566")
        return await operations[operation](call, {"Bucket": "the-bucket", **params})

    try:
        await s3("CreateBucket")
        for key in ("a/1", "a/2", "ü/é", "b", "\U0001f600"):
            await s3("PutObject", Key=key, Body=b"x" * LARGE)
        await s3("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
        await s3("PutObject", Key="b", Body=b"\x00\xff")
        await s3("DeleteObject", Key="a/1")
        listed = await s3("ListObjectsV2", Delimiter="/")
        assert [item["Key"] for item in listed["Contents"]] == ["b", "\U0001f600"]
        assert listed["CommonPrefixes"] == [{"Prefix": "a/"}, {"Prefix": "ü/"}]
        inside = await s3("ListObjectsV2", Prefix="ü/")
        assert [item["Key"] for item in inside["Contents"]] == ["ü/é"]
        assert len((await s3("ListObjectVersions"))["Versions"]) == 6
        assert (await s3("GetObject", Key="b"))["Body"] == b"\x00\xff"
        older = await s3("GetObject", Key="b", VersionId="null")
        assert older["Body"] == b"x" * LARGE
        part = await s3("GetObject", Key="a/2", Range="bytes=262140-262150")
        assert part["Body"] == b"x" * 11
    finally:
        await core.close()
        await store.close()
