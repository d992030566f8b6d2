"""Items: the same calls to Stepwell and to moto, with what AWS documents of their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

Refused = Callable[..., tuple[str, str]]


@pytest.fixture
def db(aws: Aws, request: pytest.FixtureRequest) -> Any:
    """A client and a fresh table `name`: hash key `id` (S), range key `n` (N), an index by `g`."""
    client = aws("dynamodb")
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield Table(client, name, aws.is_moto)
    client.delete_table(TableName=name)


class Table:
    """Calls on one table."""

    def __init__(self, client: Any, name: str, is_moto: bool) -> None:
        self.client = client
        self.name = name
        self.is_moto = is_moto

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda **params: getattr(self.client, method)(TableName=self.name, **params)

    def refused(self, method: str, **params: Any) -> tuple[str, str]:
        """Code and text of the refusal."""
        with pytest.raises(ClientError) as caught:
            getattr(self, method)(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    def fill(self, *numbers: str, **more: Any) -> None:
        """Items of hash key `a` with those range keys."""
        for number in numbers:
            self.put_item(Item={**key(number), **more})

    def item(self, number: str = "1") -> Any:
        """The item of hash key `a`."""
        return self.get_item(Key=key(number)).get("Item")


def key(number: str = "1") -> dict[str, Any]:
    """A key."""
    return {"id": {"S": "a"}, "n": {"N": number}}


def numbers(answer: Any) -> list[str]:
    """The range keys of the items that were found."""
    return [item["n"]["N"] for item in answer["Items"]]


EVERYTHING = {
    "s": {"S": "text"},
    "e": {"S": ""},
    "b": {"B": b"\x00\xff"},
    "t": {"BOOL": True},
    "z": {"NULL": True},
    "l": {"L": [{"N": "1"}, {"M": {"x": {"B": b"y"}}}]},
    "m": {"M": {"deep": {"M": {"er": {"S": "!"}}}}},
    "ss": {"SS": ["a", "b"]},
    "bs": {"BS": [b"a"]},
}


def test_an_item_comes_back_as_it_was_put(db: Table) -> None:
    """All types of attributes."""
    item = {**key(), **EVERYTHING}
    db.put_item(Item=item)
    found = db.item()
    assert sorted(found.pop("ss")["SS"]) == ["a", "b"]
    assert found == {k: v for k, v in item.items() if k != "ss"}


def test_range_keys_are_ordered_as_numbers(db: Table) -> None:
    """Also negative ones and fractions, in both directions."""
    db.fill("10", "9", "-1", "-2.5", "0", "0.5", "100", "-10")
    found = db.query(KeyConditionExpression="id = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    ordered = ["-10", "-2.5", "-1", "0", "0.5", "9", "10", "100"]
    assert numbers(found) == ordered
    found = db.query(
        KeyConditionExpression="id = :a",
        ExpressionAttributeValues={":a": {"S": "a"}},
        ScanIndexForward=False,
    )
    assert numbers(found) == ordered[::-1]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n = :x", ["2"]),
        ("n < :x", ["1"]),
        ("n <= :x", ["1", "2"]),
        ("n > :x", ["3", "4"]),
        ("n >= :x", ["2", "3", "4"]),
        ("n BETWEEN :x AND :y", ["2", "3"]),
    ],
)
def test_key_conditions_bound_range_keys(db: Table, condition: str, expected: list[str]) -> None:
    """Each comparison, in both directions."""
    db.fill("1", "2", "3", "4")
    values = {":a": {"S": "a"}, ":x": {"N": "2"}}
    if ":y" in condition:
        values[":y"] = {"N": "3"}
    for forward in (True, False):
        found = db.query(
            KeyConditionExpression=f"id = :a AND {condition}",
            ExpressionAttributeValues=values,
            ScanIndexForward=forward,
        )
        assert numbers(found) == (expected if forward else expected[::-1])


def test_pages_follow_one_another(db: Table) -> None:
    """LastEvaluatedKey is where the next page begins, on the table and on the index."""
    db.fill(*map(str, range(7)), g={"S": "x"})
    for index, condition in ((None, "id = :a"), ("by-g", "g = :a")):
        value = {"S": "x" if index else "a"}
        start: dict[str, Any] = {"IndexName": index} if index else {}
        seen: list[str] = []
        for _ in range(10):
            page = db.query(
                KeyConditionExpression=condition,
                ExpressionAttributeValues={":a": value},
                Limit=3,
                **start,
            )
            seen += numbers(page)
            if "LastEvaluatedKey" not in page:
                break
            start["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        assert sorted(seen) == list("0123456")


UPDATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SET a = :v", {":v": {"S": "x"}}, {"a": {"S": "x"}}),
    ("SET c = c + :v", {":v": {"N": "0.1"}}, {"c": {"N": "1.1"}}),
    ("SET c = :v - c", {":v": {"N": "3"}}, {"c": {"N": "2"}}),
    ("SET q = if_not_exists(q, :v)", {":v": {"N": "3"}}, {"q": {"N": "3"}}),
    ("SET c = if_not_exists(c, :v) + :v", {":v": {"N": "3"}}, {"c": {"N": "4"}}),
    ("SET li[1] = :v", {":v": {"S": "x"}}, {"li": {"L": [{"N": "1"}, {"S": "x"}, {"N": "3"}]}}),
    (
        "SET li[9] = :v",
        {":v": {"S": "x"}},
        {"li": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}, {"S": "x"}]}},
    ),
    (
        "SET li = list_append(:v, li)",
        {":v": {"L": [{"N": "0"}]}},
        {"li": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"N": "3"}]}},
    ),
    ("SET mm.x.y = :v", {":v": {"S": "x"}}, {"mm": {"M": {"x": {"M": {"y": {"S": "x"}}}}}}),
    ("REMOVE li[0], li[1]", {}, {"li": {"L": [{"N": "3"}]}}),
    ("REMOVE mm.x", {}, {"mm": {"M": {}}}),
    ("ADD c :v", {":v": {"N": "-5"}}, {"c": {"N": "-4"}}),
    ("ADD q :v", {":v": {"N": "5"}}, {"q": {"N": "5"}}),
    ("DELETE ss :v", {":v": {"SS": ["b", "z"]}}, {"ss": {"SS": ["a"]}}),
    ("SET c = li[2], a = c", {}, {"c": {"N": "3"}, "a": {"N": "1"}}),
]


@pytest.mark.parametrize(("expression", "values", "expected"), UPDATES)
def test_updates(
    db: Table, expression: str, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each action does what AWS documents; the rest of the item stays."""
    before = {
        **key(),
        "c": {"N": "1"},
        "li": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]},
        "mm": {"M": {"x": {"M": {}}}},
        "ss": {"SS": ["a", "b"]},
    }
    db.put_item(Item=before)
    given = {"ExpressionAttributeValues": values} if values else {}
    answer = db.update_item(Key=key(), UpdateExpression=expression, ReturnValues="ALL_NEW", **given)
    assert {name: answer["Attributes"].get(name) for name in expected} == expected
    assert sorted(answer["Attributes"]) == sorted({**before, **expected})


