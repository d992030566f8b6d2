"""Change sets: what they show, and what becomes of a stack that they make."""

from __future__ import annotations

from typing import Any

from tests.services.cloudformation.world import World, queue, template


async def _planned(world: World, body: str, name: str = "plan", **other: Any) -> Any:
    await world.cfn(
        "CreateChangeSet", StackName="shop", ChangeSetName=name, TemplateBody=body, **other
    )
    return await world.cfn("DescribeChangeSet", StackName="shop", ChangeSetName=name)


async def test_a_new_stack(world: World) -> None:
    """It is in review until the change set is executed."""
    shown = await _planned(world, template({"A": queue("a")}), ChangeSetType="CREATE")
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [change["ResourceChange"]["Action"] for change in shown["Changes"]] == ["Add"]
    assert await world.status() == "REVIEW_IN_PROGRESS"
    assert "TemplateBody" not in await world.cfn("GetTemplate", StackName="shop")
    assert await world.queues() == []
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    await world.settled()
    assert await world.status() == "CREATE_COMPLETE"
    assert await world.queues() == ["a"]
    assert [event[:2] for event in (await world.events())[:2]] == [
        ("shop", "REVIEW_IN_PROGRESS"),
        ("shop", "CREATE_IN_PROGRESS"),
    ]


async def test_nothing_to_change(world: World) -> None:
    """It fails with the sentence that tools look for, and cannot be executed."""
    body = template({"A": queue("a")})
    await world.create({"A": queue("a")})
    shown = await _planned(world, body)
    assert shown["Status"] == "FAILED"
    assert shown["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set."
    )
    code, text = await world.refusal("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    assert code == "InvalidChangeSetStatusException"
    assert "execution status of [UNAVAILABLE]" in text


async def test_what_is_there_already_can_be_taken(world: World) -> None:
    """With ImportExistingResources what a stack would leave behind comes to it."""
    for name in ("kept", "other"):
        await world.call("sqs", "CreateQueue", QueueName=name, Attributes={"DelaySeconds": "5"})
    kept = queue("kept", DeletionPolicy="Retain", properties={"DelaySeconds": 5})
    asked: dict[str, Any] = {"ChangeSetType": "CREATE", "ImportExistingResources": True}
    await _planned(world, template({"A": kept, "B": queue("new")}), **asked)
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    await world.settled()
    assert await world.status() == "CREATE_COMPLETE"
    await world.delete()
    assert await world.queues() == ["kept", "other"]

    await _planned(world, template({"A": kept, "B": queue("other")}), "again", **asked)
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="again")
    await world.settled()
    assert await world.status() == "ROLLBACK_COMPLETE"
    assert any("already exists" in reason for _, _, reason in await world.events())
    assert await world.queues() == ["kept", "other"]


async def test_what_would_change(world: World) -> None:
    """Added, changed in place, replaced and removed, with what follows from a replacement."""
    arn = {"Fn::GetAtt": ["B", "Arn"]}
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": 1}
    user = queue("d", properties={"RedrivePolicy": policy})
    await world.create({"A": queue("a"), "B": queue("b"), "C": queue("c"), "D": user})
    shown = await _planned(
        world,
        template(
            {
                "A": queue("a", properties={"DelaySeconds": 1}),
                "B": queue("b2"),
                "D": user,
                "E": queue("e"),
            }
        ),
    )
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in shown["Changes"]
    }
    told = {name: (one["Action"], one.get("Replacement")) for name, one in changes.items()}
    assert told == {
        "A": ("Modify", "False"),
        "B": ("Modify", "True"),
        "C": ("Remove", None),
        "D": ("Modify", "False"),
        "E": ("Add", None),
    }
    target = changes["B"]["Details"][0]["Target"]
    assert (target["Name"], target["RequiresRecreation"]) == ("QueueName", "Always")
    assert changes["D"]["Details"][0]["Evaluation"] == "Dynamic"
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    await world.settled()
    assert await world.status() == "UPDATE_COMPLETE"
    assert await world.queues() == ["a", "b2", "d", "e"]


async def test_others_go_with_the_execution(world: World) -> None:
    """Of several change sets one is executed; the others are not there any more."""
    await world.create({"A": queue("a")})
    await _planned(world, template({"A": queue("one")}), name="one")
    await _planned(world, template({"A": queue("two")}), name="two")
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="one")
    await world.settled()
    code, _ = await world.refusal("DescribeChangeSet", StackName="shop", ChangeSetName="two")
    assert code == "ChangeSetNotFoundException"
    assert await world.queues() == ["one"]


async def test_an_update_makes_them_obsolete(world: World) -> None:
    """What was planned for another version cannot be executed."""
    await world.create({"A": queue("a")})
    await _planned(world, template({"A": queue("one")}))
    await world.update({"A": queue("two")})
    shown = await world.cfn("DescribeChangeSet", StackName="shop", ChangeSetName="plan")
    assert shown["ExecutionStatus"] == "OBSOLETE"


async def test_a_stack_in_review_can_be_deleted(world: World) -> None:
    """And its name is free again."""
    await _planned(world, template({"A": queue("a")}), ChangeSetType="CREATE")
    await world.delete()
    await world.create({"A": queue("a")})
    assert await world.status() == "CREATE_COMPLETE"


async def test_imports_are_refused(world: World) -> None:
    """By name."""
    code, text = await world.refusal(
        "CreateChangeSet",
        StackName="shop",
        ChangeSetName="plan",
        ChangeSetType="IMPORT",
        TemplateBody=template({"A": queue("a")}),
    )
    assert code == "ValidationError"
    assert "import" in text


async def test_a_change_set_that_cannot_be_executed_gives_way(world: World) -> None:
    """One that was executed, or that had nothing to change, leaves its name to another one."""
    body = template({"A": queue("a")})
    await _planned(world, body, ChangeSetType="CREATE")
    request = {"StackName": "shop", "ChangeSetName": "plan", "TemplateBody": body}
    refused = await world.refusal("CreateChangeSet", **request, ChangeSetType="CREATE")
    assert refused == ("AlreadyExistsException", "ChangeSet plan already exists")
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    await world.settled()
    assert (await _planned(world, body))["Status"] == "FAILED"
    shown = await _planned(world, template({"A": queue("a"), "B": queue("b")}))
    assert shown["ExecutionStatus"] == "AVAILABLE"
    listed = await world.cfn("ListChangeSets", StackName="shop")
    assert len(listed["Summaries"]) == 1
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    await world.settled()
    assert await world.queues() == ["a", "b"]
