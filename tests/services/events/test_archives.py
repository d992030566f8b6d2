"""Archives and replays."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.values import encode_text
from tests.services.events.world import ACCOUNT, DAY_MS, REGION, World

_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
_RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/"


async def _archive(world: World, **params: Any) -> str:
    made = await world.events(
        "CreateArchive", **{"ArchiveName": "a", "EventSourceArn": _BUS, **params}
    )
    return str(made["ArchiveArn"])


async def _put(world: World, *numbers: int) -> None:
    for number in numbers:
        detail = encode_text({"n": number})
        entry = {"Source": "shop", "DetailType": "d", "Detail": detail}
        await world.events("PutEvents", Entries=[entry])


async def _listen(world: World, *rules: str) -> None:
    arn = await world.queue("q")
    for rule in rules:
        await world.events("PutRule", Name=rule, EventPattern='{"source":["shop"]}')
        await world.events("PutTargets", Rule=rule, Targets=[{"Id": "q", "Arn": arn}])


async def _replay(world: World, arn: str, **other: Any) -> Any:
    now = world.clock.now() / 1000
    params = {
        "ReplayName": "r",
        "EventSourceArn": arn,
        "EventStartTime": now - 1_000_000,
        "EventEndTime": now + 1,
        "Destination": {"Arn": _BUS},
    }
    await world.events("StartReplay", **{**params, **other})
    await world.core.events.replaying.settle()
    return await world.events("DescribeReplay", ReplayName=other.get("ReplayName", "r"))


async def test_an_archive_keeps_what_its_pattern_wants(world: World) -> None:
    """Its count and its size are shown."""
    await _archive(world, EventPattern='{"detail":{"n":[{"numeric":[">",1]}]}}')
    await _put(world, 1, 2, 3)
    shown = await world.events("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 2
    assert shown["SizeBytes"] > 200


async def test_a_replay_sends_the_events_again(world: World) -> None:
    """In their order, with the replay's name, to rules that came later too; not to the archive."""
    arn = await _archive(world)
    await _put(world, *range(250))
    await _listen(world, "late")
    done = await _replay(world, arn)
    assert done["State"] == "COMPLETED"
    events = await world.bodies("q")
    assert [event["detail"]["n"] for event in events] == list(range(250))
    assert {event["replay-name"] for event in events} == {"r"}
    assert (await world.events("DescribeArchive", ArchiveName="a"))["EventCount"] == 250


async def test_a_replay_for_some_rules_and_some_time(world: World) -> None:
    """FilterArns and the times choose."""
    arn = await _archive(world)
    await _put(world, 1)
    await world.pass_time(DAY_MS)
    since = world.clock.now() / 1000
    await _put(world, 2)
    await _listen(world, "one", "two")
    destination = {"Arn": _BUS, "FilterArns": [f"{_RULE}two"]}
    await _replay(world, arn, Destination=destination, EventStartTime=since)
    assert [event["detail"]["n"] for event in await world.bodies("q")] == [2]


async def test_old_events_are_cleared(world: World) -> None:
    """After the retention, and with their archive."""
    await _archive(world, RetentionDays=2)
    await _put(world, 1)
    await world.pass_time(DAY_MS)
    await _put(world, 2)
    await world.pass_time(DAY_MS + 4_000_000)
    shown = await world.events("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 1
    await world.events("DeleteArchive", ArchiveName="a")
    await world.pass_time(4_000_000)
    assert not any(rows for table, rows in world.disk.tables.items() if table == "events_archived")
    with pytest.raises(ServiceError, match="Archive a does not exist"):
        await world.events("DescribeArchive", ArchiveName="a")


async def test_a_replay_can_be_cancelled_once(world: World) -> None:
    """One that is over can not."""
    arn = await _archive(world)
    await _replay(world, arn)
    with pytest.raises(ServiceError, match="not in a valid state"):
        await world.events("CancelReplay", ReplayName="r")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"EventSourceArn": _BUS.replace("event-bus/default", "archive/z")}, "Archive z does not"),
        ({"EventStartTime": 5.0, "EventEndTime": 5.0}, "must be before"),
        ({"EventStartTime": 1e299, "EventEndTime": 1e300}, "must be before"),
        ({"Destination": {"Arn": "arn:aws:sqs:a:1:q"}}, "Must contain an event bus ARN"),
        ({"Destination": {"Arn": f"{_BUS}2"}}, "Event bus default2 does not exist"),
    ],
)
async def test_replays_that_make_no_sense(world: World, params: Any, message: str) -> None:
    """They are refused."""
    arn = await _archive(world)
    with pytest.raises(ServiceError, match=message):
        await _replay(world, arn, **params)


async def test_an_entry_for_no_bus_takes_no_other_with_it(world: World) -> None:
    """The entry fails by itself, and the archive counts what it keeps."""
    await _archive(world)
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    entries = [entry, {**entry, "EventBusName": "arn:aws:sqs:eu-west-1:123456789012:q"}]
    answer = await world.events("PutEvents", Entries=entries)
    assert answer["FailedEntryCount"] == 1
    assert "EventId" in answer["Entries"][0]
    assert answer["Entries"][1]["ErrorCode"] == "ValidationException"
    shown = await world.events("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 1
    kept = [rows for table, rows in world.disk.tables.items() if table == "events_archived"]
    assert [len(rows) for rows in kept] == [1]


async def test_clearing_goes_on_after_a_round_that_broke(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks one round, the next one clears what is old."""
    await _archive(world, RetentionDays=1)
    await _put(world, 1)

    async def broken(archive: int, before: int | None) -> None:
        raise RecursionError

    with monkeypatch.context() as patched:
        patched.setattr(world.core.events.archiving, "_clear", broken)
        await world.pass_time(DAY_MS + 4_000_000)
    assert (await world.events("DescribeArchive", ArchiveName="a"))["EventCount"] == 1
    await world.pass_time(4_000_000)
    assert (await world.events("DescribeArchive", ArchiveName="a"))["EventCount"] == 0
