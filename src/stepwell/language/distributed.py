"""The compiled form of what only a distributed Map has: its reader, batcher, writer and bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stepwell.values import JsonObject, JsonValue, encode_text

if TYPE_CHECKING:
    from stepwell.language.program import Environment, Evaluate

ReadInteger: TypeAlias = "Callable[[JsonValue, Environment], int]"
ReadNumber: TypeAlias = "Callable[[JsonValue, Environment], float]"
BATCH_BYTES_MAX = 262_144
"""No batch is larger, whatever the state says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Where the items are read from. `action` is getObject or listObjectsV2.

    `arguments(input, env)` gives Bucket, Key, Prefix and so on. `config` is the ReaderConfig as it
    was written.
    """

    action: str
    arguments: Evaluate | None
    config: Mapping[str, JsonValue]
    max_items: ReadInteger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How items go together into one child's input. None means: no such bound."""

    max_items: ReadInteger | None = None
    max_bytes: ReadInteger | None = None
    batch_input: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """What becomes of the results. Without `arguments` they stay in the state's output.

    `transformation` is NONE, COMPACT or FLATTEN, `output_type` JSON or JSONL.
    """

    arguments: Evaluate | None
    exports: bool
    transformation: str
    output_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap:
    """A Map whose iterations are executions. `label` names them in ARNs.

    `tolerated_count` and `tolerated_percentage` say how many items may fail; None for neither
    means none may.
    """

    label: str
    express: bool
    tolerated_count: ReadInteger | None = None
    tolerated_percentage: ReadNumber | None = None
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None


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
