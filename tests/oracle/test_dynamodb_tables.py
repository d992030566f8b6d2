"""Tables, and the parameters from before expressions: the same calls to Stepwell and to moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

S, N = "S", "N"


def shape(*keys: str, **types: str) -> dict[str, Any]:
    """KeySchema and AttributeDefinitions: keys are the first names of types."""
    kinds = ("HASH", "RANGE")
    return {
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(keys, kinds, strict=False)
        ],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
    }


def index(name: str, *keys: str, kind: str = "ALL", **more: Any) -> dict[str, Any]:
    """An index."""
    return {
        "IndexName": name,
        "KeySchema": shape(*keys)["KeySchema"],
        "Projection": {"ProjectionType": kind, **more},
    }


ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}


@pytest.fixture
def client(aws: Aws) -> Iterator[Any]:
    """A client; every table it made is deleted."""
    client = aws("dynamodb")
    yield client
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)


def refused(client: Any, method: str, **params: Any) -> tuple[str, str]:
    """Code and text of the refusal."""
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_table_is_described_as_it_was_made(client: Any) -> None:
    """Keys, indexes, billing, streams."""
    client.create_table(
        TableName="tab",
        **shape("a", "b", a=S, b=N, c=S),
        **ON_DEMAND,
        GlobalSecondaryIndexes=[index("ggg", "c", kind="INCLUDE", NonKeyAttributes=["x"])],
        LocalSecondaryIndexes=[index("lll", "a", "c", kind="KEYS_ONLY")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    table = client.describe_table(TableName="tab")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == shape("a", "b")["KeySchema"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ItemCount"] == 0
    assert table["TableArn"].endswith(":table/tab")
    assert table["LatestStreamArn"].startswith(table["TableArn"] + "/stream/")
    (made,) = table["GlobalSecondaryIndexes"]
    assert made["IndexStatus"] == "ACTIVE"
    assert made["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}
    assert [each["IndexName"] for each in table["LocalSecondaryIndexes"]] == ["lll"]


def test_a_table_is_found_by_its_arn(client: Any) -> None:
    """Where a name can stand, an ARN can."""
    made = client.create_table(TableName="tab", **shape("a", a=S), **ON_DEMAND)
    arn = made["TableDescription"]["TableArn"]
    client.put_item(TableName=arn, Item={"a": {"S": "x"}})
    assert client.get_item(TableName=arn, Key={"a": {"S": "x"}})["Item"] == {"a": {"S": "x"}}
    assert client.describe_table(TableName=arn)["Table"]["TableName"] == "tab"


def test_tables_are_listed_in_pages(client: Any) -> None:
    """By name."""
    for name in ("table-a", "table-b", "table-c"):
        client.create_table(TableName=name, **shape("a", a=S), **ON_DEMAND)
    page = client.list_tables(Limit=2)
    assert page["TableNames"] == ["table-a", "table-b"]
    rest = client.list_tables(ExclusiveStartTableName=page["LastEvaluatedTableName"])
    assert rest["TableNames"] == ["table-c"]


def test_a_table_is_made_once(client: Any) -> None:
    """The name is taken until the table is deleted."""
    client.create_table(TableName="tab", **shape("a", a=S), **ON_DEMAND)
    assert refused(client, "create_table", TableName="tab", **shape("a", a=S), **ON_DEMAND) == (
        "ResourceInUseException",
        "Table already exists: tab",
    )
    client.delete_table(TableName="tab")
    client.create_table(TableName="tab", **shape("a", a=S), **ON_DEMAND)


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {**shape("a", a=S)},
        "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must"
        " both be specified when BillingMode is PROVISIONED",
    ),
    (
        {
            **shape("a", a=S),
            **ON_DEMAND,
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        },
        "One or more parameter values were invalid: Neither ReadCapacityUnits nor"
        " WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    ),
    (
        {**shape("a", "a", a=S), **ON_DEMAND},
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
    ),
    (
        {
            **shape("a", a=S, b=S),
            **ON_DEMAND,
            "LocalSecondaryIndexes": [index("lll", "a", "b")],
        },
        "One or more parameter values were invalid: Table KeySchema does not have a range key,"
        " which is required when specifying a LocalSecondaryIndex",
    ),
    (
        {
            **shape("a", a=S),
            **ON_DEMAND,
            "GlobalSecondaryIndexes": [index("ggg", "q")],
        },
        "One or more parameter values were invalid: Some index key attributes are not defined in"
        " AttributeDefinitions. Keys: [q], AttributeDefinitions: [a]",
    ),
]


@pytest.mark.parametrize(("params", "message"), REFUSED)
def test_what_cannot_be_a_table(client: Any, aws: Aws, params: Any, message: str) -> None:
    """Told in AWS's words; moto lets some of it be and has words of its own."""
    if aws.is_moto:
        pytest.skip("moto lets it be or tells it otherwise")
    code, told = refused(client, "create_table", TableName="bad", **params)
    assert (code, told) == ("ValidationException", message)


