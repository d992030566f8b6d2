"""GetSecretValue, BatchGetSecretValue, DescribeSecret, ListSecretVersionIds."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager import listing, paging, staging
from stepwell.services.secretsmanager.arns import arn_of
from stepwell.services.secretsmanager.errors import (
    invalid_parameter,
    invalid_request,
    not_found,
)
from stepwell.services.secretsmanager.records import (
    SecretRow,
    SecretVersionRow,
    place,
    stages_of,
)
from stepwell.services.secretsmanager.secrets import Secrets

_DAY_MS = 86_400_000
_BATCH_MAX = 20
_VERSIONS_PAGE = 100


async def get_secret_value(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """GetSecretValue: the current version, or that of an id or a stage."""
    row = secrets.find_live(call, params["SecretId"])
    return _value(secrets, row, params.get("VersionId"), params.get("VersionStage"))


def _value(
    secrets: Secrets, row: SecretRow, version_id: str | None, stage: str | None
) -> dict[str, Any]:
    if version_id:
        version = secrets.versions.get(place(row), version_id)
        if version is None:
            raise not_found(f"the specified secret value for VersionId: {version_id}")
        if stage and stage not in stages_of(version):
            raise invalid_request(
                "You provided a VersionStage that is not associated to the provided VersionId."
            )
    else:
        wanted = stage or staging.CURRENT
        version = staging.holder(secrets.versions_of(row), wanted)
        if version is None:
            raise not_found(f"the specified secret value for staging label: {wanted}")
    _note_access(secrets, row, version)
    return {
        "ARN": arn_of(row),
        "Name": row.name,
        "VersionId": version.version_id,
        "SecretString": version.text,
        "SecretBinary": None if version.binary is None else b64decode(version.binary),
        "VersionStages": stages_of(version) or None,
        "CreatedDate": version.created_at / 1000,
    }


def _note_access(secrets: Secrets, row: SecretRow, version: SecretVersionRow) -> None:
    """AWS tells the day of the last access only, so most readings write nothing."""
    now = secrets.parts.clock.now()
    today = now - now % _DAY_MS
    if row.accessed_at == today and version.accessed_at == today:
        return
    with secrets.parts.ledger.stage() as turn:
        secrets.secrets.put(turn, row._replace(accessed_at=today))
        secrets.versions.put(turn, version._replace(accessed_at=today))


async def batch_get_secret_value(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """BatchGetSecretValue: by names or by filters; what fails is told beside the others."""
    names, given = params.get("SecretIdList"), params.get("Filters")
    if bool(names) == bool(given):
        raise invalid_parameter(
            "Either 'SecretIdList' or 'Filters' must be provided, but not both."
        )
    token = None
    if names and params.get("MaxResults"):
        raise invalid_parameter(
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is "
            "provided."
        )
    if not names:
        wants = listing.read_filters(given or [])
        rows = [row for row in secrets.secrets.of(call.scope) if not row.deleted_at and wants(row)]
        page, token = paging.cut([row.name for row in rows], params, _BATCH_MAX)
        names = page
    found, errors = [], []
    for name in names:
        try:
            found.append(_value(secrets, secrets.find_live(call, name), None, None))
        except ServiceError as error:
            told = {"SecretId": name, "ErrorCode": error.code, "Message": error.message}
            errors.append(told)
    return {"SecretValues": found, "Errors": errors, "NextToken": token}


async def describe_secret(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """DescribeSecret."""
    row = secrets.find(call, params["SecretId"])
    shown = listing.shown(row)
    shown["VersionIdsToStages"] = listing.stages(secrets, row)
    return shown


async def list_secret_version_ids(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """ListSecretVersionIds: those with a stage, or with IncludeDeprecated all of them."""
    row = secrets.find(call, params["SecretId"])
    versions = {
        version.version_id: version
        for version in secrets.versions_of(row)
        if stages_of(version) or params.get("IncludeDeprecated")
    }
    page, token = paging.cut(sorted(versions), params, _VERSIONS_PAGE)
    return {
        "Versions": [_version(row, versions[version_id]) for version_id in page],
        "NextToken": token,
        "ARN": arn_of(row),
        "Name": row.name,
    }


def _version(row: SecretRow, version: SecretVersionRow) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "VersionStages": stages_of(version),
        "LastAccessedDate": version.accessed_at / 1000 if version.accessed_at else None,
        "CreatedDate": version.created_at / 1000,
        "KmsKeyIds": [row.kms_key or "DefaultEncryptionKey"],
    }
