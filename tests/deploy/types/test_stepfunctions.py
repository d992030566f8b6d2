"""State machines, versions, aliases and activities of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, decode
from tests.deploy.world import ACCOUNT, REGION, Deployed

MACHINE = "AWS::StepFunctions::StateMachine"
VERSION = "AWS::StepFunctions::StateMachineVersion"
ALIAS = "AWS::StepFunctions::StateMachineAlias"
ACTIVITY = "AWS::StepFunctions::Activity"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
STATES = f"arn:aws:states:{REGION}:{ACCOUNT}"
PASS = '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"${word}","End":true}}}'
WAIT = '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":${seconds},"End":true}}}'


def machine(**properties: Any) -> JsonObject:
    """Properties of a machine."""
    return {"RoleArn": ROLE, "DefinitionString": PASS, **properties}


async def described(deployed: Deployed, resource: Existing) -> Any:
    """The machine as the API shows it."""
    return await deployed.call("stepfunctions", "DescribeStateMachine", stateMachineArn=resource.id)


async def put(deployed: Deployed, text: str, key: str = "flow.json") -> JsonObject:
    """A definition as an object of S3; its place."""
    place = {"LocationConstraint": REGION}
    await deployed.call("s3", "CreateBucket", Bucket="code", CreateBucketConfiguration=place)
    await deployed.call("s3", "PutObject", Bucket="code", Key=key, Body=text.encode())
    return {"Bucket": "code", "Key": key}


async def result(deployed: Deployed, resource: Existing) -> Any:
    """What the first state of the machine results in."""
    shown = decode((await described(deployed, resource))["definition"])
    return shown["States"]["A"]["Result"]  # type: ignore[call-overload,index]


async def test_a_machine_has_its_arn_as_reference(deployed: Deployed) -> None:
    """A machine has its ARN as reference, and its name and revision as attributes."""
    made = await deployed.make(MACHINE, machine(StateMachineName="flow"))
    assert made.id == f"{STATES}:stateMachine:flow"
    assert made.attributes == {
        "Arn": made.id,
        "Name": "flow",
        "StateMachineRevisionId": "INITIAL",
    }


async def test_a_machine_without_a_name_is_named_after_its_logical_id(deployed: Deployed) -> None:
    """A machine without a name is named after its logical id, as on AWS without the stack's."""
    made = await deployed.make(MACHINE, machine(StateMachineType="EXPRESS"))
    assert made.attributes["Name"] == "Thing-ABCDEF123456"
    assert (await described(deployed, made))["type"] == "EXPRESS"


