"""Bugs in the deployment itself: the stack comes to an end that says so, and nobody hangs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stepwell.deploy.catalog import find_type
from stepwell.deploy.resource_type import Made
from stepwell.services.cloudformation.deployment import applying, attempts, phases, removing
from stepwell.services.cloudformation.goal import Goal
from stepwell.services.cloudformation.versions import Versions
from tests.services.cloudformation.world import World, queue

SIGNAL = {"ResourceSignal": {"Count": 1, "Timeout": "PT5M"}}
REASON = "Internal Failure: RuntimeError: a bug of ours"


def broken(*_: Any, **__: Any) -> Any:
    """What anything may do that has a bug."""
    raise RuntimeError("a bug of ours")


def broken_after(work: Callable[..., Any]) -> Callable[..., Any]:
    """It does its work, and then breaks: what it staged does not come to be."""

    def run(*given: Any, **named: Any) -> Any:
        work(*given, **named)
        return broken()

    return run


PLACES = [
    (applying, "_begin_ready"),
    (applying, "_complete"),
    (phases, "_publish"),
    (Goal, "properties"),
    (Versions, "goal"),
]


@pytest.mark.parametrize(("owner", "name"), PLACES)
async def test_a_creation_that_breaks_is_rolled_back(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    owner: Any,
    name: str,
) -> None:
    """Wherever the way forward breaks, the way back is gone, and the reason is told."""
    monkeypatch.setattr(owner, name, broken)
    await world.create({"A": queue("a"), "B": queue("b", DependsOn="A")})
    monkeypatch.undo()
    await world.settled()
    shown = await world.stack()
    if name == "_publish":
        # It is needed on the way back too.
        assert shown["StackStatus"] == "ROLLBACK_FAILED"
    else:
        assert shown["StackStatus"] == "ROLLBACK_COMPLETE"
        assert await world.queues() == []
    reasons = [reason for _, _, reason in await world.events()]
    assert any(reason.startswith(REASON) for reason in reasons)
    told = [record for record in caplog.records if record.exc_info]
    assert "a bug of ours" in str(told[0].exc_info)
    await world.delete()
    assert await world.status(shown["StackId"]) == "DELETE_COMPLETE"


async def test_an_update_that_breaks_goes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was changed is as it was, what was half done in memory is forgotten."""
    await world.create({"A": queue("a"), "B": queue("b")})
    monkeypatch.setattr(phases, "set_imports", broken_after(phases.set_imports))
    changed = queue("a", properties={"VisibilityTimeout": 7})
    await world.update({"A": changed, "C": queue("c")})
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["a", "b"]
    assert ("shop", "UPDATE_ROLLBACK_IN_PROGRESS") in [each[:2] for each in await world.events()]
    monkeypatch.undo()
    await world.update({"A": changed, "C": queue("c")})
    assert await world.status() == "UPDATE_COMPLETE"
    assert await world.queues() == ["a", "c"]


async def test_a_way_back_that_breaks_can_be_gone_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays as UPDATE_ROLLBACK_FAILED, from where it is continued."""
    await world.create({"A": queue("a")})
    await world.call("sqs", "CreateQueue", QueueName="taken")
    monkeypatch.setattr(phases, "restored", broken)
    changed = queue("a", properties={"VisibilityTimeout": 7})
    await world.update({"A": changed, "B": queue("taken", DependsOn="A")})
    shown = await world.stack()
    assert shown["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert shown["StackStatusReason"] == REASON
    monkeypatch.undo()
    await world.cfn("ContinueUpdateRollback", StackName="shop")
    await world.settled()
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"


async def test_a_cleanup_that_breaks_ends_the_update(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack is what it was to become."""
    await world.create({"A": queue("a"), "B": queue("b")})
    monkeypatch.setattr(phases, "cleaned", broken)
    await world.update({"A": queue("a")})
    shown = await world.stack()
    assert (shown["StackStatus"], shown["StackStatusReason"]) == ("UPDATE_COMPLETE", REASON)


async def test_a_deletion_that_breaks_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And can be asked for again."""
    await world.create({"A": queue("a")})
    monkeypatch.setattr(removing, "_begin_row", broken)
    await world.delete()
    assert await world.status() == "DELETE_FAILED"
    assert await world.queues() == ["a"]
    monkeypatch.undo()
    await world.delete()
    assert await world.queues() == []


async def test_a_result_that_cannot_be_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt failed; what it made goes with the rest."""
    known = find_type("AWS::SQS::Queue")
    assert known is not None
    create = known.create

    async def strange(*given: Any) -> Made:
        made = await create(*given)
        return Made(made.id, {"Arn": "\ud800"})

    odd = replace(known, create=strange)
    monkeypatch.setattr(attempts, "find_type", lambda _: odd)
    await world.create({"A": queue("a")})
    assert await world.status() == "ROLLBACK_COMPLETE"
    assert await world.queues() == []


async def test_a_stack_that_cannot_be_taken_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start goes on with all others; this one ends as a failure and can be deleted."""
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "CreationPolicy": SIGNAL}
    await world.create({"W": wait}, name="odd")
    await world.create({"W": wait}, name="fine")
    assert await world.status("odd") == "CREATE_IN_PROGRESS"
    [row] = [row for row in world.core.stacks.stacks.everything() if row.name == "odd"]
    with world.core.ledger.stage() as turn:
        world.core.stacks.put(turn, row._replace(operation='{"from": "another version"}'))
    await world.core.ledger.committed()
    await world.restart()
    shown = await world.stack("odd")
    assert shown["StackStatus"] == "CREATE_FAILED"
    assert shown["StackStatusReason"].startswith("Internal Failure: TypeError")
    await world.cfn(
        "SignalResource", StackName="fine", LogicalResourceId="W", UniqueId="1", Status="SUCCESS"
    )
    await world.settled()
    assert await world.status("fine") == "CREATE_COMPLETE"
    await world.delete("odd")
    assert await world.status(row.id) == "DELETE_COMPLETE"
