"""Ends that are not the usual ones: cancelled, continued, forced, retained, retried."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy import catalog
from tests.services.cloudformation.test_custom import answer, asked, custom, listen
from tests.services.cloudformation.test_updates import stubborn
from tests.services.cloudformation.world import World, queue


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the type `Test::Thing` refuses, with what reason."""
    told: dict[str, str] = {}
    known = stubborn("Test::Thing", told)
    monkeypatch.setattr(catalog, "TYPES", {**catalog.TYPES, known.name: known})
    return told


def thing(size: int = 1, **other: Any) -> Any:
    """A resource of that type."""
    return {"Type": "Test::Thing", "Properties": {"Size": size}, **other}


async def test_an_update_is_cancelled(world: World) -> None:
    """What was changed changes back, what waits is not waited for."""
    await listen(world)
    await world.create({"A": queue("a")})
    await world.update({"A": queue("a2"), "T": custom()})
    await asked(world)
    await world.cfn("CancelUpdateStack", StackName="shop")
    await world.settled()
    assert (await world.status()).startswith("UPDATE_ROLLBACK_COMPLETE_CLEANUP")
    await answer(world, await asked(world))
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["a", "inbox"]
    code, _ = await world.refusal("CancelUpdateStack", StackName="shop")
    assert code == "ValidationError"


async def test_a_rollback_that_fails_is_continued(world: World, refuses: dict[str, str]) -> None:
    """As it is, once the reason is gone; or without the resource that cannot go back."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"A": thing(1), "Q": queue("q")})
    wanted = {"A": thing(2), "Q": queue("q2"), "B": queue("taken", DependsOn=["A", "Q"])}
    refuses["update to 1"] = "never back"
    for skip in (["A"], []):
        await world.update(wanted)
        assert await world.status() == "UPDATE_ROLLBACK_FAILED"
        assert (await world.stack())["StackStatusReason"] == (
            "The following resource(s) failed to update: [A]. "
        )
        if not skip:
            refuses.clear()
        await world.cfn("ContinueUpdateRollback", StackName="shop", ResourcesToSkip=skip)
        await world.settled()
        assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert await world.queues() == ["q", "taken"]


async def test_a_deletion_that_fails(world: World, refuses: dict[str, str]) -> None:
    """Its reason is told; then the resource is retained, or the deletion forced."""
    refuses["delete"] = "still needed"
    made = {"A": thing(), "Q": queue("q"), "U": queue("u", DependsOn="A")}
    for more in ({"RetainResources": ["A"]}, {"DeletionMode": "FORCE_DELETE_STACK"}):
        stack_id = await world.create(made)
        await world.delete()
        shown = await world.stack()
        assert (shown["StackStatus"], shown["StackStatusReason"]) == (
            "DELETE_FAILED",
            "The following resource(s) failed to delete: [A]. ",
        )
        assert any("still needed" in event[2] for event in await world.events())
        assert await world.queues() == []
        await world.delete(**more)
        assert await world.status(stack_id) == "DELETE_COMPLETE"


async def test_a_cleanup_that_fails(world: World, refuses: dict[str, str]) -> None:
    """It is tried three times; the update was successful all the same."""
    refuses["delete"] = "still needed"
    await world.create({"A": thing(), "Q": queue("q")})
    await world.update({"Q": queue("q")})
    shown = await world.stack()
    assert (shown["StackStatus"], shown["StackStatusReason"]) == (
        "UPDATE_COMPLETE",
        "Update successful. One or more resources could not be deleted.",
    )
    failed = [event for event in await world.events() if event[1] == "DELETE_FAILED"]
    assert len(failed) == 3


async def test_policies_of_what_is_left(world: World) -> None:
    """Retained with the stack, at a replacement, or unless the creation failed."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    kept = {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "RetainExceptOnCreate"}
    failing = {"A": queue("a", **kept), "B": queue("taken", DependsOn="A")}
    await world.create(failing, "fails")
    assert await world.queues() == ["taken"]
    await world.create({"A": queue("a", **kept)})
    await world.update({"A": queue("a2", **kept)})
    assert await world.queues() == ["a", "a2", "taken"]
    await world.delete()
    assert await world.queues() == ["a", "a2", "taken"]


async def test_what_a_failed_update_replaced_is_retained_with_the_stack(world: World) -> None:
    """The old resource of an update that stayed where it failed has its policy, too."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    kept = {"UpdateReplacePolicy": "Retain"}
    await world.create({"A": queue("a", **kept), "C": queue("c")})
    wanted = {
        "A": queue("a2", **kept),
        "C": queue("c2"),
        "B": queue("taken", DependsOn=["A", "C"]),
    }
    await world.update(wanted, DisableRollback=True)
    assert await world.status() == "UPDATE_FAILED"
    await world.delete()
    assert await world.queues() == ["a", "taken"]


async def test_a_creation_that_takes_too_long(world: World) -> None:
    """TimeoutInMinutes ends it."""
    await listen(world)
    await world.create({"T": custom(), "A": queue("a")}, TimeoutInMinutes=5, OnFailure="DELETE")
    await asked(world)
    world.clock.advance(world.clock.now() + 300_000)
    await world.settled()
    events = await world.events()
    reason = "Stack creation time exceeded the specified timeout. Delete requested by user."
    assert ("shop", "DELETE_IN_PROGRESS", reason) in events
    await answer(world, await asked(world))
    assert await world.queues() == ["inbox"]


async def test_only_what_is_needed_is_kept(world: World) -> None:
    """Templates of versions that a stack will not be again are forgotten."""
    await world.create({"A": queue("a")})
    for name in ("b", "c", "d"):
        await world.update({"A": queue(name)})
    assert len(list(world.core.stacks.details.everything())) == 1


async def test_old_stacks_are_forgotten(world: World) -> None:
    """Ninety days after its deletion nothing is left of a stack."""
    stack_id = await world.create({"A": queue("a")})
    await world.delete()
    await world.restart()
    assert await world.status(stack_id) == "DELETE_COMPLETE"
    world.clock.advance(world.clock.now() + 91 * 86_400_000)
    await world.restart()
    code, _ = await world.refusal("DescribeStacks", StackName=stack_id)
    assert code == "ValidationError"
    assert (await world.cfn("ListStacks"))["StackSummaries"] == []