async def test_a_machine_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A machine of somebody else is not taken over, not even an equal one."""
    first = await deployed.make(MACHINE, machine(StateMachineName="flow"))
    with pytest.raises(ServiceError, match=f"'{first.id}' already exists"):
        await deployed.make(MACHINE, machine(StateMachineName="flow"))


async def test_a_repeated_creation_finds_its_own_machine(deployed: Deployed) -> None:
    """A repeated creation finds its own machine."""
    first = await deployed.make(MACHINE, machine(StateMachineName="flow"))
    again = await deployed.make(MACHINE, machine(StateMachineName="flow"), repeated=True)
    assert again == first


async def test_substitutions_are_filled_in(deployed: Deployed) -> None:
    """Substitutions are filled in as texts and numbers; what has none stays as it is."""
    words = machine(DefinitionSubstitutions={"word": "${other}", "other": "no"})
    assert await result(deployed, await deployed.make(MACHINE, words)) == "${other}"
    seconds = machine(DefinitionString=WAIT, DefinitionSubstitutions={"seconds": 5})
    made = await deployed.make(MACHINE, seconds, "Waits")
    assert '"Seconds":5,' in (await described(deployed, made))["definition"]


async def test_a_definition_may_be_an_object(deployed: Deployed) -> None:
    """A definition may be an object, whose texts are filled in too."""
    properties = {
        "RoleArn": ROLE,
        "Definition": decode(PASS),
        "DefinitionSubstitutions": {"word": "b"},
    }
    assert await result(deployed, await deployed.make(MACHINE, properties)) == "b"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("flow.json", PASS),
        (
            "flow.yaml",
            "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Result: ${word}\n    End: true\n",
        ),
    ],
)
async def test_a_definition_may_lie_in_s3(deployed: Deployed, key: str, text: str) -> None:
    """A definition may lie in S3, as JSON or YAML."""
    place = await put(deployed, text, key)
    properties = {
        "RoleArn": ROLE,
        "DefinitionS3Location": place,
        "DefinitionSubstitutions": {"word": "b"},
    }
    assert await result(deployed, await deployed.make(MACHINE, properties)) == "b"


async def test_a_number_may_be_filled_into_a_file(deployed: Deployed) -> None:
    """A file that is JSON only once its numbers are filled in is taken."""
    place = await put(deployed, WAIT)
    properties = {
        "RoleArn": ROLE,
        "DefinitionS3Location": place,
        "DefinitionSubstitutions": {"seconds": "5"},
    }
    made = await deployed.make(MACHINE, properties)
    assert (await described(deployed, made))["definition"] == WAIT.replace("${seconds}", "5")


async def test_a_place_is_filled_in_once(deployed: Deployed) -> None:
    """What is filled into a file may look like a place, and is none."""
    text = "{StartAt: A, States: {A: {Type: Pass, Result: '${word}', End: true}}}"
    properties = {
        "RoleArn": ROLE,
        "DefinitionS3Location": await put(deployed, text),
        "DefinitionSubstitutions": {"word": "${other}", "other": "no"},
    }
    made = await deployed.make(MACHINE, properties)
    assert await result(deployed, made) == "${other}"


async def test_a_time_in_yaml_stays_a_text(deployed: Deployed) -> None:
    """A time in YAML stays the text that it is in JSON."""
    text = "{StartAt: A, States: {A: {Type: Pass, Result: 2030-01-01T00:00:00Z, End: true}}}"
    properties = {"RoleArn": ROLE, "DefinitionS3Location": await put(deployed, text)}
    made = await deployed.make(MACHINE, properties)
    assert await result(deployed, made) == "2030-01-01T00:00:00Z"


async def test_a_file_whose_aliases_repeat_without_bound_is_refused(deployed: Deployed) -> None:
    """What aliases of a file repeat is taken; what grows without bound by them is refused."""
    few = "{StartAt: A, States: {A: {Type: Pass, Result: &r [1], Parameters: {b: *r}, End: true}}}"
    properties = {"RoleArn": ROLE, "DefinitionS3Location": await put(deployed, few)}
    assert await result(deployed, await deployed.make(MACHINE, properties)) == [1]
    many = "a0: &a0 [1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    await deployed.call("s3", "PutObject", Bucket="code", Key="many", Body=many.encode())
    properties = {"RoleArn": ROLE, "DefinitionS3Location": {"Bucket": "code", "Key": "many"}}
    with pytest.raises(ServiceError, match="InvalidDefinition"):
        await deployed.make(MACHINE, properties, "Many")


async def test_a_machine_has_exactly_one_definition(deployed: Deployed) -> None:
    """A machine has exactly one definition."""
    for properties in ({"RoleArn": ROLE}, machine(Definition={})):
        with pytest.raises(ServiceError, match="Exactly one of"):
            await deployed.make(MACHINE, properties)


async def test_a_definition_that_is_none_is_refused_with_its_findings(deployed: Deployed) -> None:
    """A definition that is none is refused with its findings."""
    with pytest.raises(ServiceError, match="InvalidDefinition"):
        await deployed.make(MACHINE, machine(DefinitionString='{"StartAt":"A"}'))


async def test_logging_goes_to_a_group_and_ends_when_dropped(deployed: Deployed) -> None:
    """Logging goes to the group named, and ends when the template drops it."""
    await deployed.call("logs", "CreateLogGroup", logGroupName="flow")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:flow:*"
    logging: JsonObject = {
        "Level": "ALL",
        "IncludeExecutionData": "true",
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": arn}}],
    }
    made = await deployed.make(
        MACHINE, machine(LoggingConfiguration=logging, TracingConfiguration={"Enabled": True})
    )
    shown = await described(deployed, made)
    assert shown["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    assert shown["tracingConfiguration"] == {"enabled": True}
    await deployed.change(MACHINE, made, machine())
    shown = await described(deployed, made)
    assert shown["loggingConfiguration"]["level"] == "OFF"
    assert shown["tracingConfiguration"] == {"enabled": False}


async def test_a_changed_definition_is_a_new_revision(deployed: Deployed) -> None:
    """A changed definition or role is a new revision; no change is none."""
    made = await deployed.make(MACHINE, machine())
    same = await deployed.change(MACHINE, made, machine())
    assert same.attributes == made.attributes
    changed = machine(DefinitionSubstitutions={"word": "b"}, RoleArn=f"{ROLE}-2")
    after = await deployed.change(MACHINE, made, changed)
    shown = await described(deployed, made)
    assert after.attributes["StateMachineRevisionId"] == shown["revisionId"] != "INITIAL"
    assert shown["roleArn"] == f"{ROLE}-2"
    assert await result(deployed, made) == "b"


async def test_tags_of_a_machine_follow_the_template(deployed: Deployed) -> None:
    """Tags of a machine follow the template and its stack."""
    made = await deployed.make(MACHINE, machine(Tags=[{"Key": "a", "Value": "1"}]), tags={"s": "t"})
    shown = await deployed.call("stepfunctions", "ListTagsForResource", resourceArn=made.id)
    assert shown["tags"] == [{"key": "s", "value": "t"}, {"key": "a", "value": "1"}]
    await deployed.change(MACHINE, made, machine(Tags=[{"Key": "b", "Value": "2"}]))
    shown = await deployed.call("stepfunctions", "ListTagsForResource", resourceArn=made.id)
    assert shown["tags"] == [{"key": "b", "value": "2"}]


async def test_a_machine_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A machine that is gone already is deleted."""
    made = await deployed.make(MACHINE, machine())
    await deployed.drop(MACHINE, made)
    await deployed.drop(MACHINE, made)
    with pytest.raises(ServiceError, match="StateMachineDoesNotExist"):
        await described(deployed, made)


