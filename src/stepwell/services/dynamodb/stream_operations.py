"""DescribeStream, ListStreams, GetShardIterator, GetRecords: each stream has one shard."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Encoded, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid, not_found
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.records import STREAM_RECORD, StreamRecordRow, StreamRow
from stepwell.services.dynamodb.schema import stream_arn
from stepwell.services.dynamodb.streams import SEQUENCE_BASE
from stepwell.values import decode, encode_text

ITERATOR_MS = 15 * 60_000
RECORDS_MAX = 1_000
BYTES_MAX = 1024 * 1024
STREAMS_MAX = 100


async def list_streams(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """ListStreams"""
    await dynamodb.ready()
    rows = dynamodb.streams.in_scope(call.scope)
    if params.get("TableName") is not None:
        _, name = dynamodb.scope_and_name(call, params["TableName"])
        rows = [row for row in rows if row.table_name == name]
    start = params.get("ExclusiveStartStreamArn")
    if start is not None:
        row = _find(dynamodb, start)
        rows = [each for each in rows if each.id > row.id]
    limit = params.get("Limit", STREAMS_MAX)
    answer: dict[str, Any] = {
        "Streams": [
            {"StreamArn": _arn(row), "TableName": row.table_name, "StreamLabel": row.label}
            for row in rows[:limit]
        ]
    }
    if len(rows) > limit:
        answer["LastEvaluatedStreamArn"] = _arn(rows[limit - 1])
    return answer


async def describe_stream(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeStream"""
    await dynamodb.ready()
    row = _find(dynamodb, params["StreamArn"])
    numbers = {"StartingSequenceNumber": str(SEQUENCE_BASE + row.id)}
    if row.ended_at:
        numbers["EndingSequenceNumber"] = str(SEQUENCE_BASE + row.last)
    shards = [{"ShardId": row.shard, "SequenceNumberRange": numbers}]
    if params.get("ExclusiveStartShardId") is not None or params.get("ShardFilter") is not None:
        # Nothing comes behind the one shard, and it has no children.
        shards = []
    return {
        "StreamDescription": {
            "StreamArn": _arn(row),
            "StreamLabel": row.label,
            "StreamStatus": "DISABLED" if row.ended_at else "ENABLED",
            "StreamViewType": row.view,
            "CreationRequestDateTime": row.created_at / 1000,
            "TableName": row.table_name,
            "KeySchema": decode(row.keys),
            "Shards": shards,
        }
    }


async def get_shard_iterator(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """GetShardIterator"""
    await dynamodb.ready()
    row = _find(dynamodb, params["StreamArn"])
    if params["ShardId"] != row.shard:
        raise not_found(f"Shard: {params['ShardId']} not found")
    await dynamodb.ledger.committed()
    after = await _start(dynamodb, row, params)
    return {"ShardIterator": _iterator(dynamodb, row, after)}


async def _start(dynamodb: DynamoDb, row: StreamRow, params: Params) -> int:
    """The number behind which an iterator begins."""
    kind, given = params["ShardIteratorType"], params.get("SequenceNumber")
    if kind == "TRIM_HORIZON":
        return 0
    if kind == "LATEST":
        newest = await dynamodb.store.scan(STREAM_RECORD, (row.id,), limit=1, reverse=True)
        return newest[0].sequence if newest else 0
    if kind == "AT_TIMESTAMP":
        if params.get("Timestamp") is None:
            raise invalid("Timestamp must be specified for ShardIteratorType AT_TIMESTAMP")
        return await _before(dynamodb, row, int(params["Timestamp"] * 1000))
    if given is None:
        raise invalid(f"SequenceNumber must be specified for ShardIteratorType {kind}")
    sequence = _sequence(given)
    if kind == "AFTER_SEQUENCE_NUMBER":
        return sequence
    oldest = await dynamodb.streams.read(row, 0, 1)
    if oldest and row.id < sequence < oldest[0].sequence:
        raise ServiceError(
            "TrimmedDataAccessException",
            "The operation attempted to read past the oldest stream record in a shard.",
        )
    return sequence - 1


async def _before(dynamodb: DynamoDb, row: StreamRow, at: int) -> int:
    """The number of the last record from before a time."""
    after = 0
    while rows := await dynamodb.streams.read(row, after, RECORDS_MAX):
        for each in rows:
            if each.at >= at:
                return after
            after = each.sequence
    return after


async def get_records(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """GetRecords"""
    await dynamodb.ready()
    arn, after = _read_iterator(dynamodb, params["ShardIterator"])
    row = _find(dynamodb, arn)
    rows = await dynamodb.streams.read(
        row, after, min(params.get("Limit", RECORDS_MAX), RECORDS_MAX)
    )
    kept: list[StreamRecordRow] = []
    size = 0
    for each in rows:
        size += len(each.record)
        if kept and size > BYTES_MAX:
            break
        kept.append(each)
    next_one = None
    if kept or not row.ended_at:
        next_one = _iterator(dynamodb, row, kept[-1].sequence if kept else after)
    if not any(b'"B' in each.record for each in kept):
        body = b'{"Records":[%b]' % b",".join(each.record for each in kept)
        tail = b"" if next_one is None else b',"NextShardIterator":"%b"' % next_one.encode()
        return Encoded(body + tail + b"}")
    return {"Records": [_record(each) for each in kept], "NextShardIterator": next_one}


def _record(row: StreamRecordRow) -> Any:
    record: Any = decode(row.record)
    for name in ("Keys", "NewImage", "OldImage"):
        if name in record["dynamodb"]:
            record["dynamodb"][name] = loaded(encode_text(record["dynamodb"][name]).encode())
    return record


def _arn(row: StreamRow) -> str:
    return stream_arn(row.scope, row.table_name, row.label)


def _find(dynamodb: DynamoDb, arn: str) -> StreamRow:
    row = dynamodb.streams.find(arn)
    if row is None:
        raise not_found(f"Stream: {arn} not found")
    return row


def _sequence(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) - SEQUENCE_BASE < 2**63:
        raise invalid(f"Invalid SequenceNumber: {text}")
    return int(text) - SEQUENCE_BASE


def _iterator(dynamodb: DynamoDb, row: StreamRow, after: int) -> str:
    """`arn|1|...`, as AWS's begin; how far it is and when it was made is in the tail."""
    tail = base64.b64encode(f"{after}:{dynamodb.parts.clock.now()}".encode()).decode()
    return f"{_arn(row)}|1|{tail}"


def _read_iterator(dynamodb: DynamoDb, iterator: str) -> tuple[str, int]:
    parts = iterator.split("|")
    try:
        arn, _, tail = parts
        after, made_at = (int(each) for each in base64.b64decode(tail).split(b":"))
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid ShardIterator") from error
    if made_at + ITERATOR_MS < dynamodb.parts.clock.now():
        raise ServiceError("ExpiredIteratorException", "Shard Iterator Is Expired")
    return arn, after
