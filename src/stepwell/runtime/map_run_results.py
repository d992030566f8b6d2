"""What a Map Run comes to: the outputs of its children in the order of their items.

Without a ResultWriter, or with one that only shapes them, they are the state's output. With one
that exports they are written as objects, with a manifest that names the objects; those of a run
that failed or was aborted, too, and what it did not get to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from stepwell.engine.limits import Limits
from stepwell.engine.map_items import MapItems
from stepwell.errors import ServiceError
from stepwell.language.program import ResultWriter
from stepwell.language.timestamps import format_timestamp
from stepwell.runtime.item_reader import bucket_of
from stepwell.runtime.map_run_items import MapRunItems
from stepwell.runtime.map_run_pending import pending_of
from stepwell.runtime.objects import Bucket, ObjectStore
from stepwell.runtime.ports import Store
from stepwell.runtime.records import (
    ABORTED,
    EXECUTION,
    FAILED,
    STATUSES,
    SUCCEEDED,
    TIMED_OUT,
    ExecutionRow,
    MapRunRow,
)
from stepwell.runtime.redrives import redrives_of
from stepwell.values import JsonObject, JsonValue, decode, encode, encode_text

_PAGE = 500
FILE_BYTES_MAX = 64 << 20
"""A file of results is closed when it has grown so large."""


class WritingFailed(Exception):
    """The results can't be written: the run fails with this error and cause."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.error = "States.ResultWriterFailed"
        self.cause = cause


