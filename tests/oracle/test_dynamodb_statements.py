"""PartiQL statements through boto3. moto needs a parser for them that is not installed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws


@pytest.fixture
def db(stepwell: Aws) -> Any:
    """A client with a table `Messages` (messageId) that holds three items."""
    client = stepwell("dynamodb")
    client.create_table(
        TableName="Messages",
        AttributeDefinitions=[{"AttributeName": "messageId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "messageId", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number, text in enumerate(("one", "two", "three")):
        client.put_item(
            TableName="Messages",
            Item={
                "messageId": {"S": text},
                "number": {"N": str(number)},
                "tags": {"L": [{"S": "x"}, {"S": text}]},
            },
        )
    yield client
    client.delete_table(TableName="Messages")


def ids(answer: Any) -> list[str]:
    """The messages that were found."""
    return sorted(item["messageId"]["S"] for item in answer["Items"])


def test_an_item_is_found_by_its_key(db: Any) -> None:
    """With the key in the text, and as a parameter."""
    found = db.execute_statement(Statement="SELECT * FROM \"Messages\" where messageId = 'two'")
    assert ids(found) == ["two"]
    found = db.execute_statement(
        Statement='SELECT * FROM "Messages" WHERE messageId = ?', Parameters=[{"S": "one"}]
    )
    assert ids(found) == ["one"]


def test_items_are_inserted_changed_and_deleted(db: Any) -> None:
    """INSERT, UPDATE, DELETE."""
    db.execute_statement(
        Statement="INSERT INTO \"Messages\" VALUE {'messageId': ?, 'number': ?}",
        Parameters=[{"S": "four"}, {"N": "4"}],
    )
    db.execute_statement(Statement='UPDATE "Messages" SET "number" = 44 WHERE messageId = \'four\'')
    item = db.get_item(TableName="Messages", Key={"messageId": {"S": "four"}})["Item"]
    assert item["number"] == {"N": "44"}
    db.execute_statement(Statement="DELETE FROM \"Messages\" WHERE messageId = 'four'")
    assert "Item" not in db.get_item(TableName="Messages", Key={"messageId": {"S": "four"}})


def test_a_duplicate_is_refused(db: Any) -> None:
    """INSERT never overwrites."""
    with pytest.raises(ClientError) as caught:
        db.execute_statement(Statement="INSERT INTO \"Messages\" VALUE {'messageId': 'one'}")
    assert caught.value.response["Error"] == {
        "Code": "DuplicateItemException",
        "Message": "Duplicate primary key exists in table",
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('"number" > 0', ["three", "two"]),
        ('"number" BETWEEN 0 AND 1', ["one", "two"]),
        ("messageId IN ['one', 'two', 'one']", ["one", "two"]),
        ("begins_with(messageId, 't')", ["three", "two"]),
        ("contains(tags, 'two')", ["two"]),
        ("tags[1] = 'one' OR \"number\" = 2", ["one", "three"]),
        ("NOT (messageId = 'one')", ["three", "two"]),
        ("messageId = 'one' AND \"number\" <> 0", []),
        ("nothing IS MISSING AND size(tags) = 2", ["one", "three", "two"]),
        ("nothing IS NOT MISSING", []),
        ("attribute_exists(tags) AND messageId <> 'one'", ["three", "two"]),
    ],
)
def test_conditions_of_select(db: Any, where: str, expected: list[str]) -> None:
    """Any attribute can be asked for, keys or not."""
    assert ids(db.execute_statement(Statement=f"SELECT * FROM Messages WHERE {where}")) == (
        expected
    )


def test_select_shows_paths_by_their_last_name(db: Any) -> None:
    """Only what was asked for."""
    found = db.execute_statement(
        Statement="SELECT messageId, tags[1] FROM Messages WHERE messageId = 'two'"
    )
    assert found["Items"] == [{"messageId": {"S": "two"}, "tags": {"S": "two"}}]


def test_pages_of_a_statement(db: Any) -> None:
    """NextToken leads through all items, each once, and fits its statement only."""
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(5):
        page = db.execute_statement(Statement="SELECT * FROM Messages", Limit=2, **token)
        seen += ids(page)
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == ["one", "three", "two"]
    with pytest.raises(ClientError, match="NextToken"):
        db.execute_statement(Statement="SELECT messageId FROM Messages", **token)


def test_updates(db: Any) -> None:
    """Arithmetic, lists, sets, REMOVE, RETURNING."""
    found = db.execute_statement(
        Statement='UPDATE Messages SET "number" = "number" + 1 '
        "SET tags = list_append(tags, ['end']) SET kinds = <<'a', 'b'>> "
        "WHERE messageId = 'two' RETURNING ALL NEW *"
    )
    (item,) = found["Items"]
    assert item["number"] == {"N": "2"}
    assert item["tags"]["L"][-1] == {"S": "end"}
    assert sorted(item["kinds"]["SS"]) == ["a", "b"]
    found = db.execute_statement(
        Statement="UPDATE Messages SET kinds = set_delete(kinds, <<'a'>>) REMOVE tags[0] "
        "WHERE messageId = 'two' RETURNING MODIFIED NEW *"
    )
    assert found["Items"][0]["kinds"] == {"SS": ["b"]}


def test_a_change_needs_its_item(db: Any) -> None:
    """UPDATE refuses what is not there, DELETE does not; both want the whole key."""
    with pytest.raises(ClientError) as caught:
        db.execute_statement(Statement="UPDATE Messages SET a = 1 WHERE messageId = 'no'")
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    db.execute_statement(Statement="DELETE FROM Messages WHERE messageId = 'no'")
    with pytest.raises(ClientError) as caught:
        db.execute_statement(Statement='DELETE FROM Messages WHERE "number" = 1')
    assert caught.value.response["Error"]["Message"] == (
        "Where clause does not contain a mandatory equality on all key attributes"
    )


def test_a_batch_answers_each_statement(db: Any) -> None:
    """One failure leaves the others alone."""
    answer = db.batch_execute_statement(
        Statements=[
            {"Statement": "INSERT INTO Messages VALUE {'messageId': 'one'}"},
            {"Statement": "INSERT INTO Messages VALUE {'messageId': 'five'}"},
        ]
    )
    assert answer["Responses"] == [
        {
            "Error": {
                "Code": "DuplicateItem",
                "Message": "Duplicate primary key exists in table",
            }
        },
        {"TableName": "Messages"},
    ]


def test_a_transaction_of_statements_is_whole(db: Any) -> None:
    """EXISTS guards the other statements."""
    statements = [
        {"Statement": "INSERT INTO Messages VALUE {'messageId': 'six'}"},
        {"Statement": "EXISTS(SELECT * FROM Messages WHERE messageId = 'one' AND \"number\" = 9)"},
    ]
    with pytest.raises(ClientError) as caught:
        db.execute_transaction(TransactStatements=statements)
    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    db.execute_transaction(TransactStatements=statements[:1])
    read = [{"Statement": "SELECT * FROM Messages WHERE messageId = 'six'"}]
    answer = db.execute_transaction(TransactStatements=read)
    assert answer["Responses"] == [{"Item": {"messageId": {"S": "six"}}}]


@pytest.mark.parametrize(
    "statement",
    ["", "SELECT", "SELECT * FROM Messages WHERE", "DROP TABLE Messages", "SELECT '"],
)
def test_what_is_no_statement_is_refused(db: Any, statement: str) -> None:
    """In the words AWS begins with."""
    with pytest.raises(ClientError) as caught:
        db.execute_statement(Statement=statement or " ")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["Error"]["Message"].startswith(
        "Statement wasn't well formed, can't be processed: "
    )


@pytest.fixture
def orders(stepwell: Aws) -> Any:
    """A client with a table `Orders` (customer, at) and an index by `state`."""
    client = stepwell("dynamodb")
    names = {"customer": "S", "at": "N", "state": "S"}
    client.create_table(
        TableName="Orders",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in names.items()
        ],
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(8):
        client.put_item(
            TableName="Orders",
            Item={
                "customer": {"S": "ab"[number % 2]},
                "at": {"N": str(number)},
                "state": {"S": "open" if number < 5 else "done"},
            },
        )
    yield client
    client.delete_table(TableName="Orders")


def times(answer: Any) -> list[int]:
    """When the orders were made that were found."""
    return [int(item["at"]["N"]) for item in answer["Items"]]


ORDERED = [
    ("\"Orders\" WHERE customer = 'a' ORDER BY at DESC", [6, 4, 2, 0]),
    ("\"Orders\" WHERE customer = 'a' AND at >= 2 ORDER BY at", [2, 4, 6]),
    ("\"Orders\" WHERE customer = 'a' AND at BETWEEN 1 AND 4", [2, 4]),
    ("\"Orders\" WHERE customer = 'a' AND at IN (2, 6, 7)", [2, 6]),
    ('"Orders"."by-state" WHERE "state" = \'open\' AND at < 3', [0, 1, 2]),
    ('"Orders"."by-state" WHERE "state" = \'done\' ORDER BY at DESC', [7, 6, 5]),
]


@pytest.mark.parametrize(("tail", "expected"), ORDERED)
def test_keys_decide_the_order(orders: Any, tail: str, expected: list[int]) -> None:
    """Of the table or of an index."""
    assert times(orders.execute_statement(Statement=f"SELECT * FROM {tail}")) == expected


def test_several_hash_keys_are_read_one_after_the_other(orders: Any) -> None:
    """In pages that go on where they stopped, also from one key to the next."""
    statement = "SELECT * FROM Orders WHERE customer IN ['a', 'b'] AND at > 0"
    seen: list[int] = []
    token: dict[str, str] = {}
    for _ in range(9):
        page = orders.execute_statement(Statement=statement, Limit=2, **token)
        assert len(page["Items"]) <= 2
        seen += times(page)
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [2, 4, 6, 1, 3, 5, 7]


UNORDERED = [
    ("Orders ORDER BY at", "Must have WHERE clause in the statement when using ORDER BY clause."),
    (
        "Orders WHERE at = 1 ORDER BY at",
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY"
        " clause.",
    ),
    ("Orders.nothing", "The table does not have the specified index: nothing"),
]


@pytest.mark.parametrize(("tail", "message"), UNORDERED)
def test_what_cannot_be_ordered(orders: Any, tail: str, message: str) -> None:
    """Told in AWS's words."""
    with pytest.raises(ClientError) as caught:
        orders.execute_statement(Statement=f"SELECT * FROM {tail}")
    assert caught.value.response["Error"]["Message"] == message
