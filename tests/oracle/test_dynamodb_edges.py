"""Edges of DynamoDB through boto3: limits, binary keys, indexes that show less, long pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

COUNT = {"number": 0}


class Maker:
    """Makes tables that are deleted at the end."""

    def __init__(self, client: Any, is_moto: bool) -> None:
        self.client = client
        self.is_moto = is_moto
        self.names: list[str] = []

    def table(self, keys: str, types: dict[str, str], **more: Any) -> str:
        """A table whose keys are the letters of `keys`."""
        COUNT["number"] += 1
        name = f"edges-{COUNT['number']}"
        self.client.create_table(
            TableName=name,
            KeySchema=schema(keys),
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": kind}
                for attribute, kind in types.items()
            ],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        self.names.append(name)
        return name


def schema(keys: str) -> list[dict[str, str]]:
    """A KeySchema."""
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, kinds, strict=False)
    ]


@pytest.fixture
def make(aws: Aws) -> Iterator[Maker]:
    """A client, and tables."""
    maker = Maker(aws("dynamodb"), aws.is_moto)
    yield maker
    for name in maker.names:
        maker.client.delete_table(TableName=name)


def refused(run: Callable[..., Any], **params: Any) -> str:
    """The text of the refusal."""
    with pytest.raises(ClientError) as caught:
        run(**params)
    return str(caught.value.response["Error"]["Message"])


def test_binary_keys_are_in_order(make: Maker) -> None:
    """By their bytes, also where one begins another, with zeros in them."""
    name = make.table("hr", {"h": "S", "r": "B"})
    keys = [b"\x00", b"\x00\x00", b"\x00\x01", b"\x01", b"a", b"a\x00", b"ab", b"\xff"]
    for key in reversed(keys):
        make.client.put_item(TableName=name, Item={"h": {"S": "x"}, "r": {"B": key}})
    found = make.client.query(
        TableName=name,
        KeyConditionExpression="h = :h",
        ExpressionAttributeValues={":h": {"S": "x"}},
    )
    assert [item["r"]["B"] for item in found["Items"]] == keys
    found = make.client.query(
        TableName=name,
        KeyConditionExpression="h = :h AND begins_with(r, :r)",
        ExpressionAttributeValues={":h": {"S": "x"}, ":r": {"B": b"a"}},
    )
    assert [item["r"]["B"] for item in found["Items"]] == [b"a", b"a\x00", b"ab"]


def test_text_is_ordered_by_its_bytes(make: Maker) -> None:
    """As UTF-8, in both directions, and between bounds."""
    name = make.table("hr", {"h": "S", "r": "S"})
    keys = ["A", "B", "a", "aa", "b", "é", "€", "\U0001f600"]
    for key in keys:
        make.client.put_item(TableName=name, Item={"h": {"S": "x"}, "r": {"S": key}})
    for forward in (True, False):
        found = make.client.query(
            TableName=name,
            KeyConditionExpression="h = :h AND r BETWEEN :a AND :z",
            ExpressionAttributeValues={":h": {"S": "x"}, ":a": {"S": "a"}, ":z": {"S": "€"}},
            ScanIndexForward=forward,
        )
        wanted = ["a", "aa", "b", "é", "€"]
        shown = [item["r"]["S"] for item in found["Items"]]
        assert shown == (wanted if forward else wanted[::-1])


def test_a_page_ends_at_a_megabyte(make: Maker) -> None:
    """And goes on where it ended."""
    name = make.table("hr", {"h": "S", "r": "N"})
    for number in range(12):
        item = {"h": {"S": "x"}, "r": {"N": str(number)}, "v": {"S": "v" * 200_000}}
        make.client.put_item(TableName=name, Item=item)
    seen: list[int] = []
    pages = 0
    start: dict[str, Any] = {}
    while True:
        page = make.client.query(
            TableName=name,
            KeyConditionExpression="h = :h",
            ExpressionAttributeValues={":h": {"S": "x"}},
            **start,
        )
        seen += [int(item["r"]["N"]) for item in page["Items"]]
        pages += 1
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert seen == list(range(12))
    assert pages == 3 or make.is_moto


def test_an_item_may_be_400_kilobytes(make: Maker) -> None:
    """Names and values; not a byte more."""
    if make.is_moto:
        pytest.skip("moto counts otherwise")
    name = make.table("h", {"h": "S"})
    item = {"h": {"S": "x"}, "v": {"S": "v" * (400 * 1024 - 3)}}
    make.client.put_item(TableName=name, Item=item)
    item["v"]["S"] += "v"
    told = refused(make.client.put_item, TableName=name, Item=item)
    assert told == "Item size has exceeded the maximum allowed size"
    told = refused(
        make.client.update_item,
        TableName=name,
        Key={"h": {"S": "x"}},
        UpdateExpression="SET w = :w",
        ExpressionAttributeValues={":w": {"S": "w"}},
    )
    assert told == "Item size to update has exceeded the maximum allowed size"


def indexed(make: Maker) -> str:
    """A table with a local and a global index that show less than everything."""
    return make.table(
        "hr",
        {"h": "S", "r": "S", "q": "S"},
        LocalSecondaryIndexes=[
            {
                "IndexName": "local",
                "KeySchema": schema("hq"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "global",
                "KeySchema": schema("q"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["i"]},
            }
        ],
    )


ITEM = {"h": {"S": "x"}, "r": {"S": "y"}, "q": {"S": "z"}, "i": {"S": "i"}, "o": {"S": "o"}}


def test_indexes_show_what_they_project(make: Maker) -> None:
    """Keys always; an item without the index's key is not in it."""
    name = indexed(make)
    make.client.put_item(TableName=name, Item=ITEM)
    make.client.put_item(TableName=name, Item={"h": {"S": "x"}, "r": {"S": "w"}})
    found = make.client.query(
        TableName=name,
        IndexName="local",
        KeyConditionExpression="h = :h",
        ExpressionAttributeValues={":h": {"S": "x"}},
    )
    assert found["Items"] == [{k: ITEM[k] for k in "hrq"}]
    found = make.client.scan(TableName=name, IndexName="global")
    assert found["Items"] == [{k: ITEM[k] for k in "hrqi"}]