class MapRunResults:
    """See the module."""

    def __init__(self, store: Store, limits: Limits, items: MapRunItems) -> None:
        self._store = store
        self._items = items
        self._bytes_max = limits.payload_bytes_max

    async def output(self, run: MapRunRow, items: MapItems, objects: ObjectStore) -> str | None:
        """The state's result as JSON text; None when it is longer than a payload may be.

        Raises WritingFailed, EvaluationFailed.
        """
        writer = items.distributed.writer
        if writer is not None and writer.exports:
            return await self._export(run, items, writer, objects)
        texts: list[str] = []
        size = 2
        async for text in self._shaped(run, SUCCEEDED, writer):
            size += len(text.encode()) + 1
            if size > self._bytes_max + 1:
                return None
            texts.append(text)
        if writer is not None and writer.output_type == "JSONL":
            return encode_text("\n".join(texts))
        return f"[{','.join(texts)}]"

    async def write_unfinished(self, run: MapRunRow, items: MapItems, objects: ObjectStore) -> None:
        """A run that did not succeed exports what there is; trouble with that changes nothing.

        Raises EvaluationFailed.
        """
        writer = items.distributed.writer
        if writer is not None and writer.exports:
            with contextlib.suppress(WritingFailed):
                await self._export(run, items, writer, objects)

    async def _shaped(
        self, run: MapRunRow, status: int, writer: ResultWriter | None
    ) -> AsyncIterator[str]:
        """The results as they are written, one text each."""
        shape = "COMPACT" if writer is None else writer.transformation
        if status != SUCCEEDED:
            shape = "NONE"
        async for row in children_of(self._store, run.id, status):
            if shape == "NONE":
                yield encode_text(described(row))
            elif shape == "FLATTEN" and (row.output or "").lstrip().startswith("["):
                for value in decode(row.output or "[]"):  # type: ignore[union-attr]
                    yield encode_text(value)
            else:
                yield row.output or "null"

    async def _export(
        self, run: MapRunRow, items: MapItems, writer: ResultWriter, objects: ObjectStore
    ) -> str:
        bucket, folder = _destination(run, items, writer)
        files: dict[str, list[JsonValue]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        try:
            for kind, statuses in _FILES.items():
                write = _Files(objects, bucket, folder, kind, writer.output_type)
                for status in statuses:
                    async for text in self._shaped(run, status, writer):
                        await write.add(text)
                if kind == "PENDING":
                    async for text in pending_of(run, items, self._items):
                        await write.add(text)
                files[kind] = await write.close()
            manifest: JsonObject = {
                "DestinationBucket": bucket.name,
                "MapRunArn": run.arn,
                "ResultFiles": {**files},
            }
            key = f"{folder}/manifest.json"
            await objects.put(bucket, key, encode(manifest))
        except ServiceError as error:
            raise WritingFailed(
                f"{error.message} (Service: Amazon S3; Error Code: {error.code})"
            ) from error
        details: JsonObject = {"Bucket": bucket.name, "Key": key}
        return encode_text({"MapRunArn": run.arn, "ResultWriterDetails": details})


_FILES: dict[str, tuple[int, ...]] = {
    "SUCCEEDED": (SUCCEEDED,),
    "FAILED": (FAILED, TIMED_OUT, ABORTED),
    "PENDING": (),
}


async def children_of(store: Store, run: int, status: int) -> AsyncIterator[ExecutionRow]:
    """The children of a run that ended so, in the order in which they began."""
    after: tuple[int, ...] | None = None
    while True:
        rows = await store.scan(
            EXECUTION, (run, status), index="execution_list", after=after, limit=_PAGE
        )
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        after = (rows[-1].id,)
        await asyncio.sleep(0)  # Reads may not wait at all: let others have their turn.


def _destination(run: MapRunRow, items: MapItems, writer: ResultWriter) -> tuple[Bucket, str]:
    """The bucket, and what the keys of this run begin with."""
    arguments: JsonValue = {}
    if writer.arguments is not None:
        arguments = writer.arguments(items.arguments, items.environment)
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Bucket"), str):
        raise WritingFailed("The ResultWriter names no Bucket.")
    prefix = str(arguments.get("Prefix") or "").rstrip("/")
    folder = run.arn.rpartition(":")[2]
    return bucket_of(arguments), f"{prefix}/{folder}" if prefix else folder


class _Files:
    """The files of one kind: SUCCEEDED_0.json and so on."""

    def __init__(
        self, objects: ObjectStore, bucket: Bucket, folder: str, kind: str, output_type: str
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._name = f"{folder}/{kind}_"
        self._lines = output_type == "JSONL"
        self._pieces: list[bytes] = []
        self._size = 0
        self._files: list[JsonValue] = []

    async def add(self, text: str) -> None:
        """One result more."""
        piece = text.encode()
        if self._pieces:
            self._pieces.append(b"\n" if self._lines else b",")
        elif not self._lines:
            self._pieces.append(b"[")
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= FILE_BYTES_MAX:
            await self._flush()

    async def close(self) -> list[JsonValue]:
        """The files as the manifest names them."""
        if self._pieces:
            await self._flush()
        return self._files

    async def _flush(self) -> None:
        if not self._lines:
            self._pieces.append(b"]")
        body = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        key = f"{self._name}{len(self._files)}.{'jsonl' if self._lines else 'json'}"
        await self._objects.put(self._bucket, key, body)
        self._files.append({"Key": key, "Size": len(body)})


def described(row: ExecutionRow) -> JsonObject:
    """A child as the files of results show it."""
    shown: dict[str, Any] = {
        "ExecutionArn": row.arn,
        "Input": row.input,
        "InputDetails": {"Included": True},
        "Name": row.name,
        "StateMachineArn": machine_of_child(row),
        "Status": STATUSES[row.status],
        "StartDate": format_timestamp(row.started_at),
        "RedriveCount": redrives_of(row).count,
    }
    if row.stopped_at is not None:
        shown["StopDate"] = format_timestamp(row.stopped_at)
    if row.output is not None:
        shown |= {"Output": row.output, "OutputDetails": {"Included": True}}
    if row.error is not None:
        shown["Error"] = row.error
    if row.cause is not None:
        shown["Cause"] = row.cause
    if row.status == SUCCEEDED:
        shown["RedriveStatus"] = "NOT_REDRIVABLE"
        shown["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    else:
        shown["RedriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
    return dict(sorted(shown.items()))


def machine_of_child(row: ExecutionRow) -> str:
    """The ARN of the labelled machine that a child is an execution of."""
    parts = row.arn.split(":")
    return ":".join((*parts[:5], "stateMachine", parts[6]))
