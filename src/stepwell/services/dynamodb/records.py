"""The rows DynamoDB keeps.

Tables, streams and what else is configured are few and live in memory too. Items lie by table id,
hash key and range key in encodings whose order is that of the keys (`keys`), so that a query is a
scan of the store. An entry of a secondary index is a row of its own with the attributes that the
index projects. Ids are never used twice: what a deleted table leaves behind is cleared little by
little and in nobody's way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Index, Table


class TableRow(NamedTuple):
    """One table."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    created_at: int
    settings: str
    """JSON of `schema.Settings`."""


TABLE = Table("dynamodb_table", TableRow, ("scope", "name"))


class ItemRow(NamedTuple):
    """One item."""

    table: int
    hash: bytes
    range: bytes
    """Empty in tables without a range key."""
    size: int
    """Bytes as DynamoDB counts them."""
    item: bytes
    """JSON, binary values in base 64."""


ITEM = Table("dynamodb_item", ItemRow, ("table", "hash", "range"))


class EntryRow(NamedTuple):
    """One item in a secondary index, or in the order of its expiry."""

    owner: int
    """The index's id."""
    hash: bytes
    range: bytes
    item_hash: bytes
    item_range: bytes
    size: int
    item: bytes
    """JSON of what the index projects."""


ENTRY = Table("dynamodb_entry", EntryRow, ("owner", "hash", "range", "item_hash", "item_range"))


class StreamRow(NamedTuple):
    """One stream of a table. It outlives its end by a day."""

    scope: str
    id: int
    table_name: str
    label: str
    view: str
    keys: str
    """JSON of the table's KeySchema."""
    shard: str
    created_at: int
    ended_at: int
    """0 while it takes records."""
    last: int
    """The sequence number it ended with, 0 before."""


STREAM = Table("dynamodb_stream", StreamRow, ("scope", "id"))


class StreamRecordRow(NamedTuple):
    """One change of an item."""

    stream: int
    sequence: int
    at: int
    record: bytes
    """JSON of the record as GetRecords shows it, binary values in base 64."""


STREAM_RECORD = Table(
    "dynamodb_stream_record", StreamRecordRow, ("stream", "sequence"), append_only=True
)


class TransactionRow(NamedTuple):
    """A transaction's client request token, remembered for ten minutes."""

    scope: str
    token: str
    request: str
    """Digest of what was asked for."""
    answer: str
    """JSON of the answer."""
    expires_at: int


BY_EXPIRY = Index("dynamodb_transaction_by_expiry", ("expires_at",))
TRANSACTION = Table(
    "dynamodb_transaction",
    TransactionRow,
    ("scope", "token"),
    indexes=(BY_EXPIRY,),
)


class AbandonedRow(NamedTuple):
    """Rows that nobody reads any more and that wait to be cleared."""

    node: int
    """0: one list for all."""
    id: int
    """A table's, index's or stream's."""
    kind: str
    """`items`, `entries` or `records`."""


ABANDONED = Table("dynamodb_abandoned", AbandonedRow, ("node", "id"))

TABLES: tuple[Table[Any], ...] = (
    TABLE,
    ITEM,
    ENTRY,
    STREAM,
    STREAM_RECORD,
    TRANSACTION,
    ABANDONED,
)
