"""ListSecrets, its filters, and what is shown of a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager import paging
from stepwell.services.secretsmanager.arns import arn_of
from stepwell.services.secretsmanager.errors import invalid_parameter
from stepwell.services.secretsmanager.records import SecretRow, stages_of, tags_of
from stepwell.services.secretsmanager.secrets import Secrets

PAGE_MAX = 100
_KEYS = ("description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all")
_SORT: dict[str, Callable[[SecretRow], Any]] = {
    "created-date": lambda row: row.created_at,
    "last-changed-date": lambda row: row.changed_at,
    "last-accessed-date": lambda row: row.accessed_at,
    "name": lambda row: row.name,
}


async def list_secrets(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """ListSecrets: the newest first, a hundred at a time."""
    wants = read_filters(params.get("Filters") or [])
    with_deleted = bool(params.get("IncludePlannedDeletion"))
    rows = [
        row
        for row in secrets.secrets.of(call.scope)
        if (with_deleted or not row.deleted_at) and not secrets.is_over(row) and wants(row)
    ]
    by = params.get("SortBy") or "created-date"
    descending = (params.get("SortOrder") or "desc") == "desc"
    rows.sort(key=_SORT[by], reverse=descending)
    by_name = {row.name: row for row in rows}
    page, token = paging.cut(list(by_name), params, PAGE_MAX)
    found = []
    for name in page:
        row = by_name[name]
        found.append({**shown(row), "SecretVersionsToStages": stages(secrets, row)})
    return {"SecretList": found, "NextToken": token}


def read_filters(given: list[dict[str, Any]]) -> Callable[[SecretRow], bool]:
    """Whether a secret fits every filter: begins with one of its values, `!` turns it round."""
    tests = []
    for each in given:
        key = each.get("Key")
        if key not in _KEYS:
            raise invalid_parameter(f"Invalid filter key: {key}")
        tests.append(_test(str(key), each.get("Values") or []))
    return lambda row: all(test(row) for test in tests)


def _test(key: str, values: list[str]) -> Callable[[SecretRow], bool]:
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]
    folded = key in ("description", "all")

    def begins(text: str, value: str) -> bool:
        if not folded:
            return text.startswith(value)
        words = [text.lower(), *text.lower().replace("/", " ").replace("-", " ").split()]
        return any(word.startswith(value.lower()) for word in words)

    def test(row: SecretRow) -> bool:
        texts = _texts(row, key)
        if any(begins(text, value) for text in texts for value in unwanted):
            return False
        return not wanted or any(begins(text, value) for text in texts for value in wanted)

    return test


def _texts(row: SecretRow, key: str) -> list[str]:
    tags = tags_of(row)
    if key == "description":
        return [row.description]
    if key == "name":
        return [row.name]
    if key == "tag-key":
        return list(tags)
    if key == "tag-value":
        return list(tags.values())
    if key == "all":
        return [row.name, row.description, *tags, *tags.values()]
    return []


def shown(row: SecretRow) -> dict[str, Any]:
    """What lists and descriptions have in common."""
    tags = [{"Key": key, "Value": value} for key, value in tags_of(row).items()]
    return {
        "ARN": arn_of(row),
        "Name": row.name,
        "Description": row.description or None,
        "KmsKeyId": row.kms_key or None,
        "LastChangedDate": row.changed_at / 1000,
        "LastAccessedDate": row.accessed_at / 1000 if row.accessed_at else None,
        "DeletedDate": row.deleted_at / 1000 if row.deleted_at else None,
        "Tags": tags or None,
        "CreatedDate": row.created_at / 1000,
    }


def stages(secrets: Secrets, row: SecretRow) -> dict[str, list[str]] | None:
    """The stages of each version that has some."""
    versions = secrets.versions_of(row)
    return {v.version_id: stages_of(v) for v in versions if stages_of(v)} or None
