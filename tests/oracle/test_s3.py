"""S3 through boto3, against Stepwell and against moto."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from awscrt import checksums
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.oracle.conftest import REGION, Aws

PART = 5 * 1024 * 1024
_NUMBERS: Iterator[int] = iter(range(1_000_000))


@pytest.fixture
def s3(aws: Aws) -> Any:
    """A client."""
    return aws("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """A bucket of the test's own."""
    name = f"bucket-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """Code and status of a refusal."""
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def keys(answer: dict[str, Any]) -> list[str]:
    """The keys that a listing shows."""
    return [item["Key"] for item in answer.get("Contents", [])]


def test_an_object_comes_back_as_it_went(s3: Any, bucket: str) -> None:
    """Bytes, type, metadata and headers are those of the put."""
    s3.put_object(
        Bucket=bucket,
        Key="a/b c+é.txt",
        Body=b"hello",
        ContentType="text/plain",
        Metadata={"Name": "value"},
        CacheControl="no-cache",
        ContentEncoding="gzip",
    )
    got = s3.get_object(Bucket=bucket, Key="a/b c+é.txt")
    assert got["Body"].read() == b"hello"
    assert got["ContentType"] == "text/plain"
    assert got["Metadata"] == {"name": "value"}
    assert (got["CacheControl"], got["ContentEncoding"]) == ("no-cache", "gzip")
    assert got["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert got["ContentLength"] == 5


def test_a_head_tells_the_length_without_the_bytes(s3: Any, bucket: str) -> None:
    """HeadObject has the object's length; of a missing key it has only the status."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 5
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="other")
    assert code_of(caught) == ("404", 404)


@pytest.mark.parametrize("key", ["a//b", "a/../b", "a%2Fb", "ä ö", "x/", "a?b#c", "~!*'()", "."])
def test_keys_are_what_they_are(s3: Any, bucket: str, key: str) -> None:
    """Nothing in a key is tidied up."""
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == [key]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("wanted", "body", "shown"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=5-100", b"56789", "bytes 5-9/10"),
    ],
)
def test_ranges(s3: Any, bucket: str, wanted: str, body: bytes, shown: str) -> None:
    """A range is a part of the object, with its place."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert got["Body"].read() == body
    assert got["ContentRange"] == shown
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_behind_the_end_is_refused(s3: Any, bucket: str) -> None:
    """416, not an empty answer."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-20")
    assert code_of(caught) == ("InvalidRange", 416)


def test_conditions_on_reads(s3: Any, bucket: str) -> None:
    """If-Match fails with 412, If-None-Match with 304."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["ETag"] == etag
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')
    assert code_of(caught) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert code_of(caught)[1] == 304
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == etag


def test_conditions_on_writes(aws: Aws, s3: Any, bucket: str) -> None:
    """If-None-Match: * writes only what is not there."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
    assert code_of(caught) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_listing_with_prefix_delimiter_and_pages(s3: Any, bucket: str) -> None:
    """Groups count as entries, pages go on where the last ended."""
    for key in ("a/1", "a/2", "b", "c/1", "c/d/2", "e"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    first = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert [group["Prefix"] for group in first["CommonPrefixes"]] == ["a/"]
    assert keys(first) == ["b"]
    assert (first["KeyCount"], first["IsTruncated"]) == (2, True)
    token = first["NextContinuationToken"]
    second = s3.list_objects_v2(Bucket=bucket, Delimiter="/", ContinuationToken=token)
    assert [group["Prefix"] for group in second["CommonPrefixes"]] == ["c/"]
    assert keys(second) == ["e"]
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix="c/")) == ["c/1", "c/d/2"]
    assert keys(s3.list_objects_v2(Bucket=bucket, StartAfter="b")) == ["c/1", "c/d/2", "e"]
    assert keys(s3.list_objects(Bucket=bucket, Marker="c/1")) == ["c/d/2", "e"]


def test_pages_of_many(s3: Any, bucket: str) -> None:
    """A paginator sees every key once, in order."""
    names = [f"{number:03d}" for number in range(37)]
    for name in reversed(names):
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 10}
    )
    assert [key for page in pages for key in keys(page)] == names