async def test_a_version_holds_the_revision_it_names(deployed: Deployed) -> None:
    """A version holds the revision it names, and a machine that moved on is refused."""
    made = await deployed.make(MACHINE, machine())
    named = {"StateMachineArn": made.id, "StateMachineRevisionId": "INITIAL", "Description": "one"}
    version = await deployed.make(VERSION, named)
    assert version.id == f"{made.id}:1"
    assert version.attributes == {"Arn": version.id}
    assert (await described(deployed, version))["description"] == "one"
    assert (await deployed.make(VERSION, named, repeated=True)).id == version.id
    await deployed.change(MACHINE, made, machine(RoleArn=f"{ROLE}-2"))
    with pytest.raises(ServiceError, match="current State Machine revision"):
        await deployed.make(VERSION, named)
    await deployed.drop(VERSION, version)
    await deployed.drop(VERSION, version)
    with pytest.raises(ServiceError, match="StateMachineDoesNotExist"):
        await described(deployed, version)


async def two_versions(deployed: Deployed) -> tuple[Existing, list[str]]:
    """A machine with two versions."""
    made = await deployed.make(MACHINE, machine())
    first = await deployed.make(VERSION, {"StateMachineArn": made.id}, "One")
    await deployed.change(MACHINE, made, machine(RoleArn=f"{ROLE}-2"))
    second = await deployed.make(VERSION, {"StateMachineArn": made.id}, "Two")
    return made, [first.id, second.id]


async def routing(deployed: Deployed, alias: Existing) -> Any:
    """Where an alias leads to."""
    shown = await deployed.call(
        "stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=alias.id
    )
    return [
        (entry["stateMachineVersionArn"], entry["weight"])
        for entry in shown["routingConfiguration"]
    ]


