"""Users and their access keys. The gateway does not ask here who may sign."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import paging, shown, tagging
from stepwell.services.iam.deletion import delete_entity, refuse_while_used
from stepwell.services.iam.errors import limit_exceeded, no_such_entity, validation
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import GROUP, USER, AccessKeyRow

KEYS_MAX = 2


async def create_user(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateUser."""
    data = {"boundary": params.get("PermissionsBoundary")}
    tags = tagging.read(params.get("Tags") or [])
    row = iam.new(call.account, USER, params["UserName"], params.get("Path"), data, tags)
    await iam.keep(row)
    return {"User": shown.user(row)}


async def get_user(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetUser; without a name the caller, who is the account itself here."""
    name = params.get("UserName")
    if name is None:
        root = {
            "Path": "/",
            "UserName": call.account,
            "UserId": call.account,
            "Arn": f"arn:aws:iam::{call.account}:root",
            "CreateDate": 0.0,
        }
        return {"User": root}
    return {"User": shown.user(iam.find(call.account, USER, name))}


async def list_users(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListUsers."""
    rows = iam.all_of(call.account, USER, params.get("PathPrefix") or "/")
    return paging.page(
        "Users", rows, lambda row: row.name, lambda row: shown.user(row, whole=False), params
    )


async def delete_user(iam: Iam, call: Call, params: Params) -> None:
    """DeleteUser: refused while policies, groups or keys hang on it."""
    row = iam.find(call.account, USER, params["UserName"])
    further = ""
    if _keys(iam, call, row.name):
        further = "must delete access keys first"
    if any(
        each.member == row.name and each.container.startswith(f"{GROUP}/")
        for each in iam.members.of(call.account)
    ):
        further = "must remove users from group first"
    refuse_while_used(iam, row, further)
    await delete_entity(iam, row)


async def list_aliases(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListAccountAliases: there are none."""
    return {"AccountAliases": [], "IsTruncated": False}


def _keys(iam: Iam, call: Call, user: str) -> list[AccessKeyRow]:
    return [each for each in iam.keys.of(call.account) if each.user == user]


def _user(iam: Iam, call: Call, params: Params) -> str:
    name = params.get("UserName")
    if name is None:
        raise validation("Must specify userName when calling with non-User credentials")
    return iam.find(call.account, USER, name).name


async def create_key(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateAccessKey: the only time the secret is shown."""
    user = _user(iam, call, params)
    if len(_keys(iam, call, user)) >= KEYS_MAX:
        raise limit_exceeded(f"Cannot exceed quota for AccessKeysPerUser: {KEYS_MAX}")
    ids = iam.parts.ids
    key = AccessKeyRow(
        call.account,
        user,
        iam.new_id("AKIA")[:20],
        b64encode(ids.secret(30)).decode(),
        "Active",
        iam.parts.clock.now(),
    )
    with iam.parts.ledger.stage() as turn:
        iam.keys.put(turn, key)
    await iam.parts.ledger.committed()
    return {"AccessKey": {**_shown(key), "SecretAccessKey": key.secret}}


async def list_keys(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListAccessKeys."""
    keys = _keys(iam, call, _user(iam, call, params))
    return paging.page("AccessKeyMetadata", keys, lambda key: key.id, _shown, params)


async def update_key(iam: Iam, call: Call, params: Params) -> None:
    """UpdateAccessKey: active or not."""
    key = _find(iam, call, params)
    with iam.parts.ledger.stage() as turn:
        iam.keys.put(turn, key._replace(status=params["Status"]))
    await iam.parts.ledger.committed()


async def delete_key(iam: Iam, call: Call, params: Params) -> None:
    """DeleteAccessKey."""
    key = _find(iam, call, params)
    with iam.parts.ledger.stage() as turn:
        iam.keys.delete(turn, key.account, key.user, key.id)
    await iam.parts.ledger.committed()


def _find(iam: Iam, call: Call, params: Params) -> AccessKeyRow:
    key = iam.keys.get(call.account, _user(iam, call, params), params["AccessKeyId"])
    if key is None:
        raise no_such_entity(f"The Access Key with id {params['AccessKeyId']} cannot be found.")
    return key


def _shown(key: AccessKeyRow) -> dict[str, Any]:
    return {
        "UserName": key.user,
        "AccessKeyId": key.id,
        "Status": key.status,
        "CreateDate": key.created_at / 1000,
    }