def test_a_copy_takes_or_replaces_metadata(s3: Any, bucket: str) -> None:
    """MetadataDirective decides."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"m": "1"}, ContentType="text/css")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    assert s3.head_object(Bucket=bucket, Key="b")["Metadata"] == {"m": "1"}
    assert s3.head_object(Bucket=bucket, Key="b")["ContentType"] == "text/css"
    s3.copy_object(
        Bucket=bucket,
        Key="c",
        CopySource=f"{bucket}/a",
        MetadataDirective="REPLACE",
        Metadata={"n": "2"},
    )
    assert s3.head_object(Bucket=bucket, Key="c")["Metadata"] == {"n": "2"}
    with pytest.raises(ClientError) as caught:
        s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a")
    assert code_of(caught) == ("InvalidRequest", 400)


def test_deleting_several_at_once(s3: Any, bucket: str) -> None:
    """What was not there counts as deleted."""
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    objects = [{"Key": key} for key in ("a", "b", "missing")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert sorted(item["Key"] for item in answer["Deleted"]) == ["a", "b", "missing"]
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["c"]


def test_an_upload_in_parts(s3: Any, bucket: str) -> None:
    """The parts become one object; its ETag says how many they were."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", Metadata={"m": "1"})["UploadId"]
    bodies = [b"a" * PART, b"b" * 10]
    parts = []
    for number, body in enumerate(bodies, 1):
        sent = s3.upload_part(
            Bucket=bucket, Key="big", PartNumber=number, UploadId=upload, Body=body
        )
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    listed = s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, PART), (2, 10)]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert got["Body"].read() == b"".join(bodies)
    assert got["Metadata"] == {"m": "1"}
    edge = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={PART - 2}-{PART + 1}")
    assert edge["Body"].read() == b"aabb"
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_parts_that_are_wrong(aws: Aws, s3: Any, bucket: str) -> None:
    """An unknown part, a wrong order, a small part: each has its code."""
    if aws.is_moto:
        pytest.skip("moto looks at sizes first, and forgets the upload when it refuses")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    place = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    etags = [s3.upload_part(**place, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)]

    def refusal(*parts: tuple[int, str]) -> str:
        whole = {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in parts]}
        with pytest.raises(ClientError) as caught:
            s3.complete_multipart_upload(**place, MultipartUpload=whole)
        return code_of(caught)[0]

    assert refusal((1, '"00000000000000000000000000000000"')) == "InvalidPart"
    assert refusal((2, etags[1]), (1, etags[0])) == "InvalidPartOrder"
    assert refusal((1, etags[0]), (2, etags[1])) == "EntityTooSmall"
    s3.abort_multipart_upload(**place)
    with pytest.raises(ClientError) as caught:
        s3.upload_part(**place, PartNumber=1, Body=b"x")
    assert code_of(caught) == ("NoSuchUpload", 404)


def test_the_transfer_manager(s3: Any, bucket: str) -> None:
    """upload_fileobj and download_fileobj, in parts and threads."""
    body = bytes(range(256)) * (12 * 1024 * 4)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=3)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == body


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_kept_and_given_back(aws: Aws, s3: Any, bucket: str, name: str) -> None:
    """Each algorithm's checksum is what it should be."""
    body = b"some bytes"
    digests: dict[str, Callable[[], bytes]] = {
        "CRC32": lambda: checksums.crc32(body).to_bytes(4),
        "CRC32C": lambda: checksums.crc32c(body).to_bytes(4),
        "CRC64NVME": lambda: checksums.crc64nvme(body).to_bytes(8),
        "SHA1": lambda: hashlib.sha1(body).digest(),
        "SHA256": lambda: hashlib.sha256(body).digest(),
    }
    expected = digests[name]()
    s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=name)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{name}"] == base64.b64encode(expected).decode()
    assert got["Body"].read() == body


