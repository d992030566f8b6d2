"""Tables of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from tests.deploy.world import ACCOUNT, REGION, Deployed, reviewed

TABLE = "AWS::DynamoDB::Table"
GLOBAL = "AWS::DynamoDB::GlobalTable"
ON_DEMAND = "PAY_PER_REQUEST"


def keys(*names: str) -> list[Any]:
    """A key schema: the first is the partition's."""
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)
    ]


def attributes(*names: str, kind: str = "S") -> list[Any]:
    """Attributes of one type."""
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def table(**properties: Any) -> dict[str, Any]:
    """Properties of a table."""
    return {
        "AttributeDefinitions": attributes("id"),
        "KeySchema": keys("id"),
        "BillingMode": ON_DEMAND,
        **properties,
    }


def index(name: str, *by: str, units: int | None = None) -> dict[str, Any]:
    """A global index."""
    given = {
        "IndexName": name,
        "KeySchema": keys(*by),
        "Projection": {"ProjectionType": "ALL"},
        "ContributorInsightsSpecification": {"Enabled": True},
    }
    if units is not None:
        given["ProvisionedThroughput"] = throughput(units)
    return given


def throughput(units: int | str) -> dict[str, Any]:
    """Throughput, the same for both."""
    return {"ReadCapacityUnits": units, "WriteCapacityUnits": units}


async def shown(deployed: Deployed, made: Existing) -> dict[str, Any]:
    """The table as the API shows it."""
    answer = await deployed.call("dynamodb", "DescribeTable", TableName=made.id)
    return dict(answer["Table"])


async def expiry(deployed: Deployed, made: Existing) -> Any:
    """By which attribute items end."""
    answer = await deployed.call("dynamodb", "DescribeTimeToLive", TableName=made.id)
    return answer["TimeToLiveDescription"].get("AttributeName")


