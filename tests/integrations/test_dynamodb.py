"""Tasks that read and write items: results, errors, and what is refused before it is done."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.testing.simulation import Simulation
from tests.integrations.played import Ended, create, ended, run, start

KEY = {"id": {"S": "one"}}


async def play(action: str, parameters: Any, given: Any = None) -> tuple[Ended, Any]:
    """A machine of one task on a table with the item `one`; how it ended, and the item then."""
    found: list[Any] = []

    async def client(simulation: Simulation) -> None:
        await simulation.insist(
            "CreateTable",
            TableName="tab",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        await simulation.insist("PutItem", TableName="tab", Item={**KEY, "c": {"N": "1"}})
        task = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{action}",
            "Parameters": parameters,
            "End": True,
        }
        machine = await create(simulation, "one", Call=task)
        arn = await start(simulation, machine, "one", given or {})
        found.append(await ended(simulation, arn))
        found.append((await simulation.insist("GetItem", TableName="tab", Key=KEY)).get("Item"))

    await run(client)
    return found[0], found[1]


ADD = {
    "TableName": "tab",
    "Key": KEY,
    "UpdateExpression": "ADD c :n",
    "ExpressionAttributeValues": {":n": {"N": "2"}},
    "ReturnValues": "UPDATED_NEW",
}


async def test_an_item_is_read() -> None:
    """With the SDK's metadata around it."""
    played, _ = await play("dynamodb:getItem", {"TableName": "tab", "Key": KEY})
    assert played.output["Item"] == {**KEY, "c": {"N": "1"}}
    assert played.output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert played.output["SdkResponseMetadata"]["RequestId"]


async def test_an_item_is_changed() -> None:
    """The answer says what was asked for."""
    played, item = await play("dynamodb:updateItem", ADD)
    assert played.output["Attributes"] == {"c": {"N": "3"}}
    assert item["c"] == {"N": "3"}


async def test_an_item_is_deleted() -> None:
    """And told, if that is wanted."""
    played, item = await play(
        "dynamodb:deleteItem", {"TableName": "tab", "Key": KEY, "ReturnValues": "ALL_OLD"}
    )
    assert played.output["Attributes"]["c"] == {"N": "1"}
    assert item is None


async def test_through_the_sdk_there_is_no_metadata() -> None:
    """The same write, and only its answer."""
    played, item = await play("aws-sdk:dynamodb:updateItem", ADD)
    assert played.output == {"Attributes": {"c": {"N": "3"}}}
    assert item["c"] == {"N": "3"}


async def test_other_operations_are_there_through_the_sdk() -> None:
    """Queries, numbers as they are."""
    played, _ = await play(
        "aws-sdk:dynamodb:query",
        {
            "TableName": "tab",
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": "one"}},
        },
    )
    assert played.output["Count"] == 1
    assert played.output["Items"] == [{**KEY, "c": {"N": "1"}}]


TAKEN = {
    "TableName": "tab",
    "Item": KEY,
    "ConditionExpression": "attribute_not_exists(id)",
}


@pytest.mark.parametrize(
    ("action", "parameters", "error", "cause"),
    [
        (
            "dynamodb:putItem",
            TAKEN,
            "DynamoDB.ConditionalCheckFailedException",
            "The conditional request failed (Service: AmazonDynamoDBv2; Status Code: 400; Error"
            " Code: ConditionalCheckFailedException; Request ID: ",
        ),
        (
            "aws-sdk:dynamodb:putItem",
            TAKEN,
            "DynamoDb.ConditionalCheckFailedException",
            "The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: ",
        ),
        (
            "dynamodb:getItem",
            {"TableName": "nothing", "Key": KEY},
            "DynamoDB.ResourceNotFoundException",
            "Requested resource not found (Service: AmazonDynamoDBv2; Status Code: 400; Error Code:"
            " ResourceNotFoundException; Request ID: ",
        ),
        (
            "dynamodb:updateItem",
            {**ADD, "UpdateExpression": "SET"},
            "DynamoDB.AmazonDynamoDBException",
            'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "SET" (Service:'
            " AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: ",
        ),
        (
            "dynamodb:putItem",
            {"TableName": "tab", "Item": {"id": {"S": 5}}},
            "States.Runtime",
            "An error occurred while executing the state 'Call' (entered at the event id #2). The"
            ' Parameters \'{"TableName":"tab","Item":{"id":{"S":5}}}\' could not be used to'
            " start the Task: [The value for the field 'S' must be a STRING]",
        ),
    ],
)
async def test_refusals(action: str, parameters: Any, error: str, cause: str) -> None:
    """Errors have the names and the causes that AWS gives them, and nothing is changed."""
    played, item = await play(action, parameters)
    assert (played.status, played.error) == ("FAILED", error)
    assert played.cause is not None
    assert played.cause.startswith(cause)
    assert item == {**KEY, "c": {"N": "1"}}
