"""What was acknowledged is there after a restart; what failed never happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.runtime.programs import ENTRIES_MAX, Programs
from stepwell.runtime.records import RevisionRow
from tests.services.states.fakes import ARN, PASS, World

OTHER = PASS.replace('"A"', '"B"')


async def restarted(world: World) -> World:
    """The service again, on what is on disk now."""
    return await World(world.store.disk.copy()).open()


async def everything(world: World) -> dict[str, Any]:
    """What the reading operations answer."""
    machine = ARN + "m"
    return {
        "machine": await world.call("DescribeStateMachine", stateMachineArn=machine),
        "versions": await world.call("ListStateMachineVersions", stateMachineArn=machine),
        "alias": await world.call(
            "DescribeStateMachineAlias", stateMachineAliasArn=machine + ":prod"
        ),
        "activities": await world.call("ListActivities"),
        "tags": await world.call("ListTagsForResource", resourceArn=machine),
    }


async def test_a_restart_changes_nothing() -> None:
    """Machines, revisions, versions, aliases, activities and tags come back."""
    world = await World().open()
    await world.machine("m", publish=True, tags=[{"key": "b", "value": ""}])
    await world.call("TagResource", resourceArn=ARN + "m", tags=[{"key": "a", "value": "1"}])
    await world.call("UpdateStateMachine", stateMachineArn=ARN + "m", definition=OTHER)
    await world.call(
        "CreateStateMachineAlias",
        name="prod",
        description="d",
        routingConfiguration=[{"stateMachineVersionArn": ARN + "m:1", "weight": 100}],
    )
    await world.call("CreateActivity", name="a")
    assert await everything(await restarted(world)) == await everything(world)


async def test_a_restart_takes_up_deletions() -> None:
    """A machine that was DELETING still is, and the runtime is told again."""
    world = await World().open()
    arn = await world.machine("m")
    await world.call("StartExecution", stateMachineArn=arn, name="e")
    await world.call("DeleteStateMachine", stateMachineArn=arn)
    again = await restarted(world)
    assert again.executions.told == [("delete", 1)]
    assert (await again.call("DescribeStateMachine", stateMachineArn=arn))["status"] == "DELETING"


async def test_many_machines_are_loaded() -> None:
    """Loading goes on beyond one read."""
    world = await World().open()
    await asyncio.gather(*(world.machine(f"m{n}") for n in range(1_500)))
    again = await restarted(world)
    assert len(again.states.registry.machines) == 1_500


async def test_a_failed_commit_leaves_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full disk the memory is as the store: the change is gone, the rest is there."""
    world = await World().open()
    arn = await world.machine("m")

    def full(changes: object) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreFull("no space"))
        return future

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "commit", full)
        with pytest.raises(StorageTrouble):
            await world.call("UpdateStateMachine", stateMachineArn=arn, definition=OTHER)
        with pytest.raises(StorageTrouble):
            await world.machine("n")
    described = await world.call("DescribeStateMachine", stateMachineArn=arn)
    assert described["definition"] == PASS
    listed = await world.call("ListStateMachines")
    assert [m["name"] for m in listed["stateMachines"]] == ["m"]
    await world.machine("n", definition=OTHER)


async def test_concurrent_updates_all_count() -> None:
    """Updates at the same time become revisions one after the other."""
    world = await World().open()
    arn = await world.machine("m")
    world.states.programs.forget()
    texts = [PASS.replace('"A"', f'"S{n}"') for n in range(5)]
    answers = await asyncio.gather(
        *(world.call("UpdateStateMachine", stateMachineArn=arn, definition=t) for t in texts)
    )
    assert len({answer["revisionId"] for answer in answers}) == 5
    assert world.states.registry.machines[arn].row.revision == 6


async def test_programs_are_bounded() -> None:
    """The oldest entries go first, and come back from the store."""
    world = await World().open()
    await world.machine("m")
    programs: Programs = world.states.programs
    row = await programs.revision(1, 1)
    assert programs.cached(1, 1) is await programs.get(1, 1)
    for number in range(ENTRIES_MAX):
        other: RevisionRow = row._replace(machine=1_000 + number)
        programs.remember(other, None)
    assert programs.cached(1, 1) is None
    assert (await programs.get(1, 1)).scope.start_at == "A"
    with pytest.raises(LookupError):
        await programs.get(99, 1)
