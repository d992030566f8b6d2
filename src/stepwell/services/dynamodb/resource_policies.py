"""Policies of tables: kept and shown. Nobody is refused by them.

Streams have no policies of their own here.
"""

from __future__ import annotations

from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.values import decode, encode_text

POLICY_BYTES_MAX = 20 * 1024
_SETTING = "policy"
_NONE = "NO_POLICY"


async def put_resource_policy(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """PutResourcePolicy: the same one again is no new revision."""
    await dynamodb.ready()
    table, kept = _look(dynamodb, call, params)
    text = params["Policy"]
    _check(text)
    expected = params.get("ExpectedRevisionId")
    if expected is not None and expected != (kept["revision"] if kept else _NONE):
        raise _not_found()
    if kept is None or decode(kept["text"]) != decode(text):
        kept = {"text": text, "revision": str(dynamodb.parts.ids.next_id())}
        await _keep(dynamodb, table, kept)
    return {"RevisionId": kept["revision"]}


async def get_resource_policy(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """GetResourcePolicy."""
    await dynamodb.ready()
    kept = _look(dynamodb, call, params)[1]
    if kept is None:
        raise _not_found()
    return {"Policy": kept["text"], "RevisionId": kept["revision"]}


async def delete_resource_policy(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DeleteResourcePolicy: what is not there is no error."""
    await dynamodb.ready()
    table, kept = _look(dynamodb, call, params)
    expected = params.get("ExpectedRevisionId")
    if expected is not None and (kept is None or expected != kept["revision"]):
        raise _not_found()
    if kept is None:
        return {}
    await _keep(dynamodb, table, None)
    return {"RevisionId": kept["revision"]}


def _look(
    dynamodb: DynamoDb, call: Call, params: Params
) -> tuple[TableSchema, dict[str, str] | None]:
    arn = params["ResourceArn"]
    if not arn.startswith("arn:"):
        raise invalid(f"Invalid ResourceArn: Invalid ResourceArn provided as input {arn}")
    table = dynamodb.find(call, arn, tell=True)
    return table, cast("dict[str, str] | None", table.settings.get(_SETTING))


async def _keep(dynamodb: DynamoDb, table: TableSchema, policy: dict[str, str] | None) -> None:
    settings: dict[str, Any] = {**table.settings, _SETTING: policy}
    with dynamodb.ledger.stage() as turn:
        dynamodb.tables.put(turn, table.row._replace(settings=encode_text(settings)))
    await dynamodb.ledger.committed()


def _check(text: str) -> None:
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise invalid(f"Policy document exceeds the maximum size of {POLICY_BYTES_MAX} bytes")
    try:
        document = decode(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise invalid("Policy document is malformed")


def _not_found() -> ServiceError:
    return ServiceError(
        "PolicyNotFoundException",
        "Resource-based policy not found for the provided ResourceArn",
    )
