"""Time to live, limits, endpoints."""

from __future__ import annotations

from urllib.parse import urlsplit

from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid
from stepwell.values import encode_text


async def update_time_to_live(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """UpdateTimeToLive: from now on items are deleted at their time."""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    wanted = params["TimeToLiveSpecification"]
    name, enabled = wanted["AttributeName"], wanted["Enabled"]
    if not name:
        raise invalid("TimeToLiveSpecification.AttributeName must be non empty")
    if enabled is (table.expiry is not None):
        raise invalid(f"TimeToLive is already {'enabled' if enabled else 'disabled'}")
    settings = dict(table.settings)
    with dynamodb.ledger.stage() as turn:
        if table.expiry is not None:
            if table.expiry.attribute != name:
                raise invalid(
                    "TimeToLive is active on a different AttributeName: current AttributeName is"
                    f" {table.expiry.attribute}"
                )
            dynamodb.chores.abandon(turn, table.expiry.id, "entries")
            settings["ttl"] = None
        else:
            number = dynamodb.parts.ids.next_id()
            settings["ttl"] = {"attribute": name, "id": number, "ready": False}
            turn.after_commit(dynamodb.chores.kick)
        dynamodb.tables.put(turn, table.row._replace(settings=encode_text(settings)))
    await dynamodb.ledger.committed()
    return {"TimeToLiveSpecification": {"AttributeName": name, "Enabled": enabled}}


async def describe_time_to_live(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeTimeToLive"""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    if table.expiry is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {
        "TimeToLiveDescription": {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": table.expiry.attribute,
        }
    }


async def describe_limits(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeLimits: AWS's defaults."""
    return {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


async def describe_endpoints(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeEndpoints: this server."""
    address = urlsplit(call.base_url).netloc
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}
