"""The policies of buses. They are kept and shown; nothing is refused because of them."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.buses import existing, row_of
from stepwell.services.events.errors import invalid, not_found
from stepwell.services.events.events import Events
from stepwell.services.events.names import BusName, bus_of
from stepwell.values import BadJson, JsonObject, decode, encode_text

_VERSION = "2012-10-17"


def put_permission(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """PutPermission: a whole policy, or one statement for an account or everybody."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    row = row_of(events, bus)
    if params.get("Policy"):
        policy = _whole(params["Policy"])
    else:
        added = _statement(bus, params)
        others = [s for s in _statements(row.policy) if s.get("Sid") != added["Sid"]]
        policy = encode_text({"Version": _VERSION, "Statement": [*others, added]})
    events.buses.put(turn, row._replace(policy=policy))


def remove_permission(events: Events, turn: Turn, call: Call, params: Params) -> None:
    """RemovePermission: one statement, or all of them."""
    bus = existing(events, bus_of(call, params.get("EventBusName")))
    row = row_of(events, bus)
    if params.get("RemoveAllPermissions"):
        events.buses.put(turn, row._replace(policy=None))
        return
    if row.policy is None:
        raise not_found("EventBus does not have a policy.")
    statements = _statements(row.policy)
    left = [s for s in statements if s.get("Sid") != params.get("StatementId")]
    if len(left) == len(statements):
        raise not_found("Statement with the provided id does not exist.")
    policy = encode_text({"Version": _VERSION, "Statement": left}) if left else None
    events.buses.put(turn, row._replace(policy=policy))


def _whole(text: str) -> str:
    try:
        policy = decode(text)
    except BadJson:
        policy = None
    if not isinstance(policy, dict):
        raise invalid("This policy contains invalid Json")
    return text


def _statement(bus: BusName, params: Params) -> JsonObject:
    for name in ("StatementId", "Principal", "Action"):
        if not params.get(name):
            raise invalid(f"Parameter {name} must be specified.")
    if params["Action"] != "events:PutEvents":
        raise invalid("Provided value in parameter 'action' is not supported.")
    who = params["Principal"]
    statement: JsonObject = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if who == "*" else {"AWS": f"arn:aws:iam::{who}:root"},
        "Action": params["Action"],
        "Resource": bus.arn,
    }
    condition = params.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _statements(policy: str | None) -> list[dict[str, Any]]:
    if policy is None:
        return []
    parsed: Any = decode(policy)
    statements = parsed.get("Statement") or []
    return statements if isinstance(statements, list) else [statements]