def test_streams_go_on_and_off(client: Any, aws: Aws) -> None:
    """Each time with a label of its own; twice the same is refused."""
    if aws.is_moto:
        pytest.skip("moto does not serve streams by this endpoint")
    client.create_table(TableName="tab", **shape("a", a=S), **ON_DEMAND)
    on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    client.update_table(TableName="tab", StreamSpecification=on)
    arn = client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]
    code, _ = refused(client, "update_table", TableName="tab", StreamSpecification=on)
    assert code == "ValidationException"
    client.put_item(TableName="tab", Item={"a": {"S": "x"}})
    streams = aws("dynamodbstreams")
    shown = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert shown["StreamViewType"] == "KEYS_ONLY"
    shard = shown["Shards"][0]["ShardId"]
    begin = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    (record,) = streams.get_records(ShardIterator=begin["ShardIterator"])["Records"]
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["Keys"] == {"a": {"S": "x"}}
    number = record["dynamodb"]["SequenceNumber"]
    for kind, count in (("AT_SEQUENCE_NUMBER", 1), ("AFTER_SEQUENCE_NUMBER", 0)):
        begin = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType=kind, SequenceNumber=number
        )
        found = streams.get_records(ShardIterator=begin["ShardIterator"])["Records"]
        assert len(found) == count
    client.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False})
    assert "StreamSpecification" not in client.describe_table(TableName="tab")["Table"]


def test_time_to_live(client: Any, aws: Aws) -> None:
    """On, off, and not twice."""
    client.create_table(TableName="tab", **shape("a", a=S), **ON_DEMAND)
    told = client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "DISABLED"}
    wanted = {"AttributeName": "until", "Enabled": True}
    client.update_time_to_live(TableName="tab", TimeToLiveSpecification=wanted)
    told = client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    if aws.is_moto:
        pytest.skip("moto takes it twice")
    assert refused(
        client, "update_time_to_live", TableName="tab", TimeToLiveSpecification=wanted
    ) == ("ValidationException", "TimeToLive is already enabled")


def test_tags(client: Any) -> None:
    """Those of the making, and more, and less."""
    made = client.create_table(
        TableName="tab", **shape("a", a=S), **ON_DEMAND, Tags=[{"Key": "k", "Value": "v"}]
    )
    arn = made["TableDescription"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "q", "Value": "w"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["k"])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "q", "Value": "w"}]


def test_a_protected_table_stays(client: Any) -> None:
    """Until the protection is taken off."""
    client.create_table(
        TableName="tab", **shape("a", a=S), **ON_DEMAND, DeletionProtectionEnabled=True
    )
    code, _ = refused(client, "delete_table", TableName="tab")
    assert code == "ValidationException"
    client.update_table(TableName="tab", DeletionProtectionEnabled=False)


@pytest.fixture
def people(client: Any) -> Any:
    """A table `people` (a, n) with four items."""
    client.create_table(TableName="people", **shape("a", "n", a=S, n=N), **ON_DEMAND)
    for number in range(4):
        client.put_item(
            TableName="people",
            Item={
                "a": {"S": "x"},
                "n": {"N": str(number)},
                "t": {"S": f"text{number}"},
                "l": {"SS": ["p", f"q{number}"]},
            },
        )
    return client


def compared(operator: str, *values: dict[str, Any]) -> dict[str, Any]:
    """A condition of old."""
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


