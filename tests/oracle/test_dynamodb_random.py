"""Random sequences of operations: Stepwell and moto answer alike and end with the same items."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stepwell.testing.server import ServerProcess
from tests.oracle.conftest import Aws

TABLE = "random"
STEPS = 120
REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-2", "eu-west-3")
_SETS = ("SS", "NS", "BS")


def create(client: Any) -> None:
    """A table with both kinds of indexes."""
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "local",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "g", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "global",
                "KeySchema": [
                    {"AttributeName": "g", "KeyType": "HASH"},
                    {"AttributeName": "n", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


class Chance:
    """Random requests that AWS would understand."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def key(self) -> dict[str, Any]:
        """One of a few keys."""
        number = self.random.choice(["-2", "-1.5", "0", "1", "2.25", "10"])
        return {"id": {"S": self.random.choice("ab")}, "n": {"N": number}}

    def value(self, depth: int = 0) -> dict[str, Any]:
        """A value of any type."""
        kinds = ["S", "N", "BOOL", "NULL", "SS", "NS"] + (["L", "M"] if depth < 2 else [])
        kind = self.random.choice(kinds)
        number = str(self.random.choice([-3, 0, 1, 2, 7.5]))
        content: dict[str, Callable[[], Any]] = {
            "S": lambda: self.random.choice(["", "x", "xy", "é"]),
            "N": lambda: number,
            "BOOL": lambda: self.random.random() < 0.5,
            "NULL": lambda: True,
            "SS": lambda: self.random.sample(["p", "q", "r"], 2),
            "NS": lambda: self.random.sample(["1", "2", "3"], 2),
            "L": lambda: [self.value(depth + 1) for _ in range(self.random.randint(0, 3))],
            "M": lambda: {name: self.value(depth + 1) for name in self.random.sample("uvw", 2)},
        }
        return {kind: content[kind]()}

    def item(self) -> dict[str, Any]:
        """An item."""
        item = {**self.key(), **{name: self.value() for name in self.random.sample("stuv", 2)}}
        if self.random.random() < 0.7:
            item["g"] = {"S": self.random.choice("xyz")}
        return item

    def condition(self) -> dict[str, Any]:
        """A condition, or none."""
        name = self.random.choice("stg")
        value = self.value(2)
        while "NULL" in value:
            # moto takes what is not there for null.
            value = self.value(2)
        ordered = "S" in value or "N" in value
        forms = [
            ("", {}),
            ("attribute_exists(#c)", {}),
            ("attribute_not_exists(#c)", {}),
            ("#c = :c", {":c": value}),
            ("attribute_type(#c, :c)", {":c": {"S": self.random.choice(["S", "N", "L"])}}),
        ]
        if ordered:
            forms.append(("attribute_exists(#c) OR NOT (#c = :c)", {":c": value}))
        text, values = self.random.choice(forms)
        if not text:
            return {}
        given = {"ConditionExpression": text, "ExpressionAttributeNames": {"#c": name}}
        return given | ({"ExpressionAttributeValues": values} if values else {})

    def update(self) -> tuple[str, dict[str, Any]]:
        """An update and its values."""
        name = self.random.choice("stuv")
        number = {":v": {"N": self.random.choice(["1", "-2", "0.5"])}}
        forms: list[tuple[str, dict[str, Any]]] = [
            (f"SET {name} = :v", {":v": self.value()}),
            ("SET g = :v", {":v": {"S": self.random.choice("xyz")}}),
            ("SET cc = if_not_exists(cc, :v) + :v", number),
            ("ADD cc :v", number),
            (f"REMOVE {name}", {}),
            (
                "SET ll = list_append(if_not_exists(ll, :e), :v)",
                {
                    ":e": {"L": []},
                    ":v": {"L": [self.value(2)]},
                },
            ),
            ("SET ll[0] = :v", {":v": self.value(2)}),
        ]
        return self.random.choice(forms)

    def step(self) -> tuple[str, dict[str, Any]]:
        """One request."""
        condition = self.condition()
        match self.random.randint(0, 6):
            case 0 | 1:
                returns = self.random.choice(["NONE", "ALL_OLD"])
                return "put_item", {"Item": self.item(), "ReturnValues": returns, **condition}
            case 2:
                return "delete_item", {"Key": self.key(), "ReturnValues": "ALL_OLD", **condition}
            case 3 | 4:
                text, values = self.update()
                returns = self.random.choice(["ALL_NEW", "ALL_OLD", "NONE"])
                given = {"Key": self.key(), "UpdateExpression": text, "ReturnValues": returns}
                values |= condition.get("ExpressionAttributeValues", {})
                given |= condition
                return "update_item", given | (
                    {"ExpressionAttributeValues": values} if values else {}
                )
            case 5:
                forward = self.random.random() < 0.5
                low = self.random.choice(["-2", "0", "1"])
                operator = self.random.choice(["=", "<", "<=", ">", ">="])
                index, hashed = self.random.choice([({}, "id"), ({"IndexName": "global"}, "g")])
                return "query", {
                    **index,
                    "KeyConditionExpression": f"{hashed} = :h AND n {operator} :n",
                    "ExpressionAttributeValues": {
                        ":h": {"S": self.random.choice("abxyz")},
                        ":n": {"N": low},
                    },
                    "ScanIndexForward": forward,
                }
        return "query", {
            "IndexName": "local",
            "KeyConditionExpression": "id = :h AND g BETWEEN :l AND :m",
            "ExpressionAttributeValues": {
                ":h": {"S": "a"},
                ":l": {"S": "x"},
                ":m": {"S": "y"},
            },
            "Select": "COUNT",
        }


def comparable(value: Any) -> Any:
    """An answer without what is told by chance; sets in order."""
    if isinstance(value, dict):
        if list(value) == ["N"]:
            # moto leaves the zeros that sums make.
            return {"N": f"{Decimal(value['N']).normalize():f}"}
        return {
            name: sorted(each) if name in _SETS else comparable(each)
            for name, each in value.items()
            # moto counts the capacity of updates unasked, and by another rule.
            if name not in ("ResponseMetadata", "ConsumedCapacity")
        }
    return [comparable(each) for each in value] if isinstance(value, list) else value


def outcome(client: Any, method: str, params: dict[str, Any]) -> Any:
    """The answer, or the code of the refusal."""
    try:
        answer = getattr(client, method)(TableName=TABLE, **params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    shown = comparable(answer)
    if "IndexName" in params and "Items" in shown:
        # Among equal keys of an index there is no order.
        shown["Items"].sort(key=repr)
    return shown


@pytest.mark.parametrize("seed", range(len(REGIONS)))
def test_random_operations_agree(seed: int, running_server: ServerProcess) -> None:
    """Every answer is the same, and so are the items at the end."""
    chance = Chance(seed)
    # Each seed has a region of its own, and so a table.
    region = REGIONS[seed]
    here = Aws(running_server.endpoint)("dynamodb", region)
    with mock_aws():
        there = boto3.client(
            "dynamodb", region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
        )
        create(there)
        create(here)
        for number in range(STEPS):
            method, params = chance.step()
            expected = outcome(there, method, params)
            assert outcome(here, method, params) == expected, (number, method, params)
        found = [comparable(c.scan(TableName=TABLE)["Items"]) for c in (here, there)]
        assert sorted(found[0], key=repr) == sorted(found[1], key=repr)
