"""A crash at every commit: objects are whole, no bytes are left behind, queues know of each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.s3 import blobs, multipart
from stepwell.services.s3.records import CHUNK, OBJECT, PART, UPLOAD, VERSION
from stepwell.testing.simulation import Faults, Simulation
from stepwell.values import decode
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit, random_faults

QUEUE = "http://localhost:4566/000000000000/arrivals"
ARN = "arn:aws:sqs:us-east-1:000000000000:arrivals"
BUCKET = {"Bucket": "the-bucket"}


@dataclass
class Record:
    """What is left of a run."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    messages: list[tuple[str, str, str]] = field(default_factory=list)
    """(event, key, etag) of each notification."""
    chunks: set[int] = field(default_factory=set)
    referenced: set[int] = field(default_factory=set)
    versions: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts and chunks of a few bytes."""
    monkeypatch.setattr(blobs, "CHUNK_BYTES", 4)
    monkeypatch.setattr(multipart, "PART_BYTES_MIN", 1)


async def workload(simulation: Simulation, record: Record) -> None:
    """Put, put again, copy, upload in parts, tag, delete; then versions of one key."""
    await simulation.insist("CreateQueue", QueueName="arrivals")
    await simulation.insist("CreateBucket", **BUCKET)
    told = {"QueueArn": ARN, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    await simulation.insist(
        "PutBucketNotificationConfiguration",
        **BUCKET,
        NotificationConfiguration={"QueueConfigurations": [told]},
    )
    for key, body in (("a", b"first body"), ("a", b"second body of a"), ("b", b"x" * 9)):
        await simulation.insist("PutObject", **BUCKET, Key=key, Body=body)
    await simulation.insist("CopyObject", **BUCKET, Key="c", CopySource="the-bucket/a")
    await upload(simulation)
    await simulation.insist("DeleteObject", **BUCKET, Key="b")
    on = {"Status": "Enabled"}
    await simulation.insist("PutBucketVersioning", **BUCKET, VersioningConfiguration=on)
    for body in (b"one", b"two two"):
        await simulation.insist("PutObject", **BUCKET, Key="c", Body=body)
    await simulation.insist("DeleteObject", **BUCKET, Key="c")
    await look(simulation, record)


async def upload(simulation: Simulation) -> None:
    """An object of two parts, one of them sent twice; an upload that is given up."""
    for key in ("parts", "never"):
        place = {**BUCKET, "Key": key}
        begun = await simulation.insist("CreateMultipartUpload", **place)
        place["UploadId"] = begun["UploadId"]
        for number, body in ((1, b"wrong"), (1, b"part one "), (2, b"part two")):
            await simulation.insist("UploadPart", **place, PartNumber=number, Body=body)
        listed = await simulation.insist("ListParts", **place)
        parts = [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in listed["Parts"]]
        with suppress(ServiceError):  # carried out before a crash
            if key == "never":
                await simulation.insist("AbortMultipartUpload", **place)
            else:
                whole = {"Parts": parts}
                await simulation.insist("CompleteMultipartUpload", **place, MultipartUpload=whole)
    # What a crash made beginnings of that nobody knows.
    left = await simulation.insist("ListMultipartUploads", **BUCKET)
    for item in left["Uploads"]:
        with suppress(ServiceError):
            place = {**BUCKET, "Key": item["Key"], "UploadId": item["UploadId"]}
            await simulation.insist("AbortMultipartUpload", **place)


async def look(simulation: Simulation, record: Record) -> None:
    """Read everything there is."""
    listed = await simulation.insist("ListObjectsV2", **BUCKET)
    for item in listed["Contents"]:
        got = await simulation.insist("GetObject", **BUCKET, Key=item["Key"])
        record.bodies[item["Key"]] = got["Body"]
        record.etags[item["Key"]] = got["ETag"].strip('"')
    versions = await simulation.insist("ListObjectVersions", **BUCKET, Prefix="c")
    for item in versions["Versions"]:
        got = await simulation.insist("GetObject", **BUCKET, Key="c", VersionId=item["VersionId"])
        record.versions.append(got["Body"].decode())
    empty = 0
    while empty < 2:
        told = await simulation.insist("ReceiveMessage", QueueUrl=QUEUE, MaxNumberOfMessages=10)
        if not told.get("Messages"):
            empty += 1
            await simulation.sleep(40_000)  # A crash may have hidden some for half a minute.
            continue
        for message in told["Messages"]:
            record.messages.extend(_events(decode(message["Body"])))
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=handle)
    store = simulation.core.store
    record.chunks = {row.blob for row in await store.scan(CHUNK, limit=1_000)}
    for table in (OBJECT, VERSION):
        for row in await store.scan(table, limit=1_000):
            record.referenced |= {blob for blob, size in blobs.read_blobs(row.blobs) if size}
    record.referenced |= {row.blob for row in await store.scan(PART, limit=1_000)}
    assert await store.scan(UPLOAD, limit=1) == []


def _events(document: Any) -> list[tuple[str, str, str]]:
    return [
        (
            str(event["eventName"]),
            str(event["s3"]["object"]["key"]),
            str(event["s3"]["object"].get("eTag")),
        )
        for event in document.get("Records", [])
    ]


def check(record: Record) -> None:
    """What must hold after any crash."""
    assert record.bodies == {"a": b"second body of a", "parts": b"part one part two"}
    assert record.etags["a"] == hashlib.md5(b"second body of a").hexdigest()
    assert record.versions[0] == "two two"
    assert set(record.versions) == {"two two", "one", "second body of a"}
    assert record.chunks == record.referenced
    created = [event for event in record.messages if event[0].startswith("ObjectCreated")]
    for key, etag in record.etags.items():
        assert etag in [told for _, name, told in created if name == key]
    removed = {(event, key) for event, key, _ in record.messages if "Removed" in event}
    assert ("ObjectRemoved:Delete", "b") in removed
    assert ("ObjectRemoved:DeleteMarkerCreated", "c") in removed


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=11, faults=faults)
    await simulation.run(lambda each: workload(each, record))
    return record, simulation


def test_without_a_crash() -> None:
    """Each change is told exactly once."""
    record, _ = asyncio.run(play())
    check(record)
    assert len(record.messages) == len(set(record.messages)) == 9


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_a_crash_at_every_commit(where: str, block: int) -> None:
    """Objects are whole, their bytes are theirs alone, and messages tell of each."""
    _, simulation = asyncio.run(play())
    play_every_commit(where, block, simulation.commits, play, check)


@pytest.mark.parametrize("seed", range(12))
def test_many_crashes(seed: int) -> None:
    """The same after several, one after another."""
    record, _ = asyncio.run(play(random_faults(seed)))
    check(record)
