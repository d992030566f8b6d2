"""A server that is killed between any two calls of a creation, an update or a deletion.

What was begun is carried out again, as a stack does it; then it must be as if nothing had happened,
and a deletion must leave nothing behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Cloud, Existing, Made
from stepwell.errors import ServiceError
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.functions import zip_of
from tests.deploy.world import ACCOUNT, REGION, Deployed

CALLS_MAX, ROWS_MAX = 40, 1_000
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:flow"
FUNCTION = {
    "FunctionName": "work",
    "Code": {"ZipFile": "def handler(event, context): ..."},
    "Role": ROLE,
    "Runtime": "python3.12",
    "Handler": "index.handler",
}
FLOW = {
    "StateMachineName": "flow",
    "RoleArn": ROLE,
    "DefinitionString": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
}
STATEMENT = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}
OTHER = {"Version": "2012-10-17", "Statement": [{**STATEMENT, "Action": "sns:*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "sts:AssumeRole"}],
}
MANAGED = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
TAGS = [{"Key": "a", "Value": "1"}]
ORDERS = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
BY = {
    "IndexName": "mine",
    "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
BOTH = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "by")]

CASES: dict[str, list[dict[str, Any]]] = {
    "AWS::DynamoDB::Table": [
        {
            **ORDERS,
            "TimeToLiveSpecification": {"AttributeName": "ends", "Enabled": True},
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        },
        {
            **ORDERS,
            "AttributeDefinitions": BOTH,
            "GlobalSecondaryIndexes": [BY],
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "over", "Enabled": True},
            "TableClass": "STANDARD_INFREQUENT_ACCESS",
            "Tags": TAGS,
        },
    ],
    "AWS::IAM::Group": [
        {"GroupName": "g", "Policies": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}]},
        {"GroupName": "g", "Path": "/b/", "ManagedPolicyArns": [MANAGED]},
    ],
    "AWS::IAM::InstanceProfile": [
        {"InstanceProfileName": "i", "Roles": ["one"]},
        {"InstanceProfileName": "i", "Roles": ["two"], "Tags": TAGS},
    ],
    "AWS::IAM::ManagedPolicy": [
        {"ManagedPolicyName": "m", "PolicyDocument": DOCUMENT, "Roles": ["one"]},
        {"ManagedPolicyName": "m", "PolicyDocument": OTHER, "Roles": ["two"]},
    ],
    "AWS::IAM::Policy": [
        {"PolicyName": "p", "PolicyDocument": DOCUMENT, "Roles": ["one"]},
        {"PolicyName": "q", "PolicyDocument": OTHER, "Roles": ["one", "two"]},
    ],
    "AWS::IAM::Role": [
        {
            "RoleName": "r",
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}],
        },
        {
            "RoleName": "r",
            "AssumeRolePolicyDocument": TRUST,
            "Description": "d",
            "ManagedPolicyArns": [MANAGED],
            "PermissionsBoundary": MANAGED,
            "Tags": TAGS,
        },
    ],
    "AWS::IAM::User": [
        {"UserName": "u", "Groups": ["known"], "ManagedPolicyArns": [MANAGED]},
        {"UserName": "u", "Path": "/b/", "PermissionsBoundary": MANAGED, "Tags": TAGS},
    ],
    "AWS::Lambda::Alias": [
        {
            "FunctionName": "other",
            "Name": "live",
            "FunctionVersion": "1",
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
        },
        {"FunctionName": "other", "Name": "live", "FunctionVersion": "1", "Description": "d"},
    ],
    "AWS::Lambda::EventSourceMapping": [
        {
            "FunctionName": "other",
            "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs",
            "BatchSize": 5,
        },
        {
            "FunctionName": "other",
            "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs",
            "Enabled": False,
            "Tags": TAGS,
        },
    ],
    "AWS::Lambda::EventInvokeConfig": [
        {"FunctionName": "other", "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
        {"FunctionName": "other", "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
    ],
    "AWS::Lambda::Function": [
        {**FUNCTION, "ReservedConcurrentExecutions": 1, "RecursiveLoop": "Allow"},
        {
            **FUNCTION,
            "Code": {"ZipFile": "def handler(event, context): return 1"},
            "Timeout": 9,
            "Tags": TAGS,
        },
    ],
    "AWS::Lambda::LayerVersion": [{"Content": {"S3Bucket": "code", "S3Key": "layer"}}],
    "AWS::Lambda::Permission": [
        {"FunctionName": "other", "Action": "lambda:InvokeFunction", "Principal": "*"}
    ],
    "AWS::Lambda::Url": [
        {"TargetFunctionArn": "other", "AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}},
        {"TargetFunctionArn": "other", "AuthType": "AWS_IAM"},
    ],
    "AWS::Lambda::Version": [
        {
            "FunctionName": "fresh",
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
        }
    ],
    "AWS::Logs::LogGroup": [
        {"LogGroupName": "l", "RetentionInDays": 7},
        {"LogGroupName": "l", "Tags": TAGS},
    ],
    "AWS::Logs::SubscriptionFilter": [
        {
            "LogGroupName": "known",
            "FilterName": "f",
            "FilterPattern": pattern,
            "DestinationArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other",
        }
        for pattern in ("", "ERROR")
    ],
    "AWS::StepFunctions::Activity": [{"Name": "a"}, {"Name": "a", "Tags": TAGS}],
    "AWS::StepFunctions::StateMachine": [
        FLOW,
        {**FLOW, "RoleArn": f"{ROLE}-2", "Tags": TAGS},
    ],
    "AWS::StepFunctions::StateMachineAlias": [
        {
            "Name": "live",
            "RoutingConfiguration": [
                {"StateMachineVersionArn": f"{MACHINE}-other:1", "Weight": 100}
            ],
        }
    ],
    "AWS::StepFunctions::StateMachineVersion": [{"StateMachineArn": f"{MACHINE}-fresh"}],
}
"""Properties when it is made, and when it is changed."""

STAYS = frozenset(
    {
        # Work for later, and what tells numbers that were given already.
        "dynamodb_abandoned",
        "dynamodb_stream",
        "lambda_layer",
        "logs_abandoned",
        # Past executions are described by the revisions of machines that are gone.
        "machine_revision",
    }
)
"""Tables whose rows outlive the resource."""


class Killed(Exception):
    """The server is no more."""


class Dying:
    """A cloud whose server is killed right after so many calls went through.

    With `refusal` it is not killed; the last of these calls is refused instead.
    """

    account, region = ACCOUNT, REGION

    def __init__(self, cloud: Cloud, calls: int, refusal: ServiceError | None = None) -> None:
        self._cloud = cloud
        self._refusal = refusal
        self.left = calls

    async def call(
        self, service: str, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """A call; its answer never arrives when it is the last."""
        self.left -= 1
        if self.left == 0 and self._refusal is not None:
            raise self._refusal
        answer = await self._cloud.call(service, operation, params)
        if self.left == 0:
            raise Killed
        return answer


@asynccontextmanager
async def furnished() -> AsyncIterator[Deployed]:
    """A server with everything that the cases refer to."""
    world = Deployed()
    await world.start()
    try:
        for name in ("one", "two"):
            role = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
            await world.make("AWS::IAM::Role", role, name)
        await world.make("AWS::IAM::Group", {"GroupName": "known"})
        await world.make("AWS::SQS::Queue", {"QueueName": "jobs"})
        await world.make("AWS::Logs::LogGroup", {"LogGroupName": "known"})
        for name in ("other", "fresh"):
            await world.make("AWS::Lambda::Function", {**FUNCTION, "FunctionName": name}, name)
            flow = {**FLOW, "StateMachineName": f"flow-{name}"}
            await world.make("AWS::StepFunctions::StateMachine", flow, name)
        await world.make("AWS::Lambda::Version", {"FunctionName": "other"})
        version = {"StateMachineArn": f"{MACHINE}-other"}
        await world.make("AWS::StepFunctions::StateMachineVersion", version)
        place = {"LocationConstraint": REGION}
        await world.call("s3", "CreateBucket", Bucket="code", CreateBucketConfiguration=place)
        body = zip_of({"python/x.py": ""})
        await world.call("s3", "PutObject", Bucket="code", Key="layer", Body=body)
        yield world
    finally:
        await world.stop()


async def rows(world: Deployed) -> dict[str, int]:
    """How many rows each table has, of those that count."""
    await world.core.ledger.committed()
    counts = {
        table.name: len(await world.store.scan(table, limit=ROWS_MAX))
        for table in declared_tables()
        if table.name not in STAYS
    }
    return {name: count for name, count in counts.items() if count}


async def create(world: Deployed, kind: str, calls: int) -> tuple[Existing, bool]:
    """Make it, with a crash after so many calls and once more; whether there was a crash."""
    wanted = world.wanted(CASES[kind][0], tags={"s": "t"})
    crashed = False
    try:
        made = await TYPES[kind].create(Dying(world.cloud, calls), wanted)
    except Killed:
        crashed = True
        again = world.wanted(CASES[kind][0], tags={"s": "t"}, repeated=True)
        made = await TYPES[kind].create(world.cloud, again)
    return Existing("shop", "Thing", made.id, CASES[kind][0], made.attributes), crashed


async def change(
    world: Deployed, kind: str, existing: Existing, calls: int
) -> tuple[Existing, bool]:
    """Change it, with a crash after so many calls and once more."""
    update = TYPES[kind].update
    assert update is not None
    wanted = world.wanted(CASES[kind][1])
    crashed = False
    try:
        made: Made = await update(Dying(world.cloud, calls), wanted, existing)
    except Killed:
        crashed = True
        made = await update(world.cloud, wanted, existing)
    return Existing("shop", "Thing", made.id, CASES[kind][1], made.attributes), crashed


async def drop(world: Deployed, kind: str, existing: Existing, calls: int) -> bool:
    """Delete it, with a crash after so many calls and once more."""
    try:
        await TYPES[kind].delete(Dying(world.cloud, calls), existing)
    except Killed:
        await TYPES[kind].delete(world.cloud, existing)
        return True
    return False


@pytest.mark.parametrize("kind", CASES)
async def test_a_creation_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever a creation is cut off, repeated it makes one whole resource that goes again."""
    async with furnished() as world:
        before = await rows(world)
        plain, _ = await create(world, kind, 0)
        whole = await rows(world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as world:
            made, crashed = await create(world, kind, calls)
            assert await rows(world) == whole, f"after {calls} calls"
            assert made.attributes.keys() == plain.attributes.keys()
            await drop(world, kind, made, 0)
            assert await rows(world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("a creation takes very many calls")


@pytest.mark.parametrize("kind", [kind for kind in CASES if len(CASES[kind]) > 1])
async def test_an_update_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever an update is cut off, repeated it leads to the same, deleted without rest."""
    async with furnished() as world:
        before = await rows(world)
        plain, _ = await create(world, kind, 0)
        await change(world, kind, plain, 0)
        whole = await rows(world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as world:
            made, _ = await create(world, kind, 0)
            made, crashed = await change(world, kind, made, calls)
            assert await rows(world) == whole, f"after {calls} calls"
            await drop(world, kind, made, 0)
            assert await rows(world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("an update takes very many calls")


@pytest.mark.parametrize("kind", [kind for kind in CASES if len(CASES[kind]) > 1])
async def test_an_update_that_was_refused_in_the_middle_is_taken_back(kind: str) -> None:
    """Whichever call of an update is refused, the way back leads to what there was."""
    refusal = ServiceError("ServiceUnavailable", "Not now.")
    update = TYPES[kind].update
    assert update is not None
    for calls in range(1, CALLS_MAX):
        async with furnished() as world:
            made, _ = await create(world, kind, 0)
            before = await rows(world)
            forward, back = world.wanted(CASES[kind][1]), world.wanted(CASES[kind][0])
            # As stacks have it: nobody knows how far it came.
            tried = replace(made, properties=CASES[kind][1])
            try:
                await update(Dying(world.cloud, calls, refusal), forward, made)
            except ServiceError:
                await update(world.cloud, replace(back, tags={"s": "t"}), tried)
            else:
                return
            after = await rows(world)
            # Versions of a managed policy are its history, the way back among them.
            differs = {name for name in {*before, *after} if before.get(name) != after.get(name)}
            assert differs <= {"iam_policy_version"}, f"refused at call {calls}"
    raise AssertionError("an update takes very many calls")


@pytest.mark.parametrize("kind", CASES)
async def test_a_deletion_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever a deletion is cut off, repeated it leaves nothing."""
    async with furnished() as world:
        before = await rows(world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as world:
            made, _ = await create(world, kind, 0)
            crashed = await drop(world, kind, made, calls)
            assert await rows(world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("a deletion takes very many calls")
