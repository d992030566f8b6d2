"""API destinations: an HTTP endpoint, reached by way of a connection."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.connections import connection_of
from stepwell.services.events.errors import already_exists, not_found
from stepwell.services.events.events import Events
from stepwell.services.events.paging import page
from stepwell.services.events.records import DestinationRow

_RATE = 300


def create_api_destination(
    events: Events, turn: Turn, call: Call, params: Params
) -> dict[str, Any]:
    """CreateApiDestination."""
    if events.destinations.get(call.scope, params["Name"]) is not None:
        raise already_exists(f"An api-destination '{params['Name']}' already exists.")
    _check_connection(events, params["ConnectionArn"])
    now = events.parts.clock.now()
    row = DestinationRow(
        scope=call.scope,
        name=params["Name"],
        uuid=events.parts.ids.uuid(),
        description=params.get("Description"),
        connection_arn=params["ConnectionArn"],
        endpoint=params["InvocationEndpoint"],
        method=params["HttpMethod"],
        rate=params.get("InvocationRateLimitPerSecond") or _RATE,
        created_at=now,
        modified_at=now,
    )
    events.destinations.put(turn, row)
    return _changed(row)


def update_api_destination(
    events: Events, turn: Turn, call: Call, params: Params
) -> dict[str, Any]:
    """UpdateApiDestination: members that are not given stay."""
    row = _find(events, call, params["Name"])
    if params.get("ConnectionArn"):
        _check_connection(events, params["ConnectionArn"])
    row = row._replace(
        description=params.get("Description", row.description),
        connection_arn=params.get("ConnectionArn") or row.connection_arn,
        endpoint=params.get("InvocationEndpoint") or row.endpoint,
        method=params.get("HttpMethod") or row.method,
        rate=params.get("InvocationRateLimitPerSecond") or row.rate,
        modified_at=events.parts.clock.now(),
    )
    events.destinations.put(turn, row)
    return _changed(row)


def delete_api_destination(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """DeleteApiDestination."""
    row = _find(events, call, params["Name"])
    events.destinations.delete(turn, row.scope, row.name)


def describe_api_destination(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeApiDestination."""
    row = _find(events, call, params["Name"])
    shown = _listed(row)
    if row.description is not None:
        shown["Description"] = row.description
    return shown


def list_api_destinations(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListApiDestinations."""
    prefix, connection = params.get("NamePrefix") or "", params.get("ConnectionArn")
    rows = [
        row
        for row in events.destinations.of(call.scope)
        if row.name.startswith(prefix) and connection in (None, row.connection_arn)
    ]
    shown, more = page(rows, params, lambda row: row.name)
    return {"ApiDestinations": [_listed(row) for row in shown], **more}


def destination_of(events: Events, arn: str) -> DestinationRow | None:
    """The API destination of an ARN; the id at its end may be left out."""
    parts = arn.split(":", 5)
    names = parts[5].split("/") if len(parts) == 6 else []
    if len(names) < 2 or names[0] != "api-destination":
        return None
    return events.destinations.get(f"{parts[4]}:{parts[3]}", names[1])


def is_destination(arn: str) -> bool:
    """Whether an ARN is one of an API destination."""
    return ":api-destination/" in arn


def _find(events: Events, call: Call, name: str) -> DestinationRow:
    row = events.destinations.get(call.scope, name)
    if row is None:
        raise not_found(
            "Failed to describe the api-destination(s)."
            f" An api-destination '{name}' does not exist."
        )
    return row


def _check_connection(events: Events, arn: str) -> None:
    if connection_of(events, arn) is None:
        name = arn.rsplit("/", 2)[-2]
        raise not_found(f"Connection '{name}' does not exist.")


def _listed(row: DestinationRow) -> dict[str, Any]:
    return {
        **_changed(row),
        "Name": row.name,
        "ConnectionArn": row.connection_arn,
        "InvocationEndpoint": row.endpoint,
        "HttpMethod": row.method,
        "InvocationRateLimitPerSecond": row.rate,
    }


def _changed(row: DestinationRow) -> dict[str, Any]:
    account, region = row.scope.split(":")
    return {
        "ApiDestinationArn": (
            f"arn:aws:events:{region}:{account}:api-destination/{row.name}/{row.uuid}"
        ),
        "ApiDestinationState": "ACTIVE",
        "CreationTime": row.created_at / 1000,
        "LastModifiedTime": row.modified_at / 1000,
    }