def test_a_local_index_reads_the_rest_from_the_table(make: Maker) -> None:
    """When it is asked for."""
    if make.is_moto:
        pytest.skip("moto shows what is projected only")
    name = indexed(make)
    make.client.put_item(TableName=name, Item=ITEM)
    query: dict[str, Any] = {
        "TableName": name,
        "IndexName": "local",
        "KeyConditionExpression": "h = :h",
        "ExpressionAttributeValues": {":h": {"S": "x"}},
    }
    assert make.client.query(**query, Select="ALL_ATTRIBUTES")["Items"] == [ITEM]
    assert make.client.query(**query, ProjectionExpression="o")["Items"] == [{"o": ITEM["o"]}]
    query |= {
        "IndexName": "global",
        "KeyConditionExpression": "q = :q",
        "ExpressionAttributeValues": {":q": {"S": "z"}},
    }
    assert "does not project" in refused(make.client.query, **query, ProjectionExpression="o")
    assert refused(make.client.query, **query, Select="ALL_ATTRIBUTES") == (
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for"
        " global secondary index global because its projection type is not ALL"
    )
    assert refused(make.client.query, **query, ConsistentRead=True) == (
        "Consistent reads are not supported on global secondary indexes"
    )


def test_index_keys_have_their_types(make: Maker) -> None:
    """An item whose attribute does not fit the key of an index is refused whole."""
    if make.is_moto:
        pytest.skip("moto takes it")
    name = indexed(make)
    told = refused(make.client.put_item, TableName=name, Item={**ITEM, "q": {"N": "1"}})
    assert told.startswith(
        "One or more parameter values were invalid: Type mismatch for Index Key q Expected: S"
        " Actual: N"
    )


