"""Keys: which attributes they are, and the bytes that rows are sorted by.

The bytes of a hash key begin with a checksum, so that scans visit items in an order of their own
as AWS's do, and a segment of a parallel scan is a range. The bytes of a range key end in a zero, so
that a bound can be laid before or behind every key (`Bounds`).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.attribute_values import AttributeValue, Item, kind_of
from stepwell.services.dynamodb.errors import invalid, invalid_values

HASH_BYTES_MAX, RANGE_BYTES_MAX = 2048, 1024


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One attribute of a key."""

    name: str
    kind: str
    """S, N or B."""


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key of a table or of an index."""

    hash: KeyAttribute
    range: KeyAttribute | None

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes' names."""
        return (self.hash.name,) if self.range is None else (self.hash.name, self.range.name)

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """Hash key and, if there is one, range key."""
        return (self.hash,) if self.range is None else (self.hash, self.range)

    def of(self, item: Item) -> Item:
        """The key of an item."""
        return {name: item[name] for name in self.names}


def encoded(value: AttributeValue) -> bytes:
    """The bytes of a key value, in the order of values of its type."""
    if "S" in value:
        return bytes(value["S"].encode("utf-8", "surrogatepass"))
    if "N" in value:
        return numbers.sortable(value["N"])
    return bytes(value["B"])


def hash_bytes(value: AttributeValue) -> bytes:
    """What rows keep of a hash key."""
    plain = encoded(value)
    return zlib.crc32(plain).to_bytes(4, "big") + plain


def range_bytes(value: AttributeValue) -> bytes:
    """What rows keep of a range key."""
    return encoded(value) + b"\0"


def place(schema: KeySchema, item: Item) -> tuple[bytes, bytes]:
    """Hash and range of a checked item."""
    ranged = b"" if schema.range is None else range_bytes(item[schema.range.name])
    return hash_bytes(item[schema.hash.name]), ranged


def check_item_key(schema: KeySchema, item: Item) -> None:
    """Refuse an item that lacks the key, or has it with the wrong type."""
    for attribute in schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise invalid_values(f"Missing the key {attribute.name} in the item")
        if attribute.kind not in value:
            raise invalid_values(
                f"Type mismatch for key {attribute.name} expected: {attribute.kind} "
                f"actual: {kind_of(value)}"
            )
    check_key_values(schema, item)


def check_key(schema: KeySchema, key: dict[str, Any]) -> None:
    """Refuse a key that is not exactly that of the table."""
    if len(key) != len(schema.names):
        raise invalid("The provided key element does not match the schema")
    for attribute in schema.attributes:
        value = key.get(attribute.name)
        if value is None or attribute.kind not in value:
            raise invalid("The provided key element does not match the schema")
    check_key_values(schema, key)


def check_key_values(schema: KeySchema, item: Item, *, index: str = "") -> None:
    """Refuse empty and too long key values."""
    for attribute in schema.attributes:
        content = item[attribute.name][attribute.kind]
        if attribute.kind != "N" and not content:
            raise _empty(attribute, index)
    if len(encoded(item[schema.hash.name])) > HASH_BYTES_MAX:
        raise invalid_values(
            f"Size of hashkey has exceeded the maximum size limit of{HASH_BYTES_MAX} bytes"
        )
    if schema.range is not None and len(encoded(item[schema.range.name])) > RANGE_BYTES_MAX:
        raise invalid_values(
            "Aggregated size of all range keys has exceeded the size limit of"
            f" {RANGE_BYTES_MAX} bytes"
        )


def _empty(attribute: KeyAttribute, index: str) -> Exception:
    kind = "string" if attribute.kind == "S" else "binary"
    if index:
        return invalid(
            "One or more parameter values are not valid. A value specified for a secondary index"
            f" key is not supported. The AttributeValue for a key attribute cannot contain an empty"
            f" {kind} value. IndexName: {index}, IndexKey: {attribute.name}"
        )
    return invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot"
        f" contain an empty {kind} value. Key: {attribute.name}"
    )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query wants of range keys: bytes of a key, and whether the key itself is meant.

    A prefix is a lower bound with `is_prefix`.
    """

    lower: bytes | None = None
    lower_too: bool = True
    upper: bytes | None = None
    upper_too: bool = True
    is_prefix: bool = False

    def after_until(self, *, reverse: bool) -> tuple[bytes | None, bytes | None]:
        """The store's `after` (exclusive) and `until` (inclusive) for the direction."""
        low, high = self.lower, self.upper
        if self.is_prefix and low is not None:
            beyond = low + b"\xff" * (RANGE_BYTES_MAX + 1)
            return (beyond, low or None) if reverse else (low or None, beyond)
        if reverse:
            until = None if low is None else low + (b"\0" if self.lower_too else b"\0\0")
            after = None if high is None else high + (b"\0\0" if self.upper_too else b"\0")
            return after, until
        after = None if low is None else (low if self.lower_too else low + b"\0")
        until = None if high is None else (high + b"\0" if self.upper_too else high)
        return after, until

    def holds(self, ranged: bytes) -> bool:
        """Whether a range key lies within, given its bytes without the zero."""
        if self.is_prefix:
            return ranged.startswith(self.lower or b"")
        low = self.lower is None or (
            ranged >= self.lower if self.lower_too else ranged > self.lower
        )
        high = self.upper is None or (
            ranged <= self.upper if self.upper_too else ranged < self.upper
        )
        return low and high
