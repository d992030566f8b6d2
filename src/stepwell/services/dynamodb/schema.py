"""A table as operations see it: its row, read once and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from stepwell.services.dynamodb.attribute_values import Item
from stepwell.services.dynamodb.keys import KeyAttribute, KeySchema
from stepwell.services.dynamodb.records import TableRow
from stepwell.values import decode

Settings = dict[str, Any]
"""What was asked of a table: `attributes`, `keys`, `global` and `local` (lists of indexes),
`billing`, `throughput`, `tags`, `ttl`, `stream`, ... in the spelling of CreateTable."""


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index."""

    name: str
    id: int
    keys: KeySchema
    is_local: bool
    is_ready: bool
    """False while it is filled with the items that were there before it."""
    projected: frozenset[str] | None
    """The attributes it shows, keys included; None for all."""

    def shown(self, item: Item) -> Item:
        """What the index keeps of an item."""
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(frozen=True, slots=True)
class Expiry:
    """Where a table's items say when they expire."""

    attribute: str
    id: int
    """Entries in the order of expiry are kept under it."""
    is_ready: bool


@dataclass(frozen=True, slots=True)
class StreamOfTable:
    """The stream that takes a table's changes."""

    id: int
    view: str
    arn: str


@dataclass(frozen=True, eq=False, slots=True)
class TableSchema:
    """A table."""

    row: TableRow
    settings: Settings
    arn: str
    keys: KeySchema
    types: dict[str, str]
    """Types of the attributes that are defined."""
    indexes: tuple[Index, ...]
    expiry: Expiry | None
    stream: StreamOfTable | None

    @property
    def name(self) -> str:
        """The table's name."""
        return self.row.name

    @property
    def id(self) -> int:
        """The table's id in rows."""
        return self.row.id

    def index(self, name: str) -> Index | None:
        """The index of that name."""
        return next((index for index in self.indexes if index.name == name), None)


def table_arn(scope: str, name: str) -> str:
    """The ARN of a table."""
    account, region = scope.split(":")
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


def stream_arn(scope: str, name: str, label: str) -> str:
    """The ARN of a table's stream."""
    return f"{table_arn(scope, name)}/stream/{label}"


def key_schema(elements: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    """The key of a KeySchema that was checked."""
    attributes = {
        element["KeyType"]: KeyAttribute(element["AttributeName"], types[element["AttributeName"]])
        for element in elements
    }
    return KeySchema(attributes["HASH"], attributes.get("RANGE"))


def read_table(row: TableRow) -> TableSchema:
    """The table of a row."""
    settings = cast(Settings, decode(row.settings))
    types = {each["AttributeName"]: each["AttributeType"] for each in settings["attributes"]}
    keys = key_schema(settings["keys"], types)
    indexes = [_index(each, types, keys, is_local=True) for each in settings.get("local", ())]
    indexes += [_index(each, types, keys, is_local=False) for each in settings.get("global", ())]
    ttl, stream = settings.get("ttl"), settings.get("stream")
    return TableSchema(
        row=row,
        settings=settings,
        arn=table_arn(row.scope, row.name),
        keys=keys,
        types=types,
        indexes=tuple(indexes),
        expiry=None if ttl is None else Expiry(ttl["attribute"], ttl["id"], ttl["ready"]),
        stream=None
        if stream is None
        else StreamOfTable(
            stream["id"], stream["view"], stream_arn(row.scope, row.name, stream["label"])
        ),
    )


def _index(
    given: dict[str, Any], types: dict[str, str], table: KeySchema, *, is_local: bool
) -> Index:
    keys = key_schema(given["KeySchema"], types)
    projection = given["Projection"]
    projected: frozenset[str] | None = None
    if projection["ProjectionType"] != "ALL":
        extra = projection.get("NonKeyAttributes") or ()
        projected = frozenset((*table.names, *keys.names, *extra))
    return Index(given["IndexName"], given["id"], keys, is_local, given["ready"], projected)
