"""State machines: created once, updated by revisions, deleted when nothing runs."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.services.api import Call
from tests.services.states.fakes import ARN, CALL, PASS, ROLE, World

OTHER = PASS.replace('"A"', '"B"')


@pytest.fixture
async def world() -> World:
    """A fresh service."""
    return await World().open()


async def test_created_machine_is_described(world: World) -> None:
    """Describe answers what create was given, with AWS's defaults."""
    arn = await world.machine("m")
    answer = await world.call("DescribeStateMachine", stateMachineArn=arn)
    assert answer.pop("creationDate") > 1_700_000_000
    assert answer == {
        "stateMachineArn": ARN + "m",
        "name": "m",
        "status": "ACTIVE",
        "type": "STANDARD",
        "definition": PASS,
        "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
    }


async def test_equal_create_answers_with_what_is_there(world: World) -> None:
    """The same name and definition give the same machine; role and tags are ignored."""
    first = await world.call("CreateStateMachine", name="m", definition=PASS, roleArn=ROLE)
    second = await world.call(
        "CreateStateMachine",
        name="m",
        definition=PASS,
        roleArn=ROLE + "2",
        tags=[{"key": "k", "value": "v"}],
    )
    assert second == first
    described = await world.call("DescribeStateMachine", stateMachineArn=ARN + "m")
    assert described["roleArn"] == ROLE


@pytest.mark.parametrize(
    "params",
    [
        {"definition": PASS + " "},
        {"definition": OTHER},
        {"tracingConfiguration": {"enabled": True}},
        {"publish": True},
    ],
)
async def test_different_create_is_a_conflict(world: World, params: dict[str, object]) -> None:
    """Another text, even by a space, or another setting is refused."""
    await world.machine("m")
    given = {"name": "m", "definition": PASS, "roleArn": ROLE, **params}
    assert await world.refusal("CreateStateMachine", **given) == (
        "StateMachineAlreadyExists",
        f"State Machine Already Exists: '{ARN}m'",
    )


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        ({"name": "a/b"}, "InvalidName", "Invalid Name: 'a/b'"),
        ({"roleArn": "dummy"}, "InvalidArn", "Invalid Role Arn: 'dummy'"),
        (
            {"versionDescription": "d"},
            "ValidationException",
            "Version description can only be set when publish is true",
        ),
        (
            {"loggingConfiguration": {"level": "ALL"}},
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
        (
            {
                "loggingConfiguration": {
                    "level": "ALL",
                    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "x"}}],
                }
            },
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Log Destination not found.",
        ),
        (
            {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}},
            "InvalidEncryptionConfiguration",
            "Invalid Encryption Configuration: Customer managed KMS keys are not supported by "
            "Stepwell",
        ),
        (
            {"tags": [{"key": str(n), "value": ""} for n in range(51)]},
            "TooManyTags",
            f"Too many tags: '{ARN}m'",
        ),
    ],
)
async def test_bad_create_leaves_nothing(
    world: World, params: dict[str, object], code: str, message: str
) -> None:
    """What is invalid is refused by name, and no machine appears."""
    given = {"name": "m", "definition": PASS, "roleArn": ROLE, **params}
    assert await world.refusal("CreateStateMachine", **given) == (code, message)
    assert (await world.call("ListStateMachines"))["stateMachines"] == []


async def test_bad_definition_is_refused(world: World) -> None:
    """A definition that does not compile is InvalidDefinition with AWS's text."""
    code, message = await world.refusal(
        "CreateStateMachine", name="m", definition="{}", roleArn=ROLE
    )
    assert code == "InvalidDefinition"
    assert message.startswith("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ")


async def test_update_makes_a_revision(world: World) -> None:
    """A change gets a revision id; the same again changes nothing."""
    arn = await world.machine("m")
    changed = await world.call("UpdateStateMachine", stateMachineArn=arn, definition=OTHER)
    same = await world.call("UpdateStateMachine", stateMachineArn=arn, definition=OTHER)
    described = await world.call("DescribeStateMachine", stateMachineArn=arn)
    assert described["definition"] == OTHER
    assert described["revisionId"] == changed["revisionId"]
    assert "revisionId" not in same


async def test_update_keeps_what_it_does_not_name(world: World) -> None:
    """Only the named settings change."""
    arn = await world.machine("m")
    await world.call(
        "UpdateStateMachine", stateMachineArn=arn, tracingConfiguration={"enabled": True}
    )
    described = await world.call("DescribeStateMachine", stateMachineArn=arn)
    assert described["tracingConfiguration"] == {"enabled": True}
    assert (described["definition"], described["roleArn"]) == (PASS, ROLE)