CONDITIONS: list[tuple[str, bool]] = [
    ("attribute_exists(s)", True),
    ("attribute_exists(nothing)", False),
    ("attribute_not_exists(nothing)", True),
    ("attribute_type(s, :S)", True),
    ("begins_with(s, :te)", True),
    ("contains(s, :ex)", True),
    ("contains(ss, :b)", True),
    ("contains(l, :one)", True),
    ("size(s) = :four", True),
    ("size(l) > :one", True),
    ("s = :text AND (t = :true OR nothing = :text)", True),
    ("NOT s = :text", False),
    ("s IN (:te, :text)", True),
    ("s BETWEEN :te AND :text", True),
    ("m.deep.er <> :text", True),
    ("l[0] = :one", True),
    ("nothing <> :text", True),
]
VALUES: dict[str, Any] = {
    ":S": {"S": "S"},
    ":te": {"S": "te"},
    ":ex": {"S": "ex"},
    ":b": {"S": "b"},
    ":one": {"N": "1"},
    ":four": {"N": "4"},
    ":text": {"S": "text"},
    ":true": {"BOOL": True},
}


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_conditions(db: Table, condition: str, expected: bool) -> None:
    """A write whose condition does not hold is refused, and changes nothing."""
    db.put_item(Item={**key(), **EVERYTHING})
    values = {name: value for name, value in VALUES.items() if f"{name}" in _words(condition)}
    given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
    given["ConditionExpression"] = condition
    if expected:
        db.delete_item(Key=key(), **given)
        assert db.item() is None
    else:
        code, message = db.refused("delete_item", Key=key(), **given)
        assert (code, message) == (
            "ConditionalCheckFailedException",
            "The conditional request failed",
        )
        assert db.item() is not None