def test_a_wrong_checksum_is_refused(aws: Aws, s3: Any, bucket: str) -> None:
    """Nothing is stored of a body that is not what its checksum says."""
    if aws.is_moto:
        pytest.skip("moto verifies no checksums")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumSHA256="A" * 43 + "=")
    assert code_of(caught) == ("BadDigest", 400)
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_tags_of_buckets_and_objects(s3: Any, bucket: str) -> None:
    """Put, shown, deleted."""
    tags = [{"Key": "a", "Value": "1"}]
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_tagging(Bucket=bucket)
    assert code_of(caught) == ("NoSuchTagSet", 404)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="b=2")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "b", "Value": "2"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 1
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_versions(s3: Any, bucket: str) -> None:
    """Every put is a version, a delete is a marker, deleting the marker brings the object back."""
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=bucket, Key="k", Body=b)["VersionId"] for b in (b"1", b"2")]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    first = s3.get_object(Bucket=bucket, Key="k", VersionId=ids[0])
    assert first["Body"].read() == b"1"
    old = s3.get_object(Bucket=bucket, Key="k", VersionId="null")
    assert old["Body"].read() == b"0"
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert gone["DeleteMarker"] is True
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    assert code_of(caught) == ("NoSuchKey", 404)
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []
    listed = s3.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in listed["Versions"]] == [ids[1], ids[0], "null"]
    assert [m["IsLatest"] for m in listed["DeleteMarkers"]] == [True]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=gone["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[1])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_suspended_versioning(aws: Aws, s3: Any, bucket: str) -> None:
    """While suspended there is one null version, beside those from before."""
    if aws.is_moto:
        pytest.skip("moto forgets the versions from before")
    on, off = ({"Status": status} for status in ("Enabled", "Suspended"))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=on)
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=off)
    for body in (b"2", b"3"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert sorted(version["VersionId"] for version in listed) == sorted(["null", kept])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=kept)["Body"].read() == b"1"


def test_pages_of_versions(s3: Any, bucket: str) -> None:
    """A paginator sees every version once."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made = {
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"]
        for key in ("a", "b", "c")
        for _ in range(3)
    }
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )
    seen = [version["VersionId"] for page in pages for version in page.get("Versions", [])]
    assert len(seen) == 9
    assert set(seen) == made


def test_a_bucket_with_versions_is_emptied_at_once(s3: Any, bucket: str) -> None:
    """DeleteObjects takes all versions and markers of a key."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b", "a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="a")
    listed = s3.list_object_versions(Bucket=bucket)
    items = [*listed["Versions"], *listed["DeleteMarkers"]]
    objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert len(answer["Deleted"]) == 5
    assert "Errors" not in answer
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


def test_what_is_configured_is_shown(s3: Any, bucket: str) -> None:
    """Policy, CORS, lifecycle, encryption come back as they went."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy(Bucket=bucket)
    assert code_of(caught) == ("NoSuchBucketPolicy", 404)
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert code_of(caught) == ("NoSuchLifecycleConfiguration", 404)
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION


def test_buckets_come_and_go(s3: Any, bucket: str) -> None:
    """A bucket with objects stays; an empty one can be deleted."""
    assert bucket in [item["Name"] for item in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket=bucket)
    assert code_of(caught) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket=bucket)
    assert code_of(caught) == ("404", 404)
    with pytest.raises(ClientError) as caught:
        s3.list_objects_v2(Bucket=bucket)
    assert code_of(caught) == ("NoSuchBucket", 404)


def test_a_bucket_is_made_once(aws: Aws, s3: Any, bucket: str) -> None:
    """Again in a region that is not the oldest is refused."""
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert code_of(caught) == ("BucketAlreadyOwnedByYou", 409)
    if aws.is_moto:  # It takes any name.
        return
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(
            Bucket="Not_A_Name", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    assert code_of(caught) == ("InvalidBucketName", 400)


def test_presigned_addresses(aws: Aws, s3: Any, bucket: str) -> None:
    """Anyone who has the address may get or put, until it expires."""
    if aws.is_moto:
        pytest.skip("moto is not on the network here")
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    request = urllib.request.Request(put, data=b"from afar", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    with urllib.request.urlopen(get) as answer:
        assert answer.read() == b"from afar"
    old = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=-5
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(old)
    assert caught.value.code == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired" in caught.value.read()
    caught.value.close()
