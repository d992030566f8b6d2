"""What holds for every type alike: a name that is taken, a repeated creation, a double deletion."""

from __future__ import annotations

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.world import Deployed

BUS = "arn:aws:events:eu-west-1:000000000000:event-bus/default"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:q"
NAMED: dict[str, JsonObject] = {
    "AWS::Events::Archive": {"ArchiveName": "mine", "SourceArn": BUS},
    "AWS::Events::Connection": {
        "Name": "mine",
        "AuthorizationType": "BASIC",
        "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    },
    "AWS::Events::EventBus": {"Name": "mine", "Tags": [{"Key": "a", "Value": "b"}]},
    "AWS::Events::Rule": {"Name": "mine", "EventPattern": {"source": ["s"]}},
    "AWS::S3::Bucket": {"BucketName": "mine", "VersioningConfiguration": {"Status": "Enabled"}},
    "AWS::Scheduler::Schedule": {
        "Name": "mine",
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": QUEUE, "RoleArn": "arn:aws:iam::000000000000:role/r"},
    },
    "AWS::Scheduler::ScheduleGroup": {"Name": "mine"},
    "AWS::SecretsManager::Secret": {"Name": "mine", "GenerateSecretString": {}},
    "AWS::SNS::Topic": {"TopicName": "mine", "Tags": [{"Key": "a", "Value": "b"}]},
    "AWS::SQS::Queue": {"QueueName": "mine", "DelaySeconds": 3},
    "AWS::SSM::Parameter": {"Name": "mine", "Type": "String", "Value": "v", "Tags": {"a": "b"}},
}


@pytest.mark.parametrize("kind", NAMED)
async def test_a_name_that_is_taken_is_refused(deployed: Deployed, kind: str) -> None:
    """A resource that somebody else made is not taken over."""
    await deployed.make(kind, NAMED[kind], "First")
    with pytest.raises(ServiceError, match="already exists") as refused:
        await deployed.make(kind, NAMED[kind], "Second")
    assert refused.value.code == "AlreadyExists"


@pytest.mark.parametrize("kind", NAMED)
async def test_a_repeated_creation_finds_what_the_first_one_made(
    deployed: Deployed, kind: str
) -> None:
    """A creation that is repeated, whether the first attempt got through or not, gives the same."""
    fresh = await deployed.make(kind, NAMED[kind], tags={"t": "s"}, repeated=True)
    again = await deployed.make(kind, NAMED[kind], tags={"t": "s"}, repeated=True)
    assert again == fresh
    assert "mine" in again.id


@pytest.mark.parametrize("kind", NAMED)
async def test_what_is_gone_already_is_deleted(deployed: Deployed, kind: str) -> None:
    """A resource can be deleted twice, and then be made anew."""
    made = await deployed.make(kind, NAMED[kind])
    await deployed.drop(kind, made)
    await deployed.drop(kind, made)
    await deployed.make(kind, NAMED[kind])


@pytest.mark.parametrize("kind", TYPES)
def test_a_property_is_in_one_set_only(kind: str) -> None:
    """A property is required, optional, without effect or refused, and what replaces is one."""
    known = TYPES[kind]
    sets = (known.required, known.optional, known.without_effect, frozenset(known.refused))
    assert sum(map(len, sets)) == len(frozenset().union(*sets))
    assert known.stored_only or all(known.knows(name) for name in known.replaces)
    assert all(known.refused.values())
