"""Changes that need a new resource although no property as a whole does."""

from __future__ import annotations

from stepwell.values import JsonObject
from tests.services.cloudformation.world import World, template


def table(kind: str) -> JsonObject:
    """A table whose key is of that type."""
    return {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": kind}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        }
    }


async def test_a_key_of_another_type_is_another_table(world: World) -> None:
    """A key of another type is another table, which a change set says beforehand."""
    await world.create(table("S"))
    before = (await world.call("dynamodb", "ListTables"))["TableNames"]
    params = {"StackName": "shop", "ChangeSetName": "number"}
    await world.cfn("CreateChangeSet", **params, TemplateBody=template(table("N")))
    await world.settled()
    changes = (await world.cfn("DescribeChangeSet", **params))["Changes"]
    assert [change["ResourceChange"]["Replacement"] for change in changes] == ["True"]
    await world.cfn("ExecuteChangeSet", **params)
    await world.settled()
    assert await world.status() == "UPDATE_COMPLETE"
    after = (await world.call("dynamodb", "ListTables"))["TableNames"]
    assert len(after) == 1
    assert after != before
