"""Updates: in place, by replacement, and back again when something fails."""

from __future__ import annotations

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.services.cloudformation.world import World, queue

DELAYED = {"properties": {"DelaySeconds": 5}}


async def _delay(world: World, name: str) -> str:
    url = (await world.call("sqs", "GetQueueUrl", QueueName=name))["QueueUrl"]
    shown = await world.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    return str(shown["Attributes"]["DelaySeconds"])


async def test_in_place(world: World) -> None:
    """A property that may change changes; what does not is left alone and has no event."""
    await world.create({"A": queue("a"), "B": queue("b")})
    before = len(await world.events())
    await world.update({"A": queue("a", **DELAYED), "B": queue("b")})
    assert await _delay(world, "a") == "5"
    assert await world.status() == "UPDATE_COMPLETE"
    assert (await world.events())[before:] == [
        ("shop", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("A", "UPDATE_IN_PROGRESS", ""),
        ("A", "UPDATE_COMPLETE", ""),
        ("shop", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("shop", "UPDATE_COMPLETE", ""),
    ]


async def test_nothing_to_do(world: World) -> None:
    """The same again is refused, and changes nothing."""
    await world.create({"A": queue("a")})
    body = '{"Resources":{"A":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":"a"}}}}'
    told = await world.refusal("UpdateStack", StackName="shop", TemplateBody=body)
    assert told == ("ValidationError", "No updates are to be performed.")
    assert await world.status() == "CREATE_COMPLETE"


async def test_replacement(world: World) -> None:
    """The new one first, then what refers to it, the old one in the cleanup."""
    url = {"Outputs": {"Url": {"Value": {"Ref": "A"}}}}
    await world.create({"A": queue("one")}, sections=url)
    before = len(await world.events())
    await world.update({"A": queue("two"), "B": queue("more")}, sections=url)
    assert await world.queues() == ["more", "two"]
    assert (await world.stack())["Outputs"][0]["OutputValue"].endswith("/two")
    events = [event for event in (await world.events())[before:] if event[0] == "A"]
    assert events == [
        (
            "A",
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating "
            "one.",
        ),
        ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "UPDATE_COMPLETE", ""),
        ("A", "DELETE_IN_PROGRESS", ""),
        ("A", "DELETE_COMPLETE", ""),
    ]


async def test_removal(world: World) -> None:
    """What the template does not have any more is deleted, unless it is to stay."""
    kept = queue("kept", DeletionPolicy="Retain")
    await world.create({"A": queue("a"), "B": queue("b"), "C": kept})
    await world.update({"A": queue("a")})
    assert await world.queues() == ["a", "kept"]
    events = await world.events()
    assert ("C", "DELETE_SKIPPED", "") in events
    assert ("B", "DELETE_COMPLETE", "") in events
    shown = await world.cfn("ListStackResources", StackName="shop")
    assert [row["LogicalResourceId"] for row in shown["StackResourceSummaries"]] == ["A"]


async def test_a_failed_update_is_rolled_back(world: World) -> None:
    """Changed ones change back, replaced ones are the old ones, new ones go."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"A": queue("a"), "B": queue("b-one"), "D": queue("d")})
    before = len(await world.events())
    await world.update(
        {
            "A": queue("a", **DELAYED),
            "B": queue("b-two"),
            "C": queue("c"),
            "E": queue("taken", DependsOn=["A", "B", "C"]),
        }
    )
    assert await world.queues() == ["a", "b-one", "d", "taken"]
    assert await _delay(world, "a") == "0"
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    events = (await world.events())[before:]
    stack = [event for event in events if event[0] == "shop"]
    assert stack == [
        ("shop", "UPDATE_IN_PROGRESS", "User Initiated"),
        (
            "shop",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [E]. ",
        ),
        ("shop", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("shop", "UPDATE_ROLLBACK_COMPLETE", ""),
    ]
    deleted = sorted(event[0] for event in events if event[1] == "DELETE_COMPLETE")
    assert deleted == ["B", "C"]
    # And it can be updated again from there.
    await world.update({"A": queue("a", **DELAYED)})
    assert await world.queues() == ["a", "taken"]


async def test_without_rollback(world: World) -> None:
    """With DisableRollback it stays as it failed; RollbackStack goes back, an update goes on."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"A": queue("a")})
    wanted: JsonObject = {"A": queue("a2"), "E": queue("taken", DependsOn="A")}
    await world.update(wanted, DisableRollback=True)
    assert await world.status() == "UPDATE_FAILED"
    assert await world.queues() == ["a", "a2", "taken"]
    await world.cfn("RollbackStack", StackName="shop")
    await world.settled()
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["a", "taken"]
    await world.update(wanted, DisableRollback=True)
    await world.update({"A": queue("a2"), "E": queue("free")})
    assert await world.status() == "UPDATE_COMPLETE"
    assert await world.queues() == ["a2", "free", "taken"]


async def test_two_at_once(world: World) -> None:
    """An update while another one is under way is refused with the state the stack is in."""
    stack_id = await world.create({"A": queue("a")})
    body = '{"Resources":{"A":{"Type":"AWS::SQS::Queue"}}}'
    await world.cfn("UpdateStack", StackName="shop", TemplateBody=body)
    told = await world.refusal("UpdateStack", StackName="shop", TemplateBody=body)
    sentence = f"Stack:{stack_id} is in UPDATE_IN_PROGRESS state and can not be updated."
    assert told == ("ValidationError", sentence)
    await world.settled()
    assert await world.status() == "UPDATE_COMPLETE"


def stubborn(name: str, refuses: dict[str, str]) -> ResourceType:
    """A type whose calls are refused as long as `refuses` says so."""

    def _maybe(what: str) -> None:
        if what in refuses:
            raise ServiceError("InvalidRequest", refuses[what])

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        _maybe("create")
        return Made(wanted.name(None))

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        _maybe(f"update to {wanted.properties.get('Size')}")
        return Made(existing.id)

    async def delete(cloud: Cloud, existing: Existing) -> None:
        _maybe("delete")

    return ResourceType(name, create, delete, update, optional=frozenset({"Size"}))


async def test_replaced_twice(world: World) -> None:
    """What an update made that stayed where it failed, and the next one replaced, is not left."""
    await world.call("sqs", "CreateQueue", QueueName="taken")
    await world.create({"A": queue("a1")})
    failing = {"B": queue("taken", DependsOn=["A", "N"])}
    await world.update({"A": queue("a2"), "N": queue("n2"), **failing}, DisableRollback=True)
    assert await world.queues() == ["a1", "a2", "n2", "taken"]
    await world.update({"A": queue("a3"), "N": queue("n3"), **failing})
    assert await world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await world.queues() == ["a1", "taken"]
    await world.update({"A": queue("a2"), "N": queue("n2"), **failing}, DisableRollback=True)
    await world.update({"A": queue("a3"), "N": queue("n3")})
    assert await world.queues() == ["a3", "n3", "taken"]
    await world.delete()
    assert await world.queues() == ["taken"]