LEGACY: list[tuple[dict[str, Any], list[str]]] = [
    ({"n": compared("GT", {"N": "1"})}, ["2", "3"]),
    ({"t": compared("BEGINS_WITH", {"S": "text"})}, ["0", "1", "2", "3"]),
    ({"t": compared("IN", {"S": "text1"}, {"S": "text3"})}, ["1", "3"]),
    ({"l": compared("CONTAINS", {"S": "q2"})}, ["2"]),
    ({"l": compared("NOT_CONTAINS", {"S": "q2"})}, ["0", "1", "3"]),
    ({"z": compared("NULL")}, ["0", "1", "2", "3"]),
    ({"z": compared("NOT_NULL")}, []),
    ({"n": compared("BETWEEN", {"N": "1"}, {"N": "2"})}, ["1", "2"]),
    ({"t": compared("NE", {"S": "text0"}), "n": compared("LT", {"N": "3"})}, ["1", "2"]),
]


@pytest.mark.parametrize(("condition", "expected"), LEGACY)
def test_filters_of_old(people: Any, condition: Any, expected: list[str]) -> None:
    """ScanFilter with each operator."""
    found = people.scan(TableName="people", ScanFilter=condition)
    assert sorted(item["n"]["N"] for item in found["Items"]) == expected


def test_queries_of_old(people: Any, aws: Aws) -> None:
    """KeyConditions, AttributesToGet, Select."""
    if aws.is_moto:
        pytest.skip("moto does not know AttributesToGet here")
    conditions = {"a": compared("EQ", {"S": "x"}), "n": compared("GE", {"N": "2"})}
    found = people.query(
        TableName="people", KeyConditions=conditions, AttributesToGet=["n"], ScanIndexForward=False
    )
    assert found["Items"] == [{"n": {"N": "3"}}, {"n": {"N": "2"}}]
    found = people.query(TableName="people", KeyConditions=conditions, Select="COUNT")
    assert (found["Count"], found["ScannedCount"]) == (2, 2)


def test_writes_of_old(people: Any) -> None:
    """AttributeUpdates and Expected."""
    key = {"a": {"S": "x"}, "n": {"N": "0"}}
    answer = people.update_item(
        TableName="people",
        Key=key,
        AttributeUpdates={
            "t": {"Action": "DELETE"},
            "c": {"Action": "ADD", "Value": {"N": "2"}},
            "p": {"Action": "PUT", "Value": {"S": "new"}},
        },
        Expected={"t": {"Value": {"S": "text0"}}},
        ReturnValues="ALL_NEW",
    )
    shown = answer["Attributes"]
    assert (shown.get("t"), shown["c"], shown["p"]) == (None, {"N": "2"}, {"S": "new"})
    code, _ = refused(
        people,
        "put_item",
        TableName="people",
        Item=key,
        Expected={"p": {"Exists": False}},
    )
    assert code == "ConditionalCheckFailedException"


def test_segments_share_a_scan(people: Any) -> None:
    """Every item is in one of them."""
    for number in range(60):
        people.put_item(TableName="people", Item={"a": {"S": f"k{number}"}, "n": {"N": "0"}})
    seen: list[str] = []
    for segment in range(4):
        found = people.scan(TableName="people", Segment=segment, TotalSegments=4)
        seen += [item["a"]["S"] + item["n"]["N"] for item in found["Items"]]
    assert len(seen) == len(set(seen)) == 64


def test_capacity_is_told(people: Any, aws: Aws) -> None:
    """As AWS counts it: reads by 4 KB, half when they may be late; writes by 1 KB."""
    if aws.is_moto:
        pytest.skip("moto counts otherwise")
    item = {"a": {"S": "x"}, "n": {"N": "9"}, "big": {"S": "x" * 5_000}}
    told = people.put_item(TableName="people", Item=item, ReturnConsumedCapacity="TOTAL")
    assert told["ConsumedCapacity"] == {"TableName": "people", "CapacityUnits": 5.0}
    key = {name: item[name] for name in "an"}
    for consistent, units in ((False, 1.0), (True, 2.0)):
        told = people.get_item(
            TableName="people",
            Key=key,
            ConsistentRead=consistent,
            ReturnConsumedCapacity="INDEXES",
        )
        assert told["ConsumedCapacity"] == {
            "TableName": "people",
            "CapacityUnits": units,
            "Table": {"CapacityUnits": units},
        }