async def test_an_alias_leads_to_versions_by_weight(deployed: Deployed) -> None:
    """An alias leads to versions by their weights, and follows the template."""
    made, (first, second) = await two_versions(deployed)
    one = {"StateMachineVersionArn": first, "Weight": "100"}
    properties: dict[str, Any] = {"Name": "live", "RoutingConfiguration": [one], "Description": "d"}
    alias = await deployed.make(ALIAS, properties)
    assert alias.id == f"{made.id}:live"
    assert alias.attributes == {"Arn": alias.id}
    halves: list[Any] = [{"StateMachineVersionArn": arn, "Weight": 50} for arn in (first, second)]
    await deployed.change(ALIAS, alias, {"Name": "live", "RoutingConfiguration": halves})
    assert await routing(deployed, alias) == [(first, 50), (second, 50)]
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(ALIAS, properties)
    await deployed.drop(ALIAS, alias)
    await deployed.drop(ALIAS, alias)
    with pytest.raises(ServiceError):
        await routing(deployed, alias)


async def test_an_alias_may_move_all_at_once(deployed: Deployed) -> None:
    """An alias may move to a version all at once; what would take time is refused."""
    _, (first, second) = await two_versions(deployed)
    preference = {"Type": "ALL_AT_ONCE", "StateMachineVersionArn": first}
    alias = await deployed.make(ALIAS, {"Name": "live", "DeploymentPreference": preference})
    moved: JsonObject = {**preference, "StateMachineVersionArn": second}
    await deployed.change(ALIAS, alias, {"Name": "live", "DeploymentPreference": moved})
    assert await routing(deployed, alias) == [(second, 100)]
    slow: JsonObject = {**preference, "Type": "LINEAR", "Percentage": 10, "Interval": 1}
    with pytest.raises(ServiceError, match="ALL_AT_ONCE only"):
        await deployed.change(ALIAS, alias, {"Name": "live", "DeploymentPreference": slow})


async def test_an_alias_may_name_its_machine(deployed: Deployed) -> None:
    """The machine that an alias names is that of its versions, or the alias is refused."""
    made, (first, _) = await two_versions(deployed)
    one: list[Any] = [{"StateMachineVersionArn": first, "Weight": 100}]
    given: JsonObject = {"Name": "live", "RoutingConfiguration": one}
    alias = await deployed.make(ALIAS, given | {"StateMachineArn": made.id})
    assert await routing(deployed, alias) == [(first, 100)]
    with pytest.raises(ServiceError, match="are not of the machine"):
        await deployed.change(ALIAS, alias, given | {"StateMachineArn": f"{made.id}x"})


async def test_an_activity_has_its_arn_as_reference(deployed: Deployed) -> None:
    """An activity has its ARN as reference, is adopted once, and follows its tags."""
    properties: JsonObject = {"Name": "approve", "Tags": [{"Key": "a", "Value": "1"}]}
    made = await deployed.make(ACTIVITY, properties)
    assert made.id == f"{STATES}:activity:approve"
    assert made.attributes == {"Arn": made.id, "Name": "approve"}
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(ACTIVITY, properties)
    assert await deployed.make(ACTIVITY, properties, repeated=True) == made
    await deployed.change(ACTIVITY, made, {"Name": "approve"})
    shown = await deployed.call("stepfunctions", "ListTagsForResource", resourceArn=made.id)
    assert shown["tags"] == []
    await deployed.drop(ACTIVITY, made)
    await deployed.drop(ACTIVITY, made)
    with pytest.raises(ServiceError, match="ActivityDoesNotExist"):
        await deployed.call("stepfunctions", "DescribeActivity", activityArn=made.id)


async def test_keys_for_encryption_have_no_effect(deployed: Deployed) -> None:
    """Keys for encryption are no reason to refuse a machine or an activity."""
    keys = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": "k"}
    made = await deployed.make(MACHINE, machine(EncryptionConfiguration=keys))
    assert "encryptionConfiguration" not in await described(deployed, made)
    await deployed.make(ACTIVITY, {"Name": "approve", "EncryptionConfiguration": keys})


def test_an_alias_that_would_move_slowly_is_found_beforehand() -> None:
    """An alias that would move slowly is refused before anything is made."""
    look = TYPES[ALIAS].review
    assert look is not None
    assert len(look({"DeploymentPreference": {"Type": "CANARY"}})) == 1
    assert look({"DeploymentPreference": {"Type": "ALL_AT_ONCE"}}) == []
    assert look({"RoutingConfiguration": []}) == []