async def test_update_without_anything_is_refused(world: World) -> None:
    """An update must name something."""
    arn = await world.machine("m")
    code, message = await world.refusal("UpdateStateMachine", stateMachineArn=arn)
    assert code == "MissingRequiredParameter"
    assert message.startswith("Either the definition, the role ARN, ")


@pytest.mark.parametrize(
    "operation",
    [
        "UpdateStateMachine",
        "DeleteStateMachine",
        "PublishStateMachineVersion",
        "ListExecutions",
    ],
)
async def test_labelled_arns_are_not_for_changes(world: World, operation: str) -> None:
    """The ARN of a distributed Map within a machine is no machine that could be changed."""
    arn = await world.machine("m")
    assert await world.refusal(operation, stateMachineArn=f"{arn}/label") == (
        "ValidationException",
        "The operation does not support labeled state machine ARNs.",
    )


async def test_deleted_machine_is_gone(world: World) -> None:
    """Without running executions a deleted machine is gone at once; again is no error."""
    arn = await world.machine("m", tags=[{"key": "k", "value": "v"}])
    await world.call("DeleteStateMachine", stateMachineArn=arn)
    await world.call("DeleteStateMachine", stateMachineArn=arn)
    assert await world.refusal("DescribeStateMachine", stateMachineArn=arn) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )
    await world.machine("m")
    assert (await world.call("ListTagsForResource", resourceArn=arn))["tags"] == []


async def test_machine_with_running_executions_is_deleting(world: World) -> None:
    """It stays DELETING, starts nothing, can't be created again, and goes with the last run."""
    arn = await world.machine("m")
    started = await world.call("StartExecution", stateMachineArn=arn, name="e")
    await world.call("DeleteStateMachine", stateMachineArn=arn)
    assert world.executions.told == [("delete", 1)]
    assert (await world.call("DescribeStateMachine", stateMachineArn=arn))["status"] == "DELETING"
    assert (await world.refusal("StartExecution", stateMachineArn=arn))[0] == "StateMachineDeleting"
    create = {"name": "m", "definition": PASS, "roleArn": ROLE}
    assert (await world.refusal("CreateStateMachine", **create))[0] == "StateMachineDeleting"
    await world.executions.finish(started["executionArn"])
    await world.call("CreateStateMachine", **create)
    assert (await world.call("DescribeStateMachine", stateMachineArn=arn))["status"] == "ACTIVE"


async def test_a_list_shows_machines_until_they_are_gone(world: World) -> None:
    """A DELETING machine is listed while its execution runs, and not after."""
    arn = await world.machine("m")
    started = await world.call("StartExecution", stateMachineArn=arn)
    await world.call("DeleteStateMachine", stateMachineArn=arn)
    assert len((await world.call("ListStateMachines"))["stateMachines"]) == 1
    await world.executions.finish(started["executionArn"])
    assert (await world.call("ListStateMachines"))["stateMachines"] == []


async def test_list_is_by_name_and_paged(world: World) -> None:
    """Pages follow each other by name; another scope sees nothing."""
    for name in ("c", "a", "b"):
        await world.machine(name)
    first = await world.call("ListStateMachines", maxResults=2)
    second = await world.call("ListStateMachines", nextToken=first["nextToken"])
    names = [m["name"] for m in first["stateMachines"] + second["stateMachines"]]
    assert names == ["a", "b", "c"]
    assert "nextToken" not in second
    elsewhere = Call("111111111111", CALL.region, "r", CALL.base_url)
    assert (await world.call_as(elsewhere, "ListStateMachines", {}))["stateMachines"] == []
    with pytest.raises(ServiceError, match="StateMachineDoesNotExist"):
        await world.call_as(elsewhere, "DescribeStateMachine", {"stateMachineArn": ARN + "a"})


async def test_description_may_leave_out_the_definition(world: World) -> None:
    """METADATA_ONLY answers an empty definition."""
    arn = await world.machine("m")
    answer = await world.call(
        "DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY"
    )
    assert answer["definition"] == "{}"


async def test_validation_answers_findings(world: World) -> None:
    """A bad definition is an answer with its findings, not an error."""
    bad = await world.call("ValidateStateMachineDefinition", definition="{}")
    assert (bad["result"], bad["truncated"]) == ("FAIL", False)
    assert bad["diagnostics"][0]["code"] == "SCHEMA_VALIDATION_FAILED"
    good = await world.call("ValidateStateMachineDefinition", definition=PASS)
    assert good == {"result": "OK", "diagnostics": [], "truncated": False}
