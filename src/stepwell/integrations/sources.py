"""What functions and pipes read from in this server: queues, streams of tables, code in buckets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.integrations.objects import StoredObjects
from stepwell.runtime.objects import Bucket
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.feeds.ports import QueueFacts
from stepwell.services.s3.storage import Storage
from stepwell.services.sqs import receiving, settling
from stepwell.services.sqs.errors import queue_does_not_exist
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.receipts import OURS

_DELETED_AT_ONCE_MAX = 10


class EmbeddedQueues:
    """The embedded queues as event sources (services.feeds.ports.QueueSource)."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def facts(self, arn: str) -> QueueFacts | None:
        """About a queue."""
        queue = self._queues.by_arn(arn)
        return None if queue is None else QueueFacts(queue.rules.visibility_ms // 1000, queue.fifo)

    async def receive(self, arn: str, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        """ReceiveMessage."""
        await self._queues.settled()
        queue = self._find(arn)
        params = {
            "QueueUrl": queue.name,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": wait_seconds,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        answer = await receiving.receive_message(self._queues, _call(queue), params, mark=OURS)
        return list(answer.get("Messages", ()))

    async def delete(self, arn: str, handles: Sequence[str]) -> None:
        """DeleteMessageBatch, as often as need be."""
        await self._queues.settled()
        queue = self._find(arn)
        for start in range(0, len(handles), _DELETED_AT_ONCE_MAX):
            some = handles[start : start + _DELETED_AT_ONCE_MAX]
            entries = [
                {"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(some)
            ]
            params = {"QueueUrl": queue.name, "Entries": entries}
            await settling.delete_message_batch(self._queues, _call(queue), params)

    async def reach(self, arn: str, handles: Sequence[str]) -> None:
        """Have these messages in memory."""
        await self._queues.settled()
        queue = self._find(arn)
        await settling.reach(self._queues, _call(queue), queue.name, handles)

    def held(self, arn: str, handles: Sequence[str]) -> set[str]:
        """Those whose message is there and was given to nobody else since."""
        queue = self._queues.by_arn(arn)
        if queue is None:
            return set()
        return settling.held(self._queues, queue, handles)

    def discard(self, turn: Turn, arn: str, handles: Sequence[str]) -> None:
        """Delete messages that are held, as part of the turn."""
        settling.discard(self._queues, turn, self._find(arn), handles)

    def _find(self, arn: str) -> Queue:
        queue = self._queues.by_arn(arn)
        if queue is None:
            raise queue_does_not_exist()
        return queue


def _call(queue: Queue) -> Call:
    return Call(queue.account, queue.region, "", "")


class EmbeddedStreams:
    """The streams of the embedded tables (services.feeds.ports.StreamSource)."""

    def __init__(self, dynamodb: DynamoDb) -> None:
        self._dynamodb = dynamodb

    def exists(self, arn: str) -> bool:
        """Whether there is a stream of that ARN."""
        return self._dynamodb.streams.find(arn) is not None

    def on_record(self, arn: str, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever new records are there."""
        return self._dynamodb.streams.on_record(arn, listener)

    async def records(
        self, arn: str, *, after: int, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """Records behind a position."""
        await self._dynamodb.ready()
        return await self._dynamodb.streams.records(arn, after=after, limit=limit)


class StoredCode:
    """Zip files in the embedded buckets (services.lambda_.ports.CodeSource)."""

    def __init__(self, storage: Storage) -> None:
        self._objects = StoredObjects(storage)

    async def read(
        self, account: str, region: str, bucket: str, key: str, version: str | None
    ) -> bytes:
        """The object. Raises ServiceError in Lambda's words."""
        try:
            return await self._objects.read(Bucket(bucket), key, version)
        except ServiceError as error:
            raise ServiceError(
                "InvalidParameterValueException",
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message:"
                f" {error.message}",
                fields={"Type": "User"},
            ) from error