async def test_a_table_has_its_name_as_reference(deployed: Deployed) -> None:
    """A table has its name as reference; with a stream it has that as attribute too."""
    made = await deployed.make(TABLE, table(TableName="orders"))
    assert made.id == "orders"
    answer = await shown(deployed, made)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    assert made.attributes == {"Arn": arn, "TableId": answer["TableId"]}
    stream = {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    other = await deployed.make(TABLE, table(**stream), "Other")
    assert other.id == "shop-Other-ABCDEF123456"
    assert other.attributes["StreamArn"] == (await shown(deployed, other))["LatestStreamArn"]


async def test_a_table_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A table of somebody else is not taken over; one's own is found again, whole."""
    ends = {"AttributeName": "ends", "Enabled": True}
    properties = table(TableName="orders", TimeToLiveSpecification=ends)
    made = await deployed.make(TABLE, properties)
    with pytest.raises(ServiceError, match="'orders' already exists"):
        await deployed.make(TABLE, properties)
    off = {"AttributeName": "ends", "Enabled": False}
    await deployed.call(
        "dynamodb", "UpdateTimeToLive", TableName="orders", TimeToLiveSpecification=off
    )
    assert await deployed.make(TABLE, properties, repeated=True) == made
    assert await expiry(deployed, made) == "ends"


async def test_a_table_is_made_with_everything(deployed: Deployed) -> None:
    """A table is made with indexes, throughput, encryption and protection."""
    made = await deployed.make(
        TABLE,
        table(
            AttributeDefinitions=attributes("id", "at", "by"),
            KeySchema=keys("id", "at"),
            BillingMode="PROVISIONED",
            ProvisionedThroughput=throughput("5"),
            GlobalSecondaryIndexes=[index("mine", "by", units=2)],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "local",
                    "KeySchema": keys("id", "by"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
            TableClass="STANDARD_INFREQUENT_ACCESS",
            DeletionProtectionEnabled="true",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            Tags=[{"Key": "a", "Value": "1"}],
        ),
    )
    answer = await shown(deployed, made)
    assert answer["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert answer["SSEDescription"]["Status"] == "ENABLED"
    assert answer["GlobalSecondaryIndexes"][0]["IndexName"] == "mine"
    assert answer["LocalSecondaryIndexes"][0]["IndexName"] == "local"
    with pytest.raises(ServiceError, match="protected against deletion"):
        await deployed.drop(TABLE, made)


async def test_settings_follow_the_template(deployed: Deployed) -> None:
    """Billing, class, encryption, protection and tags follow the template."""
    made = await deployed.make(TABLE, table())
    plain = await shown(deployed, made)
    full = table(
        BillingMode="PROVISIONED",
        ProvisionedThroughput=throughput(3),
        TableClass="STANDARD_INFREQUENT_ACCESS",
        SSESpecification={"SSEEnabled": True},
        DeletionProtectionEnabled=True,
        Tags=[{"Key": "a", "Value": "1"}],
    )
    changed = await deployed.change(TABLE, made, full)
    answer = await shown(deployed, made)
    assert answer["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert answer["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert (answer["DeletionProtectionEnabled"], "SSEDescription" in answer) == (True, True)
    on = {"ResourceArn": answer["TableArn"]}
    tags = await deployed.call("dynamodb", "ListTagsOfResource", **on)
    assert tags["Tags"] == [{"Key": "a", "Value": "1"}]
    more = {**full, "ProvisionedThroughput": throughput("4")}
    changed = await deployed.change(TABLE, changed, more)
    assert (await shown(deployed, made))["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    changed = await deployed.change(TABLE, changed, table())
    answer = await shown(deployed, made)
    assert answer["BillingModeSummary"]["BillingMode"] == ON_DEMAND
    assert answer["TableClassSummary"]["TableClass"] == "STANDARD"
    left_out = ("BillingModeSummary", "TableClassSummary")
    assert {k: v for k, v in answer.items() if k not in left_out} == {
        k: v for k, v in plain.items() if k not in left_out
    }
    assert (await deployed.call("dynamodb", "ListTagsOfResource", **on))["Tags"] == []


async def test_time_to_live_follows_the_template(deployed: Deployed) -> None:
    """Time to live begins, moves to another attribute, and ends with the template."""
    made = await deployed.make(TABLE, table())
    for name in ("ends", "expires"):
        spec = {"AttributeName": name, "Enabled": True}
        made = await deployed.change(TABLE, made, table(TimeToLiveSpecification=spec))
        assert await expiry(deployed, made) == name
    made = await deployed.change(TABLE, made, table())
    assert await expiry(deployed, made) is None


async def test_a_stream_follows_the_template(deployed: Deployed) -> None:
    """A stream begins, begins anew with another view, and ends with the template."""
    made = await deployed.make(TABLE, table())
    arns = []
    for view in ("KEYS_ONLY", "NEW_IMAGE"):
        deployed.clock.advance(deployed.clock.now() + 1000)
        spec = {"StreamViewType": view}
        made = await deployed.change(TABLE, made, table(StreamSpecification=spec))
        answer = await shown(deployed, made)
        assert answer["StreamSpecification"]["StreamViewType"] == view
        arns.append(made.attributes["StreamArn"])
    assert arns[0] != arns[1]
    made = await deployed.change(TABLE, made, table())
    assert "StreamArn" not in made.attributes


async def names(deployed: Deployed, made: Existing) -> list[str]:
    """The global indexes of a table."""
    answer = await shown(deployed, made)
    return [each["IndexName"] for each in answer.get("GlobalSecondaryIndexes", [])]


async def test_global_indexes_come_and_go_one_at_a_time(deployed: Deployed) -> None:
    """A global index comes or goes in place; two at once are refused as on AWS."""
    made = await deployed.make(TABLE, table())
    one = table(
        AttributeDefinitions=attributes("id", "by"), GlobalSecondaryIndexes=[index("mine", "by")]
    )
    made = await deployed.change(TABLE, made, one)
    assert await names(deployed, made) == ["mine"]
    other = table(
        AttributeDefinitions=attributes("id", "of"), GlobalSecondaryIndexes=[index("theirs", "of")]
    )
    with pytest.raises(ServiceError, match="more than one GSI creation or deletion"):
        await deployed.change(TABLE, made, other)
    deeper = table(
        AttributeDefinitions=attributes("id", "by", "of"),
        GlobalSecondaryIndexes=[index("mine", "by", "of")],
    )
    with pytest.raises(ServiceError, match="cannot update a GSI's properties other than"):
        await deployed.change(TABLE, made, deeper)
    made = await deployed.change(TABLE, made, table())
    assert await names(deployed, made) == []
    assert (await shown(deployed, made))["AttributeDefinitions"] == attributes("id")


async def test_throughput_of_an_index_follows_the_template(deployed: Deployed) -> None:
    """The throughput of an index changes alone."""

    def provisioned(units: int) -> dict[str, Any]:
        return table(
            AttributeDefinitions=attributes("id", "by"),
            BillingMode="PROVISIONED",
            ProvisionedThroughput=throughput(1),
            GlobalSecondaryIndexes=[index("mine", "by", units=units)],
        )

    made = await deployed.make(TABLE, provisioned(1))
    await deployed.change(TABLE, made, provisioned(2))
    answer = await shown(deployed, made)
    changed = answer["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert changed["ReadCapacityUnits"] == 2


def test_another_type_of_an_attribute_needs_another_table() -> None:
    """Another type of an attribute needs another table; another attribute does not."""
    must_replace = TYPES[TABLE].must_replace
    assert must_replace is not None
    number = table(AttributeDefinitions=attributes("id", kind="N"))
    assert must_replace(table(), number)
    more = table(AttributeDefinitions=attributes("id", "by"))
    assert not must_replace(table(), more)
    assert not must_replace(more, table())


async def test_a_table_that_cannot_be_finished_is_not_left_behind(deployed: Deployed) -> None:
    """A table whose time to live is refused is not left behind."""
    properties = table(
        TableName="orders", TimeToLiveSpecification={"AttributeName": "", "Enabled": True}
    )
    with pytest.raises(ServiceError, match="attributeName"):
        await deployed.make(TABLE, properties)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await deployed.call("dynamodb", "DescribeTable", TableName="orders")


async def test_a_table_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A table that is gone already is deleted."""
    made = await deployed.make(TABLE, table())
    await deployed.drop(TABLE, made)
    await deployed.drop(TABLE, made)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await shown(deployed, made)


def replicated(*regions: str, **properties: Any) -> dict[str, Any]:
    """Properties of a global table."""
    given = table(**properties)
    replicas = [{"Region": region, "Tags": [{"Key": "a", "Value": "1"}]} for region in regions]
    return {**given, "Replicas": replicas}


async def test_a_global_table_of_one_replica_is_a_table(deployed: Deployed) -> None:
    """A global table of one replica here is a table, with what its replica says."""
    made = await deployed.make(GLOBAL, replicated(REGION, TableName="orders"))
    answer = await shown(deployed, made)
    assert made.attributes["TableId"] == answer["TableId"]
    tags = await deployed.call("dynamodb", "ListTagsOfResource", ResourceArn=answer["TableArn"])
    assert tags["Tags"] == [{"Key": "a", "Value": "1"}]
    with pytest.raises(ServiceError, match="GlobalTable' with identifier 'orders'"):
        await deployed.make(GLOBAL, replicated(REGION, TableName="orders"))
    changed = replicated(REGION, TableName="orders")
    changed["Replicas"][0]["DeletionProtectionEnabled"] = True
    changed["StreamSpecification"] = {"StreamViewType": "NEW_IMAGE"}
    made = await deployed.change(GLOBAL, made, changed)
    assert (await shown(deployed, made))["DeletionProtectionEnabled"] is True
    assert "StreamArn" in made.attributes


async def test_a_global_table_has_the_throughput_that_scaling_would_leave(
    deployed: Deployed,
) -> None:
    """Provisioned throughput is read from settings of table, index and replica."""
    scaled = {"WriteCapacityAutoScalingSettings": {"MinCapacity": 4, "MaxCapacity": 9}}
    given = index("mine", "by")
    given["WriteProvisionedThroughputSettings"] = scaled
    properties = replicated(
        REGION,
        AttributeDefinitions=attributes("id", "by"),
        BillingMode="PROVISIONED",
        WriteProvisionedThroughputSettings=scaled,
        GlobalSecondaryIndexes=[given],
    )
    replica = properties["Replicas"][0]
    replica["ReadProvisionedThroughputSettings"] = {"ReadCapacityUnits": "7"}
    reads = {"ReadCapacityUnits": 3}
    replica["GlobalSecondaryIndexes"] = [
        {"IndexName": "mine", "ReadProvisionedThroughputSettings": reads}
    ]
    answer = await shown(deployed, await deployed.make(GLOBAL, properties))
    assert answer["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert answer["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    of_index = answer["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert (of_index["ReadCapacityUnits"], of_index["WriteCapacityUnits"]) == (3, 4)


@pytest.mark.parametrize("regions", [("us-east-1",), (REGION, "us-east-1")])
async def test_a_global_table_of_other_regions_is_refused(
    deployed: Deployed, regions: tuple[str, ...]
) -> None:
    """A global table of other regions is refused, several even beforehand."""
    with pytest.raises(ServiceError, match="one replica here"):
        await deployed.make(GLOBAL, replicated(*regions))
    review = TYPES[GLOBAL].review
    assert review is not None
    assert len(review(replicated(*regions))) == len(regions) - 1


async def protection(deployed: Deployed, name: str) -> tuple[Any, Any]:
    """For how many days a table can be recovered, and its policy; None: none."""
    answer = await deployed.call("dynamodb", "DescribeContinuousBackups", TableName=name)
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    try:
        policy = await deployed.call("dynamodb", "GetResourcePolicy", ResourceArn=arn)
    except ServiceError:
        return recovery.get("RecoveryPeriodInDays"), None
    return recovery.get("RecoveryPeriodInDays"), policy["Policy"]


RECOVERED = {"PointInTimeRecoveryEnabled": True}


async def test_recovery_and_policy_follow_the_template(deployed: Deployed) -> None:
    """Point-in-time recovery and the table's policy are as the API would have set them."""
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    given = table(
        TableName="orders", PointInTimeRecoverySpecification=RECOVERED, ResourcePolicy=policy
    )
    made = await deployed.make(TABLE, given)
    text = '{"Version":"2012-10-17","Statement":[]}'
    assert await protection(deployed, "orders") == (35, text)
    days = RECOVERED | {"RecoveryPeriodInDays": "7"}
    given = given | {"PointInTimeRecoverySpecification": days}
    made = await deployed.change(TABLE, made, given)
    assert await protection(deployed, "orders") == (7, text)
    await deployed.change(TABLE, made, table(TableName="orders"))
    assert await protection(deployed, "orders") == (None, None)


async def test_a_replica_is_recovered_as_a_table_is(deployed: Deployed) -> None:
    """What a replica says of recovery and policy, and a global table of reading, counts too."""
    properties = replicated(
        REGION,
        TableName="orders",
        BillingMode="PROVISIONED",
        ReadProvisionedThroughputSettings={"ReadCapacityUnits": 5},
    )
    replica = properties["Replicas"][0]
    replica["PointInTimeRecoverySpecification"] = RECOVERED
    replica["ResourcePolicy"] = {"PolicyDocument": {"Statement": []}}
    made = await deployed.make(GLOBAL, properties)
    assert await protection(deployed, "orders") == (35, '{"Statement":[]}')
    assert (await shown(deployed, made))["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_policies_of_streams_are_refused() -> None:
    """There are none, so a template that has one is told so beforehand."""
    policy: dict[str, Any] = {"PolicyDocument": {"Statement": []}}
    stream = {"StreamViewType": "NEW_IMAGE", "ResourcePolicy": policy}
    told = "StreamSpecification.ResourcePolicy is not supported: streams have no policies here."
    assert reviewed(TABLE, {"StreamSpecification": stream}) == [told]
    replica = {"Region": REGION, "ReplicaStreamSpecification": {"ResourcePolicy": policy}}
    assert reviewed(GLOBAL, {"Replicas": [replica]}) == [f"Replica{told}"]
    replica = {"Region": REGION, "KinesisStreamSpecification": {"StreamArn": "a"}}
    assert "Kinesis" in reviewed(GLOBAL, {"Replicas": [replica]})[0]
