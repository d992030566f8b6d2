"""What goes over the items of a distributed Map: members of an object, and batches."""

from __future__ import annotations

from collections.abc import Iterable

from stepwell.values import JsonObject, JsonValue, encode_text

BATCH_BYTES_MAX = 262_144
"""No batch is larger, whatever the state says."""


class KeyedItem(dict[str, JsonValue]):
    """A member of an object that a Map goes over: `Key` and `Value`."""


def take_batch(
    values: Iterable[JsonValue], whole: JsonObject, bytes_max: int
) -> tuple[list[JsonValue], bool]:
    """The values that go together into `whole`, and whether another one had no room; one always
    has."""
    items: list[JsonValue] = []
    size = len(encode_text({**whole, "Items": []}).encode())
    for value in values:
        size += len(encode_text(value).encode()) + (1 if items else 0)
        if items and size > bytes_max:
            return items, True
        items.append(value)
    return items, False