def test_the_item_that_fails_a_condition_is_told(make: Maker) -> None:
    """With ReturnValuesOnConditionCheckFailure."""
    name = make.table("h", {"h": "S"})
    item = {"h": {"S": "x"}, "b": {"B": b"\x00"}}
    make.client.put_item(TableName=name, Item=item)
    with pytest.raises(ClientError) as caught:
        make.client.put_item(
            TableName=name,
            Item=item,
            ConditionExpression="attribute_not_exists(h)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == item


UPDATED = [
    ("UPDATED_OLD", {"a": {"N": "1"}, "m": {"M": {"x": {"N": "1"}}}}),
    ("UPDATED_NEW", {"a": {"N": "2"}, "m": {"M": {"x": {"N": "5"}}}, "n": {"S": "new"}}),
]


@pytest.mark.parametrize(("returns", "expected"), UPDATED)
def test_what_was_updated_is_told(make: Maker, returns: str, expected: dict[str, Any]) -> None:
    """Only the paths that the update touched."""
    if make.is_moto:
        pytest.skip("moto tells whole attributes")
    name = make.table("h", {"h": "S"})
    item = {
        "h": {"S": "x"},
        "a": {"N": "1"},
        "m": {"M": {"x": {"N": "1"}, "y": {"N": "1"}}},
        "o": {"S": "o"},
    }
    make.client.put_item(TableName=name, Item=item)
    answer = make.client.update_item(
        TableName=name,
        Key={"h": {"S": "x"}},
        UpdateExpression="SET m.x = :five, n = :new ADD a :one",
        ExpressionAttributeValues={":five": {"N": "5"}, ":new": {"S": "new"}, ":one": {"N": "1"}},
        ReturnValues=returns,
    )
    assert answer["Attributes"] == expected


BAD_VALUES = [
    (
        {},
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    ),
    ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
    (
        {"SS": ["a", "a"]},
        "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
    ),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
    (
        {"NULL": False},
        "One or more parameter values were invalid: Null attribute value types must have the value"
        " of true",
    ),
]


@pytest.mark.parametrize(("value", "message"), BAD_VALUES)
def test_what_is_no_value(make: Maker, value: dict[str, Any], message: str) -> None:
    """Told in AWS's words; moto takes most of it."""
    if make.is_moto:
        pytest.skip("moto takes it, or tells it otherwise")
    name = make.table("h", {"h": "S"})
    told = refused(make.client.put_item, TableName=name, Item={"h": {"S": "x"}, "v": value})
    assert told == message


def test_values_nest_32_levels(make: Maker) -> None:
    """Not deeper."""
    if make.is_moto:
        pytest.skip("moto has no limit")
    name = make.table("h", {"h": "S"})

    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"S": "x"}
        for _ in range(levels):
            value = {"L": [value]}
        return {"h": {"S": "x"}, "v": value}

    make.client.put_item(TableName=name, Item=nested(32))
    told = refused(make.client.put_item, TableName=name, Item=nested(33))
    assert told == (
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels"
        " beyond supported limit"
    )


def test_two_transactions_on_one_item_are_refused(make: Maker) -> None:
    """One operation for each item."""
    name = make.table("h", {"h": "S"})
    put = {"Put": {"TableName": name, "Item": {"h": {"S": "x"}}}}
    told = refused(make.client.transact_write_items, TransactItems=[put, put])
    assert told == "Transaction request cannot include multiple operations on one item"


def test_transactions_read_many_items(make: Maker) -> None:
    """In the order of the request, an empty answer for what is not there."""
    name = make.table("h", {"h": "S"})
    make.client.put_item(TableName=name, Item={"h": {"S": "x"}, "v": {"N": "1"}})
    answer = make.client.transact_get_items(
        TransactItems=[{"Get": {"TableName": name, "Key": {"h": {"S": key}}}} for key in ("y", "x")]
    )
    assert answer["Responses"] == [{}, {"Item": {"h": {"S": "x"}, "v": {"N": "1"}}}]
