"""The bytes of objects: written in the turn of their index entry, read piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Ids, Store
from stepwell.runtime.turn import Turn
from stepwell.services.s3.ranges import Span
from stepwell.services.s3.records import CHUNK, CHUNK_BYTES, ChunkRow
from stepwell.values import decode, encode_text

_CHUNKS_AT_A_TIME = 16

Blobs = Sequence[tuple[int, int]]
"""(blob, bytes) of each part of an object."""


class BlobGone(StorageTrouble):
    """The object was replaced or deleted while it was read."""


def blobs_text(blobs: Blobs) -> str:
    """Blobs as a row keeps them."""
    return encode_text([list(blob) for blob in blobs])


def read_blobs(text: str) -> list[tuple[int, int]]:
    """The blobs of a row."""
    kept = cast("list[tuple[int, int]]", decode(text))
    return [(blob, size) for blob, size in kept]


def write(turn: Turn, ids: Ids, body: bytes) -> tuple[int, int]:
    """Stage some bytes as a new blob."""
    blob = ids.next_id()
    for number, start in enumerate(range(0, len(body), CHUNK_BYTES)):
        turn.put(CHUNK, ChunkRow(blob, number, body[start : start + CHUNK_BYTES]))
    return blob, len(body)


def delete(turn: Turn, blobs: Blobs) -> None:
    """Stage the end of blobs."""
    for blob, size in blobs:
        for number in range(-(-size // CHUNK_BYTES)):
            turn.delete(CHUNK, (blob, number))


async def read(store: Store, blobs: Blobs, span: Span) -> AsyncIterator[bytes]:
    """The bytes of a span, in pieces. Raises BlobGone."""
    place = 0
    for blob, size in blobs:
        start, end = max(span.start - place, 0), min(span.end - place, size)
        place += size
        if start < end:
            async for piece in _read_one(store, blob, start, end):
                yield piece


async def _read_one(store: Store, blob: int, start: int, end: int) -> AsyncIterator[bytes]:
    number, last = start // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
    while number <= last:
        count = min(_CHUNKS_AT_A_TIME, last - number + 1)
        rows = await store.scan(CHUNK, (blob,), after=(number - 1,), limit=count)
        if len(rows) < count:
            raise BlobGone("The object was replaced or deleted while it was read.")
        for row in rows:
            base = row.number * CHUNK_BYTES
            yield row.data[max(start - base, 0) : end - base]
        number += count


async def read_whole(store: Store, blobs: Blobs, span: Span) -> bytes:
    """The bytes of a span in one. Raises BlobGone."""
    return b"".join([piece async for piece in read(store, blobs, span)])
