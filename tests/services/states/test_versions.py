"""Versions name revisions; aliases route starts to versions."""

from __future__ import annotations

import pytest

from tests.services.states.fakes import ARN, PASS, World

OTHER = PASS.replace('"A"', '"B"')


@pytest.fixture
async def world() -> World:
    """A service with machine `m` that has versions 1 and 2."""
    world = await World().open()
    await world.machine("m", publish=True)
    await world.call("UpdateStateMachine", stateMachineArn=ARN + "m", definition=OTHER)
    await world.call("PublishStateMachineVersion", stateMachineArn=ARN + "m")
    return world


def route(*pairs: tuple[int, int]) -> list[dict[str, object]]:
    """A routing configuration."""
    return [{"stateMachineVersionArn": f"{ARN}m:{v}", "weight": w} for v, w in pairs]


async def test_publishing_again_gives_the_same_version(world: World) -> None:
    """One revision has one version."""
    answer = await world.call("PublishStateMachineVersion", stateMachineArn=ARN + "m")
    assert answer["stateMachineVersionArn"] == ARN + "m:2"


async def test_publishing_another_revision_is_a_conflict(world: World) -> None:
    """The revision id must be the current one."""
    code, _ = await world.refusal(
        "PublishStateMachineVersion", stateMachineArn=ARN + "m", revisionId="INITIAL"
    )
    assert code == "ConflictException"


async def test_versions_are_listed_newest_first(world: World) -> None:
    """Pages go down; a number never comes back after a deletion."""
    first = await world.call("ListStateMachineVersions", stateMachineArn=ARN + "m", maxResults=1)
    second = await world.call(
        "ListStateMachineVersions", stateMachineArn=ARN + "m", nextToken=first["nextToken"]
    )
    listed = first["stateMachineVersions"] + second["stateMachineVersions"]
    assert [v["stateMachineVersionArn"] for v in listed] == [ARN + "m:2", ARN + "m:1"]
    await world.call("DeleteStateMachineVersion", stateMachineVersionArn=ARN + "m:2")
    await world.call("DeleteStateMachineVersion", stateMachineVersionArn=ARN + "m:2")
    answer = await world.call("PublishStateMachineVersion", stateMachineArn=ARN + "m")
    assert answer["stateMachineVersionArn"] == ARN + "m:3"


async def test_a_version_keeps_its_revision(world: World) -> None:
    """Describing and starting a version use the revision it froze."""
    described = await world.call("DescribeStateMachine", stateMachineArn=ARN + "m:1")
    assert described["definition"] == PASS
    started = await world.call("StartExecution", stateMachineArn=ARN + "m:1")
    execution = started["executionArn"]
    answer = await world.call("DescribeStateMachineForExecution", executionArn=execution)
    assert answer["definition"] == PASS
    assert answer["stateMachineArn"] == ARN + "m"
    answer = await world.call("DescribeExecution", executionArn=execution)
    assert answer["stateMachineVersionArn"] == ARN + "m:1"


async def test_an_alias_draws_by_weight(world: World) -> None:
    """The chance decides between the two versions."""
    await world.call(
        "CreateStateMachineAlias", name="prod", routingConfiguration=route((1, 30), (2, 70))
    )
    versions = []
    for chance in (0, 29, 30, 99):
        world.ids.chance = chance
        started = await world.call("StartExecution", stateMachineArn=ARN + "m:prod")
        answer = await world.call("DescribeExecution", executionArn=started["executionArn"])
        assert answer["stateMachineAliasArn"] == ARN + "m:prod"
        versions.append(answer["stateMachineVersionArn"][-1])
    assert versions == ["1", "1", "2", "2"]


async def test_executions_are_listed_by_how_they_were_started(world: World) -> None:
    """A version's or alias's list holds what was started through it, page by page."""
    await world.call("CreateStateMachineAlias", name="prod", routingConfiguration=route((2, 100)))
    for number in range(3):
        for target in ("m", "m:1", "m:prod"):
            name = f"{target.replace(':', '-')}-{number}"
            await world.call("StartExecution", stateMachineArn=ARN + target, name=name)
    names = []
    token: dict[str, str] = {}
    for _ in range(2):
        page = await world.call(
            "ListExecutions", stateMachineArn=ARN + "m:prod", maxResults=2, **token
        )
        names += [execution["name"] for execution in page["executions"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert names == ["m-prod-2", "m-prod-1", "m-prod-0"]
    assert token == {}
    page = await world.call("ListExecutions", stateMachineArn=ARN + "m:1")
    assert [e["name"] for e in page["executions"]] == ["m-1-2", "m-1-1", "m-1-0"]


@pytest.mark.parametrize(
    ("routing", "message"),
    [
        (
            [{"stateMachineVersionArn": ARN + "m", "weight": 100}],
            f"Routing configuration must contain state machine version ARNs. Received: [{ARN}m]",
        ),
        (
            route((1, 70), (2, 29)),
            "Sum of routing configuration weights must equal 100. Received: [70, 29]",
        ),
        (
            route((1, 50), (1, 50)),
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{ARN}m:1, {ARN}m:1]",
        ),
    ],
)
async def test_bad_routing_is_refused(
    world: World, routing: list[dict[str, object]], message: str
) -> None:
    """Routing is checked as AWS does."""
    assert await world.refusal(
        "CreateStateMachineAlias", name="prod", routingConfiguration=routing
    ) == ("ValidationException", message)


async def test_a_version_in_use_stays(world: World) -> None:
    """A version an alias points to can't be deleted until the alias moves on."""
    await world.call("CreateStateMachineAlias", name="prod", routingConfiguration=route((1, 100)))
    assert await world.refusal("DeleteStateMachineVersion", stateMachineVersionArn=ARN + "m:1") == (
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [prod]",
    )
    await world.call(
        "UpdateStateMachineAlias",
        stateMachineAliasArn=ARN + "m:prod",
        routingConfiguration=route((2, 100)),
    )
    await world.call("DeleteStateMachineVersion", stateMachineVersionArn=ARN + "m:1")
    assert (await world.refusal("StartExecution", stateMachineArn=ARN + "m:1"))[
        0
    ] == "StateMachineDoesNotExist"


async def test_alias_lists_follow_versions(world: World) -> None:
    """Listing by version shows only the aliases that point to it; deleted ones are gone."""
    for name, version in (("a", 1), ("b", 2)):
        await world.call(
            "CreateStateMachineAlias", name=name, routingConfiguration=route((version, 100))
        )
    by_version = await world.call("ListStateMachineAliases", stateMachineArn=ARN + "m:2")
    assert [a["stateMachineAliasArn"] for a in by_version["stateMachineAliases"]] == [ARN + "m:b"]
    await world.call("DeleteStateMachineAlias", stateMachineAliasArn=ARN + "m:b")
    assert await world.refusal("DescribeStateMachineAlias", stateMachineAliasArn=ARN + "m:b") == (
        "ResourceNotFound",
        f"Resource not found: '{ARN}m:b'",
    )
