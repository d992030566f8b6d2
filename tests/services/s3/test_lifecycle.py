"""Lifecycle rules: what ends, when, and what must stay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.services.s3.world import World

DAY = 86_400


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A bucket at noon of some day."""
    world = World()
    async with world:
        now = world.clock.now()
        await world.until(now - now % (DAY * 1000) + DAY * 1000 + DAY * 500)
        yield world


async def _rules(world: World, *rules: dict[str, Any]) -> None:
    given = [{"ID": f"rule{n}", "Status": "Enabled", **rule} for n, rule in enumerate(rules)]
    given = [rule if "Filter" in rule else {**rule, "Prefix": ""} for rule in given]
    await world.s3("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": given})


async def _keys(world: World) -> list[str]:
    answer = await world.s3("ListObjectsV2")
    return [item["Key"] for item in answer.get("Contents", [])]


async def _versions(world: World) -> list[tuple[str, str]]:
    answer = await world.s3("ListObjectVersions")
    kept = [("version", one["Key"]) for one in answer.get("Versions", [])]
    return kept + [("marker", one["Key"]) for one in answer.get("DeleteMarkers", [])]


async def test_objects_end_at_the_midnight_after_their_days(world: World) -> None:
    """Made at noon with two days: there until the third midnight, gone an hour later."""
    await _rules(world, {"Expiration": {"Days": 2}})
    await world.put("it")
    await world.days(2.4)
    assert await _keys(world) == ["it"]
    await world.days(0.2)
    assert await _keys(world) == []


async def test_rules_are_about_what_their_filter_names(world: World) -> None:
    """Prefix, tags and sizes, alone and together; disabled rules are about nothing."""
    both = {"And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "no"}]}}
    sized = {"And": {"ObjectSizeGreaterThan": 2, "ObjectSizeLessThan": 5}}
    await _rules(
        world,
        {"Filter": both, "Expiration": {"Days": 1}},
        {"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
        {"Filter": sized, "Expiration": {"Days": 1}},
        {"Filter": {}, "Status": "Disabled", "Expiration": {"Days": 1}},
    )
    await world.put("logs/a", Tagging="keep=no&x=y")
    await world.put("logs/b", Tagging="keep=yes")
    await world.put("tmp/a")
    await world.put("two", b"12")
    await world.put("three", b"123")
    await world.put("five", b"12345")
    await world.days(3)
    assert await _keys(world) == ["five", "logs/b", "two"]


async def test_an_object_written_again_begins_anew(world: World) -> None:
    """The days count from the newest version."""
    await _rules(world, {"Expiration": {"Days": 2}})
    await world.put("it")
    await world.days(2)
    await world.put("it")
    await world.days(2)
    assert await _keys(world) == ["it"]


async def test_answers_tell_the_end(world: World) -> None:
    """The header names the earliest end and its rule; without a rule there is none."""
    assert "Expiration" not in await world.put("it")
    await _rules(world, {"Expiration": {"Days": 9}}, {"Expiration": {"Days": 1}})
    told = (await world.put("it"))["Expiration"]
    assert told.endswith(' 00:00:00 GMT", rule-id="rule1"')
    assert told.startswith('expiry-date="')
    assert (await world.s3("HeadObject", Key="it"))["Expiration"] == told


async def test_with_versions_a_marker_comes_first(world: World) -> None:
    """The newest version gets a marker; older ones end by their own rule, then the marker."""
    await world.s3("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    await _rules(
        world,
        {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 2}},
    )
    await world.put("it")
    await world.days(1.6)
    assert await _versions(world) == [("version", "it"), ("marker", "it")]
    await world.days(4)
    assert await _versions(world) == []


async def test_newer_versions_that_are_kept_stay(world: World) -> None:
    """Two noncurrent versions stay whatever their age, and the newest one does."""
    await world.s3("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    rule = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    await _rules(world, {"NoncurrentVersionExpiration": rule})
    for _ in range(5):
        await world.put("it")
    await world.days(5)
    assert await _versions(world) == [("version", "it")] * 3


async def test_only_a_marker_with_nothing_below_it_is_alone(world: World) -> None:
    """ExpiredObjectDeleteMarker leaves markers that still hide something."""
    await world.s3("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    await _rules(world, {"Expiration": {"ExpiredObjectDeleteMarker": True}})
    await world.put("hidden")
    await world.s3("DeleteObject", Key="hidden")
    await world.s3("DeleteObject", Key="alone")
    await world.days(1)
    assert await _versions(world) == [("version", "hidden"), ("marker", "hidden")]


async def test_uploads_that_nobody_finishes_end(world: World) -> None:
    """Days count from the beginning of the upload."""
    await _rules(world, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    await world.s3("CreateMultipartUpload", Key="it")
    await world.days(1)
    assert len((await world.s3("ListMultipartUploads"))["Uploads"]) == 1
    await world.days(1)
    assert not (await world.s3("ListMultipartUploads")).get("Uploads")


async def test_whoever_wants_to_know_is_told(world: World) -> None:
    """The notification names the lifecycle."""
    queue = await world.queue("told")
    entry = {"QueueArn": queue, "Events": ["s3:LifecycleExpiration:*"]}
    await world.s3(
        "PutBucketNotificationConfiguration",
        NotificationConfiguration={"QueueConfigurations": [entry]},
        SkipDestinationValidation=True,
    )
    await _rules(world, {"Expiration": {"Days": 1}})
    await world.put("it")
    await world.days(2)
    [message] = [one for one in await world.messages("told") if "Records" in one]
    assert message["Records"][0]["eventName"] == "LifecycleExpiration:Delete"
    assert message["Records"][0]["s3"]["object"]["key"] == "it"


async def test_what_became_due_while_the_server_was_down_ends_after_the_start() -> None:
    """Rules are on disk, and so are times."""
    world = World()
    async with world:
        await _rules(world, {"Expiration": {"Days": 1}})
        await world.put("it")
    world.clock.advance(world.clock.now() + 3 * DAY * 1000)
    async with world.again() as later:
        await later.days(0.01)
        assert await _keys(later) == []


DATE = 1_700_000_001


@pytest.mark.parametrize(
    ("rule", "code", "text"),
    [
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        (
            {"Expiration": {"Days": 0}},
            "InvalidArgument",
            "'Days' for Expiration action must be a positive integer",
        ),
        ({"Expiration": {"Days": 1, "Date": 0}}, "MalformedXML", ""),
        (
            {"Expiration": {"Date": DATE}},
            "InvalidArgument",
            "'Date' must be at midnight GMT",
        ),
        ({"Expiration": {"Days": 1}, "Status": "On"}, "MalformedXML", ""),
        ({"Expiration": {"Days": 1}, "Filter": {"And": {"Prefix": "x"}}}, "MalformedXML", ""),
        ({"NoncurrentVersionExpiration": {"NewerNoncurrentVersions": 1}}, "MalformedXML", ""),
    ],
)
async def test_rules_that_s3_refuses(
    world: World, rule: dict[str, Any], code: str, text: str
) -> None:
    """Each with S3's code, and nothing is kept."""
    with pytest.raises(ServiceError) as caught:
        await _rules(world, rule)
    assert caught.value.code == code
    assert text in caught.value.message
    with pytest.raises(ServiceError, match="lifecycle configuration does not exist"):
        await world.s3("GetBucketLifecycleConfiguration")


async def test_two_rules_with_one_id_are_refused(world: World) -> None:
    """S3 names the reason."""
    rule = {"ID": "same", "Expiration": {"Days": 1}}
    with pytest.raises(ServiceError, match="Rule ID must be unique"):
        await _rules(world, rule, rule)
