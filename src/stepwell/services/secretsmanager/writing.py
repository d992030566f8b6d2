"""CreateSecret, PutSecretValue, UpdateSecret, DeleteSecret, RestoreSecret."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager import staging, tagging
from stepwell.services.secretsmanager.arns import arn_of
from stepwell.services.secretsmanager.errors import (
    exists,
    invalid_parameter,
    invalid_request,
    marked_for_deletion,
)
from stepwell.services.secretsmanager.records import SecretRow
from stepwell.services.secretsmanager.secrets import Secrets
from stepwell.values import encode_text

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!\-]{1,512}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
VALUE_BYTES_MAX = 65_536
_DAY_MS = 86_400_000
_WINDOW_DAYS = 30


async def create_secret(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """CreateSecret; asked again with the same token it answers the same."""
    name = params["Name"]
    if not _NAME.fullmatch(name):
        raise invalid_parameter(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
            "following: -/_+=.@!"
        )
    _check_elsewhere(params)
    value = _value(params)
    version_id = _version_id(secrets, params)
    tags = tagging.read(params.get("Tags") or [])
    there = secrets.secrets.get(call.scope, name)
    if there is not None and not secrets.is_over(there):
        return _created_before(secrets, there, version_id, value)
    row = _new(secrets, call, params, tags)
    with secrets.parts.ledger.stage() as turn:
        if there is not None:
            secrets.remove(turn, there)
        secrets.secrets.put(turn, row)
        if value is not None:
            staging.add_version(secrets, turn, row, version_id, value, [staging.CURRENT])
    await secrets.parts.ledger.committed()
    return _answer(row, None if value is None else version_id)


def _check_elsewhere(params: Params) -> None:
    for name in ("AddReplicaRegions", "CrossAccountPrimaryARN", "Type"):
        if params.get(name):
            raise invalid_parameter(f"Stepwell does not support {name}.")


def _created_before(
    secrets: Secrets, there: SecretRow, version_id: str, value: tuple[str | None, str | None] | None
) -> dict[str, Any]:
    if there.deleted_at:
        raise invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for "
            "deletion."
        )
    if value is not None and staging.repeated(secrets, there, version_id, value):
        return _answer(there, version_id)
    raise exists(f"The operation failed because the secret {there.name} already exists.")


def _new(secrets: Secrets, call: Call, params: Params, tags: dict[str, str]) -> SecretRow:
    now = secrets.parts.clock.now()
    suffix = "".join(_LETTERS[byte % len(_LETTERS)] for byte in secrets.parts.ids.secret(6))
    return SecretRow(
        call.scope,
        params["Name"],
        suffix,
        params.get("Description") or "",
        params.get("KmsKeyId") or "",
        encode_text(tags),
        "",
        now,
        now,
        0,
        0,
        0,
    )


def _version_id(secrets: Secrets, params: Params) -> str:
    return params.get("ClientRequestToken") or secrets.parts.ids.uuid()


def _value(params: Params) -> tuple[str | None, str | None] | None:
    """Text and bytes (in base 64) of a request; None when it has neither."""
    text, binary = params.get("SecretString"), params.get("SecretBinary")
    if text and binary:
        raise invalid_parameter(
            "You can't specify both a binary secret value and a string secret value in the same "
            "secret."
        )
    if text is None and binary is None:
        return None
    size = len(text.encode() if text is not None else binary or b"")
    if size > VALUE_BYTES_MAX:
        raise invalid_parameter(f"The secret value must be at most {VALUE_BYTES_MAX} bytes long.")
    return text, None if binary is None else b64encode(binary).decode()


def _answer(row: SecretRow, version_id: str | None) -> dict[str, Any]:
    return {"ARN": arn_of(row), "Name": row.name, "VersionId": version_id}


async def put_secret_value(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """PutSecretValue: a new version; without stages it becomes the current one."""
    row = secrets.find_live(call, params["SecretId"])
    value = _value(params)
    if value is None:
        raise invalid_request("You must provide either SecretString or SecretBinary.")
    version_id = _version_id(secrets, params)
    stages = params.get("VersionStages") or [staging.CURRENT]
    if not staging.repeated(secrets, row, version_id, value):
        staging.check_room(secrets, row, stages)
        now = secrets.parts.clock.now()
        with secrets.parts.ledger.stage() as turn:
            secrets.secrets.put(turn, row._replace(changed_at=now))
            staging.add_version(secrets, turn, row, version_id, value, stages)
    await secrets.parts.ledger.committed()
    return {**_answer(row, version_id), "VersionStages": stages}


async def update_secret(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """UpdateSecret: description and key, and a new version when there is a value."""
    row = secrets.find(call, params["SecretId"])
    if row.deleted_at:
        raise invalid_request(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    _check_elsewhere(params)
    value = _value(params)
    version_id = _version_id(secrets, params)
    if value is not None and staging.repeated(secrets, row, version_id, value):
        return _answer(row, version_id)
    after = row._replace(changed_at=secrets.parts.clock.now())
    if params.get("Description") is not None:
        after = after._replace(description=params["Description"])
    if params.get("KmsKeyId") is not None:
        after = after._replace(kms_key=params["KmsKeyId"])
    with secrets.parts.ledger.stage() as turn:
        secrets.secrets.put(turn, after)
        if value is not None:
            staging.add_version(secrets, turn, after, version_id, value, [staging.CURRENT])
    await secrets.parts.ledger.committed()
    return _answer(row, None if value is None else version_id)


async def delete_secret(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """DeleteSecret: after 7 to 30 days, or at once; what is not there can be deleted at once."""
    force, days = bool(params.get("ForceDeleteWithoutRecovery")), params.get("RecoveryWindowInDays")
    if force and days:
        raise invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if days is not None and not 7 <= days <= 30:
        raise invalid_parameter(
            "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        )
    now = secrets.parts.clock.now()
    row = secrets.lookup(call, params["SecretId"])
    if row is None and force and not params["SecretId"].startswith("arn:"):
        return {"Name": params["SecretId"], "DeletionDate": now / 1000}
    row = secrets.find(call, params["SecretId"])
    if row.deleted_at and not force:
        raise marked_for_deletion()
    purge_at = now if force else now + (days or _WINDOW_DAYS) * _DAY_MS
    with secrets.parts.ledger.stage() as turn:
        if force:
            secrets.remove(turn, row)
        else:
            secrets.secrets.put(turn, row._replace(deleted_at=now, purge_at=purge_at))
    await secrets.parts.ledger.committed()
    return {"ARN": arn_of(row), "Name": row.name, "DeletionDate": purge_at / 1000}


async def restore_secret(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """RestoreSecret."""
    row = secrets.find(call, params["SecretId"])
    with secrets.parts.ledger.stage() as turn:
        secrets.secrets.put(turn, row._replace(deleted_at=0, purge_at=0))
    await secrets.parts.ledger.committed()
    return {"ARN": arn_of(row), "Name": row.name}
