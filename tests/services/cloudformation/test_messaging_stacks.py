"""Stacks of queues, topics, rules, buckets, parameters and secrets, from creation to deletion."""

from __future__ import annotations

from typing import Any

from stepwell.values import JsonObject, decode
from tests.services.cloudformation.world import World


def thing(kind: str, **properties: Any) -> JsonObject:
    """A resource."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def arn(logical_id: str) -> JsonObject:
    """The ARN of another resource."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def ref(logical_id: str) -> JsonObject:
    """The reference to another resource."""
    return {"Ref": logical_id}


POLICY = {"Version": "2012-10-17", "Statement": []}


def everything() -> JsonObject:
    """One resource of each type, each using another one."""
    return {**messages(), **events(), **stores()}


def messages() -> JsonObject:
    """Queues and topics."""
    return {
        "Jobs": thing(
            "SQS::Queue",
            RedrivePolicy={"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3},
        ),
        "Dead": thing("SQS::Queue", KmsMasterKeyId=ref("Alias")),
        "JobsPolicy": thing("SQS::QueuePolicy", Queues=[ref("Jobs")], PolicyDocument=POLICY),
        "DeadPolicy": thing("SQS::QueueInlinePolicy", Queue=ref("Dead"), PolicyDocument=POLICY),
        "Topic": thing("SNS::Topic", Subscription=[{"Protocol": "sqs", "Endpoint": arn("Dead")}]),
        "Subscription": thing(
            "SNS::Subscription", TopicArn=ref("Topic"), Protocol="sqs", Endpoint=arn("Jobs")
        ),
        "TopicPolicy": thing("SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=POLICY),
        "Other": thing("SNS::Topic"),
        "OtherPolicy": thing(
            "SNS::TopicInlinePolicy", TopicArn=ref("Other"), PolicyDocument=POLICY
        ),
    }


def events() -> JsonObject:
    """What EventBridge and Scheduler have."""
    return {
        "Bus": thing("Events::EventBus", Name={"Fn::Sub": "${AWS::StackName}-bus"}),
        "Rule": thing(
            "Events::Rule",
            EventBusName=ref("Bus"),
            EventPattern={"source": ["shop"]},
            Targets=[{"Id": "jobs", "Arn": arn("Jobs")}],
        ),
        "Statement": thing(
            "Events::EventBusPolicy",
            EventBusName=ref("Bus"),
            StatementId="all",
            Action="events:PutEvents",
            Principal="*",
        ),
        "Archive": thing("Events::Archive", SourceArn=arn("Bus"), RetentionDays=1),
        "Connection": thing(
            "Events::Connection",
            AuthorizationType="BASIC",
            AuthParameters={
                "BasicAuthParameters": {
                    "Username": "u",
                    "Password": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}}}"},
                }
            },
        ),
        "Hook": thing(
            "Events::ApiDestination",
            ConnectionArn=arn("Connection"),
            HttpMethod="POST",
            InvocationEndpoint="https://example.org/",
        ),
        "Group": thing("Scheduler::ScheduleGroup"),
        "Schedule": thing(
            "Scheduler::Schedule",
            GroupName=ref("Group"),
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn("Jobs"), "RoleArn": "arn:aws:iam::000000000000:role/r"},
        ),
    }


def stores() -> JsonObject:
    """Buckets, parameters, secrets and keys."""
    return {
        "Photos": thing(
            "S3::Bucket",
            NotificationConfiguration={
                "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn("Jobs")}]
            },
        ),
        "PhotosPolicy": thing("S3::BucketPolicy", Bucket=ref("Photos"), PolicyDocument=POLICY),
        "Place": thing("SSM::Parameter", Type="String", Value=ref("Jobs")),
        "Secret": thing("SecretsManager::Secret", GenerateSecretString={"ExcludeCharacters": ":"}),
        "SecretPolicy": thing(
            "SecretsManager::ResourcePolicy", SecretId=ref("Secret"), ResourcePolicy=POLICY
        ),
        "Key": thing("KMS::Key", KeyPolicy=POLICY),
        "Alias": thing("KMS::Alias", AliasName="alias/shop", TargetKeyId=ref("Key")),
    }