def _words(text: str) -> list[str]:
    return text.replace("(", " ").replace(")", " ").replace(",", " ").split()


def test_a_transaction_is_whole(db: Table) -> None:
    """One failed condition, and nothing of it happened; the reasons are in order."""
    db.fill("1")
    put = {"Put": {"TableName": db.name, "Item": key("2")}}
    check = {
        "ConditionCheck": {
            "TableName": db.name,
            "Key": key("1"),
            "ConditionExpression": "attribute_not_exists(id)",
        }
    }
    with pytest.raises(ClientError) as caught:
        db.client.transact_write_items(TransactItems=[put, check])
    response = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons"
        " [None, ConditionalCheckFailed]"
    )
    codes = [reason["Code"] for reason in response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert db.item("2") is None
    db.client.transact_write_items(TransactItems=[put])
    assert db.item("2") == key("2")


def test_batches(db: Table) -> None:
    """Items are written and read in batches; duplicates are refused."""
    puts = [{"PutRequest": {"Item": key(str(n))}} for n in range(25)]
    answer = db.client.batch_write_item(RequestItems={db.name: puts})
    assert answer["UnprocessedItems"] == {}
    keys = [key(str(n)) for n in range(30)]
    answer = db.client.batch_get_item(RequestItems={db.name: {"Keys": keys}})
    assert len(answer["Responses"][db.name]) == 25
    with pytest.raises(ClientError) as caught:
        db.client.batch_write_item(RequestItems={db.name: [puts[0], puts[0]]})
    assert (
        caught.value.response["Error"]["Message"]
        == "Provided list of item keys contains duplicates"
    )


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    (
        "put_item",
        {"Item": {"id": {"S": "a"}}},
        "One or more parameter values were invalid: Missing the key n in the item",
    ),
    (
        "put_item",
        {"Item": {"id": {"S": "a"}, "n": {"S": "1"}}},
        "One or more parameter values were invalid: Type mismatch for key n expected: N actual: S",
    ),
    ("get_item", {"Key": {"id": {"S": "a"}}}, "The provided key element does not match the schema"),
    (
        "put_item",
        {"Item": {"id": {"S": ""}, "n": {"N": "1"}}},
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot"
        " contain an empty string value. Key: id",
    ),
    (
        "update_item",
        {
            "Key": key(),
            "UpdateExpression": "SET n = :v",
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        },
        "One or more parameter values were invalid: Cannot update attribute n. This attribute is"
        " part of the key",
    ),
    (
        "put_item",
        {"Item": key(), "ConditionExpression": "attribute_exists(name)"},
        "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name",
    ),
    (
        "put_item",
        {
            "Item": key(),
            "ConditionExpression": "attribute_exists(x)",
            "ExpressionAttributeNames": {"#y": "y"},
        },
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#y}",
    ),
    (
        "query",
        {"KeyConditionExpression": "n = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}},
        "Query condition missed key schema element: id",
    ),
    (
        "update_item",
        {
            "Key": key(),
            "UpdateExpression": "SET a = :w",
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        },
        "Invalid UpdateExpression: An expression attribute value used in expression is not defined;"
        " attribute value: :w",
    ),
]


@pytest.mark.parametrize(("method", "params", "message"), REFUSALS)
def test_refusals(db: Table, method: str, params: dict[str, Any], message: str) -> None:
    """What is wrong with a request is told in AWS's words; moto has some of its own."""
    code, told = db.refused(method, **params)
    assert code == "ValidationException"
    assert db.is_moto or told == message


def test_what_is_not_there_is_not_found(aws: Aws) -> None:
    """Operations on items and on tables tell it differently."""
    client = aws("dynamodb")
    with pytest.raises(ClientError) as caught:
        client.get_item(TableName="nothing", Key={"id": {"S": "a"}})
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Requested resource not found",
    }
    with pytest.raises(ClientError) as caught:
        client.describe_table(TableName="nothing")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Requested resource not found: Table: nothing not found",
    }
