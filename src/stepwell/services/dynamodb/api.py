"""The operations of DynamoDB and of its streams, as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from stepwell.services.api import Answer, Call, Embedded, Operation, Params, Service
from stepwell.services.dynamodb import (
    backups,
    batches,
    item_operations,
    querying,
    resource_policies,
    statements,
    stream_operations,
    table_extras,
    table_updates,
    tables,
    tagging,
    transactions,
)
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.housekeeping import do_what_is_due
from stepwell.services.embedding import Embedding

_Operation = Callable[[DynamoDb, Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "CreateTable": tables.create_table,
    "DescribeTable": tables.describe_table,
    "ListTables": tables.list_tables,
    "UpdateTable": table_updates.update_table,
    "DeleteTable": tables.delete_table,
    "UpdateTimeToLive": table_extras.update_time_to_live,
    "DescribeTimeToLive": table_extras.describe_time_to_live,
    "DescribeContinuousBackups": backups.describe_continuous_backups,
    "UpdateContinuousBackups": backups.update_continuous_backups,
    "PutResourcePolicy": resource_policies.put_resource_policy,
    "GetResourcePolicy": resource_policies.get_resource_policy,
    "DeleteResourcePolicy": resource_policies.delete_resource_policy,
    "DescribeLimits": table_extras.describe_limits,
    "DescribeEndpoints": table_extras.describe_endpoints,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "ListTagsOfResource": tagging.list_tags_of_resource,
    "GetItem": item_operations.get_item,
    "PutItem": item_operations.put_item,
    "UpdateItem": item_operations.update_item,
    "DeleteItem": item_operations.delete_item,
    "Query": querying.query,
    "Scan": querying.scan,
    "BatchGetItem": batches.batch_get_item,
    "BatchWriteItem": batches.batch_write_item,
    "TransactWriteItems": transactions.transact_write_items,
    "TransactGetItems": transactions.transact_get_items,
    "ExecuteStatement": statements.execute_statement,
    "BatchExecuteStatement": statements.batch_execute_statement,
    "ExecuteTransaction": statements.execute_transaction,
}

_STREAM_OPERATIONS: dict[str, _Operation] = {
    "ListStreams": stream_operations.list_streams,
    "DescribeStream": stream_operations.describe_stream,
    "GetShardIterator": stream_operations.get_shard_iterator,
    "GetRecords": stream_operations.get_records,
}


_READS = frozenset(
    {
        "DescribeContinuousBackups",
        "DescribeStream",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetResourcePolicy",
        "ListStreams",
        "ListTables",
        "ListTagsOfResource",
    }
)
"""Operations that show what is in memory, which may be on its way to the disk still."""


def services(dynamodb: DynamoDb) -> tuple[Service, Service]:
    """DynamoDB and DynamoDB Streams on those tables."""
    return (
        Service("dynamodb", _bound(dynamodb, _OPERATIONS)),
        Service("dynamodbstreams", _bound(dynamodb, _STREAM_OPERATIONS)),
    )


def embedded(dynamodb: DynamoDb) -> Embedded:
    """DynamoDB as a part of the server, with what it does in the background."""
    dynamodb.chores.take_on(partial(do_what_is_due, dynamodb))
    return Embedding(dynamodb, services(dynamodb))


def _bound(dynamodb: DynamoDb, operations: dict[str, _Operation]) -> dict[str, Operation]:
    return {
        name: _read(dynamodb, run) if name in _READS else _bind(dynamodb, run)
        for name, run in operations.items()
    }


def _bind(dynamodb: DynamoDb, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        return await run(dynamodb, call, params)

    return operation


def _read(dynamodb: DynamoDb, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        answer = await run(dynamodb, call, params)
        await dynamodb.ledger.committed()
        return answer

    return operation
