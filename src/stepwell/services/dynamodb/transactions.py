"""TransactWriteItems and TransactGetItems: all or nothing, in one commit.

A client request token is remembered with the digest of its request for ten minutes: the same
request again is answered and not carried out, another one is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ports import Caller
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb import capacity
from stepwell.services.dynamodb.attribute_values import Item, checked_item
from stepwell.services.dynamodb.batches import metrics_of
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.item_operations import place_of, read_cost, read_request, shown
from stepwell.services.dynamodb.records import ItemRow, TransactionRow
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.services.dynamodb.writes import (
    Outcome,
    Write,
    cost_of,
    prepare_check,
    prepare_delete,
    prepare_put,
    prepare_update,
)
from stepwell.values import decode, encode, encode_text

ITEMS_MAX = 100
TOKEN_MS = 600_000
BYTES_MAX = 4 * 1024 * 1024
_PREPARE = {
    "ConditionCheck": prepare_check,
    "Put": prepare_put,
    "Delete": prepare_delete,
    "Update": prepare_update,
}
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "DuplicateItemException": "DuplicateItem",
}
NO_REASON: Mapping[str, Any] = {"Code": "None"}


async def transact_write_items(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """TransactWriteItems"""
    given = params["TransactItems"]

    def prepare() -> list[tuple[Write, bool]]:
        return [_prepare(dynamodb, call, each) for each in given]

    wanted = params.get("ReturnConsumedCapacity")

    def told(writes: list[Write], outcomes: list[Outcome]) -> dict[str, Any]:
        pairs = zip(writes, outcomes, strict=True)
        costs = [(w.table, cost_of(w, o, transactional=True)) for w, o in pairs]
        answer: dict[str, Any] = {}
        answer["ConsumedCapacity"] = capacity.told_many(costs, wanted, "Write")
        answer["ItemCollectionMetrics"] = metrics_of(writes, params)
        return {name: value for name, value in answer.items() if value is not None}

    token = params.get("ClientRequestToken")
    digest = hashlib.sha256(encode(given)).hexdigest()
    return await transact(dynamodb, call, prepare, told, token=token, digest=digest)


def _prepare(dynamodb: DynamoDb, call: Call, given: Mapping[str, Any]) -> tuple[Write, bool]:
    if len(given) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, request),) = given.items()
    write = _PREPARE[kind](dynamodb.find(call, request["TableName"]), request)
    return write, request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


async def transact(
    dynamodb: DynamoDb,
    call: Caller,
    prepare: Any,
    told: Any,
    *,
    token: str | None,
    digest: str,
) -> dict[str, Any]:
    """Carry out prepared writes together. `told` makes the answer of writes and outcomes."""
    scope = f"{call.account}:{call.region}"
    while True:
        await dynamodb.ready()
        prepared: list[tuple[Write, bool]] = prepare()
        keys = [write.row_key for write, _ in prepared]
        if len(set(keys)) < len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        if token:
            known = (await dynamodb.transactions.fetch([(scope, token)]))[scope, token]
            if known is not None and known.expires_at > dynamodb.parts.clock.now():
                await dynamodb.ledger.committed()
                return _repeated(known, digest)
        rows = await dynamodb.items.fetch(keys)
        current = dynamodb.is_ready and all(dynamodb.is_current(w.table) for w, _ in prepared)
        began = token is not None and _begun(dynamodb, scope, token)
        if current and not began:
            break
    outcomes, reasons = _outcomes(prepared, rows)
    if reasons:
        await dynamodb.ledger.committed()
        raise canceled(reasons)
    writes = [write for write, _ in prepared]
    answer: dict[str, Any] = told(writes, outcomes)
    with dynamodb.ledger.stage() as turn:
        for write, outcome in zip(writes, outcomes, strict=True):
            dynamodb.stage(turn, write, outcome)
        if token:
            expires_at = dynamodb.parts.clock.now() + TOKEN_MS
            row = TransactionRow(scope, token, digest, encode_text(answer), expires_at)
            dynamodb.transactions.put(turn, row)
            dynamodb.chores.due(turn, expires_at)
    await dynamodb.ledger.committed()
    return answer


def _begun(dynamodb: DynamoDb, scope: str, token: str) -> bool:
    """Whether the same token was used while this transaction fetched its items."""
    known = dynamodb.transactions.known([(scope, token)])
    row = None if known is None else known[scope, token]
    return known is None or (row is not None and row.expires_at > dynamodb.parts.clock.now())


def _repeated(known: TransactionRow, digest: str) -> dict[str, Any]:
    if known.request != digest:
        raise ServiceError(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request. Do"
            " not reuse a client token with different requests, unless the requests are identical",
        )
    return decode(known.answer)  # type: ignore[return-value]


def _outcomes(
    prepared: Sequence[tuple[Write, bool]], rows: Mapping[Any, Any]
) -> tuple[list[Outcome], list[Mapping[str, Any]]]:
    """What becomes of every item, or why it cannot be: one reason for each."""
    outcomes, reasons = [], []
    for write, tell_old in prepared:
        try:
            outcomes.append(write.outcome(rows[write.row_key], tell_old=tell_old))
            reasons.append(NO_REASON)
        except ServiceError as error:
            reasons.append(
                {"Code": _CODES.get(error.code, error.code), "Message": error.message}
                | dict(error.fields)
            )
    return outcomes, reasons if len(outcomes) < len(prepared) else []


def canceled(reasons: Sequence[Mapping[str, Any]]) -> ServiceError:
    """The error of a transaction of which one part cannot be carried out."""
    codes = ", ".join(str(reason["Code"]) for reason in reasons)
    return ServiceError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": list(reasons)},
    )


async def transact_get_items(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """TransactGetItems"""
    await dynamodb.ready()
    plans = []
    wanted_paths = []
    for each in params["TransactItems"]:
        table = dynamodb.find(call, each["Get"]["TableName"])
        plans.append((table, checked_item(each["Get"]["Key"])))
        wanted_paths.append(read_request(table, each["Get"])[1])
    rows, consumed = await transact_reads(dynamodb, plans, params.get("ReturnConsumedCapacity"))
    responses = [
        {} if row is None else {"Item": shown(row, paths)}
        for row, paths in zip(rows, wanted_paths, strict=True)
    ]
    return {"Responses": responses, "ConsumedCapacity": consumed}


async def transact_reads(
    dynamodb: DynamoDb, plans: Sequence[tuple[TableSchema, Item]], wanted: str | None
) -> tuple[list[ItemRow | None], list[dict[str, Any]] | None]:
    """The rows of several items at one moment, told once that moment is on disk."""
    keys = [(table.id, *place_of(table, key)) for table, key in plans]
    if len(set(keys)) < len(keys):
        raise invalid("Transaction request cannot include multiple operations on one item")
    rows = await dynamodb.items.fetch(keys)
    await dynamodb.ledger.committed()
    found = [rows[key] for key in keys]
    costs = [
        (table, read_cost(row, consistent=True, transactional=True))
        for (table, _), row in zip(plans, found, strict=True)
    ]
    return found, capacity.told_many(costs, wanted, "Read")
