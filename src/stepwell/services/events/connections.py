"""Connections: how API destinations and HTTP tasks are let in. Secrets are kept and not shown."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.events.errors import already_exists, invalid, not_found, not_here
from stepwell.services.events.events import Events
from stepwell.services.events.paging import page
from stepwell.services.events.records import ConnectionRow
from stepwell.values import decode, encode_text

_MEMBERS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
_SECRET = frozenset({"Password", "ApiKeyValue", "ClientSecret"})


def create_connection(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CreateConnection: it can be used at once."""
    _check(params)
    if events.connections.get(call.scope, params["Name"]) is not None:
        raise already_exists(f"Connection {params['Name']} already exists.")
    now = events.parts.clock.now()
    row = ConnectionRow(
        scope=call.scope,
        name=params["Name"],
        uuid=events.parts.ids.uuid(),
        kind=params["AuthorizationType"],
        description=params.get("Description"),
        authorization=encode_text(params["AuthParameters"]),
        state="AUTHORIZED",
        created_at=now,
        modified_at=now,
        authorized_at=now,
    )
    events.connections.put(turn, row)
    return _changed(row)


def update_connection(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UpdateConnection: members that are not given stay."""
    row = _find(events, call, params["Name"])
    kind = params.get("AuthorizationType") or row.kind
    known: Any = decode(row.authorization) if kind == row.kind else {}
    authorization = _merged(known, params.get("AuthParameters") or {})
    given = {"AuthorizationType": kind, "AuthParameters": authorization}
    _check({**params, **given})
    now = events.parts.clock.now()
    row = row._replace(
        kind=kind,
        description=params.get("Description", row.description),
        authorization=encode_text(authorization),
        state="AUTHORIZED",
        modified_at=now,
        authorized_at=now,
    )
    events.connections.put(turn, row)
    return _changed(row)


def deauthorize_connection(
    events: Events, turn: Turn, call: Call, params: Params
) -> dict[str, Any]:
    """DeauthorizeConnection: the secrets are gone."""
    row = _find(events, call, params["Name"])
    now = events.parts.clock.now()
    row = row._replace(authorization="{}", state="DEAUTHORIZED", modified_at=now)
    events.connections.put(turn, row)
    return _changed(row)


def delete_connection(events: Events, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """DeleteConnection."""
    row = _find(events, call, params["Name"])
    events.connections.delete(turn, row.scope, row.name)
    return {**_changed(row), "ConnectionState": "DELETING"}


def describe_connection(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """DescribeConnection."""
    row = _find(events, call, params["Name"])
    account, region = call.account, call.region
    secret = f"arn:aws:secretsmanager:{region}:{account}:secret:events!connection/{row.name}"
    shown: dict[str, Any] = {
        **_listed(row),
        "SecretArn": f"{secret}/{row.uuid}",
        "AuthParameters": _open_part(decode(row.authorization)),
    }
    if row.description is not None:
        shown["Description"] = row.description
    return shown


def list_connections(events: Events, call: Call, params: Params) -> dict[str, Any]:
    """ListConnections."""
    prefix, state = params.get("NamePrefix") or "", params.get("ConnectionState")
    rows = [
        row
        for row in events.connections.of(call.scope)
        if row.name.startswith(prefix) and state in (None, row.state)
    ]
    shown, more = page(rows, params, lambda row: row.name)
    return {"Connections": [_listed(row) for row in shown], **more}


def connection_arn(row: ConnectionRow) -> str:
    """The ARN of a connection."""
    account, region = row.scope.split(":")
    return f"arn:aws:events:{region}:{account}:connection/{row.name}/{row.uuid}"


def connection_of(events: Events, arn: str) -> ConnectionRow | None:
    """The connection of an ARN."""
    parts = arn.split(":", 5)
    names = parts[5].split("/") if len(parts) == 6 else []
    if len(names) != 3 or names[0] != "connection":
        return None
    row = events.connections.get(f"{parts[4]}:{parts[3]}", names[1])
    return row if row is not None and row.uuid == names[2] else None


def _find(events: Events, call: Call, name: str) -> ConnectionRow:
    row = events.connections.get(call.scope, name)
    if row is None:
        raise not_found(
            f"Failed to describe the connection(s). Connection '{name}' does not exist."
        )
    return row


def _check(params: Params) -> None:
    kind, given = params["AuthorizationType"], params["AuthParameters"]
    private = given.get("ConnectivityParameters") or params.get("InvocationConnectivityParameters")
    if private:
        raise not_here("Private connections are")
    if not given.get(_MEMBERS[kind]):
        raise invalid(
            f"Parameter AuthParameters is not valid. Reason: {_MEMBERS[kind]} is missing."
        )
    if any(given.get(member) for of, member in _MEMBERS.items() if of != kind):
        raise invalid(
            "Parameter AuthParameters is not valid. Reason: it does not match AuthorizationType."
        )


def _merged(known: Any, given: Any) -> Any:
    """Objects member by member; anything else is replaced."""
    if isinstance(known, dict) and isinstance(given, dict):
        return {**known, **{k: _merged(known.get(k), v) for k, v in given.items()}}
    return given


def _open_part(value: Any) -> Any:
    """What may be shown: no passwords, keys and secret values."""
    if isinstance(value, list):
        return [_open_part(each) for each in value]
    if not isinstance(value, dict):
        return value
    hidden = {"Value"} if value.get("IsValueSecret") else set()
    return {k: _open_part(v) for k, v in value.items() if k not in _SECRET | hidden}


def _listed(row: ConnectionRow) -> dict[str, Any]:
    return {**_changed(row), "Name": row.name, "AuthorizationType": row.kind}


def _changed(row: ConnectionRow) -> dict[str, Any]:
    return {
        "ConnectionArn": connection_arn(row),
        "ConnectionState": row.state,
        "CreationTime": row.created_at / 1000,
        "LastModifiedTime": row.modified_at / 1000,
        "LastAuthorizedTime": row.authorized_at / 1000,
    }