async def left(world: World) -> list[Any]:
    """All that a stack could have left behind."""
    found = [
        *(await world.call("sqs", "ListQueues")).get("QueueUrls", []),
        *(await world.call("sns", "ListTopics"))["Topics"],
        *(await world.call("sns", "ListSubscriptions"))["Subscriptions"],
        *(await world.call("events", "ListRules"))["Rules"],
        *(await world.call("events", "ListArchives"))["Archives"],
        *(await world.call("events", "ListConnections"))["Connections"],
        *(await world.call("events", "ListApiDestinations"))["ApiDestinations"],
        *(await world.call("scheduler", "ListSchedules"))["Schedules"],
        *(await world.call("s3", "ListBuckets"))["Buckets"],
        *(await world.call("ssm", "DescribeParameters"))["Parameters"],
        *(await world.call("secretsmanager", "ListSecrets"))["SecretList"],
    ]
    buses = (await world.call("events", "ListEventBuses"))["EventBuses"]
    groups = (await world.call("scheduler", "ListScheduleGroups"))["ScheduleGroups"]
    return [*found, *(each for each in (*buses, *groups) if each["Name"] != "default")]


async def failures(world: World) -> list[tuple[str, ...]]:
    """The events that tell of a failure."""
    return [event for event in await world.events() if "FAILED" in event[1]]


async def test_everything_comes_and_goes(world: World) -> None:
    """A stack with one resource of each type is made, works, and leaves nothing behind."""
    await world.create(everything(), Tags=[{"Key": "team", "Value": "shop"}])
    assert await failures(world) == []
    assert await world.status() == "CREATE_COMPLETE"
    shown = await world.cfn("DescribeStackResource", StackName="shop", LogicalResourceId="Jobs")
    url = shown["StackResourceDetail"]["PhysicalResourceId"]
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}", "EventBusName": "shop-bus"}
    await world.call("events", "PutEvents", Entries=[entry])
    received = await world.call("sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)
    bodies: list[Any] = [decode(each["Body"]) for each in received["Messages"]]
    assert any(body.get("source") == "shop" for body in bodies)
    await world.delete()
    assert await left(world) == []


async def test_a_name_that_changes_replaces_what_it_names(world: World) -> None:
    """Everything is replaced whose name changes with the bus's; what used the old one follows."""
    await world.create(everything())
    changed = everything()
    changed["Bus"] = thing("Events::EventBus", Name="renamed")
    changed["Group"] = thing("Scheduler::ScheduleGroup", Name="renamed")
    changed["Photos"] = thing("S3::Bucket", BucketName="renamed")
    await world.update(changed)
    assert await failures(world) == []
    assert await world.status() == "UPDATE_COMPLETE"
    rules = await world.call("events", "ListRules", EventBusName="renamed")
    assert len(rules["Rules"]) == 1
    schedules = await world.call("scheduler", "ListSchedules")
    assert [each["GroupName"] for each in schedules["Schedules"]] == ["renamed"]
    buckets = await world.call("s3", "ListBuckets")
    assert [each["Name"] for each in buckets["Buckets"]] == ["renamed"]
    buses = await world.call("events", "ListEventBuses")
    assert [each["Name"] for each in buses["EventBuses"]] == ["default", "renamed"]
    await world.delete()
    assert await left(world) == []


async def test_what_a_template_drops_goes(world: World) -> None:
    """Resources that a template does not have any more are deleted with the update."""
    await world.create(everything())
    await world.update({"Key": everything()["Key"]})
    assert await world.status() == "UPDATE_COMPLETE"
    assert await left(world) == []


async def test_a_failure_leaves_nothing_behind(world: World) -> None:
    """When the last resource is refused, all others are rolled back."""
    refused = thing("SNS::Subscription", TopicArn=ref("Topic"), Protocol="sqs", Endpoint="jobs")
    refused["DependsOn"] = list(everything())
    await world.create({**everything(), "Refused": refused})
    assert await world.status() == "ROLLBACK_COMPLETE"
    assert "SQS endpoint ARN" in str(await failures(world))
    assert await left(world) == []
