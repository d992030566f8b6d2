"""What a tested Map state does with its items before the first iteration, told step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from stepwell.language.compile_jsonata import is_jsonata
from stepwell.language.item_batches import BATCH_BYTES_MAX, KeyedItem, take_batch
from stepwell.language.program import (
    DistributedMap,
    Environment,
    Evaluate,
    EvaluationFailed,
    ItemBatcher,
    MapState,
)
from stepwell.values import JsonObject, JsonValue

Tell: TypeAlias = Callable[[str, JsonValue], None]
"""Takes the name of a step, as AWS calls it, and the data after it."""
ReadData: TypeAlias = Callable[[], Sequence[JsonValue]]
"""Gives the items that an ItemReader would have read."""

ITERATIONS = "iterations"
"""The step that tells how many items there are; it is not one of AWS's."""


def map_arguments(
    compiled: MapState, source: JsonObject, tell: Tell, read: ReadData | None
) -> Evaluate:
    """What a Map reads before its first iteration. Its own input goes on."""
    distributed = compiled.distributed

    def arguments(data: JsonValue, env: Environment) -> JsonValue:
        given = data if compiled.arguments is None else compiled.arguments(data, env)
        if not is_jsonata(source):
            tell("afterInputPath", given)
        items = _items(compiled, source, given, env, tell, read)
        if items is not None:
            tell(ITERATIONS, len(items))
        asked = compiled.max_concurrency
        tell("maxConcurrency", 0 if asked is None else asked(given, env))
        if distributed is not None and distributed.tolerated_count is not None:
            tell("toleratedFailureCount", distributed.tolerated_count(given, env))
        if distributed is not None and distributed.tolerated_percentage is not None:
            tell("toleratedFailurePercentage", distributed.tolerated_percentage(given, env))
        if compiled.item_input is not None and items is not None:
            source_of = _source(distributed, given, env)
            items = _selected(compiled.item_input, given, items, env, source_of)
            tell("afterItemSelector", items)
        if distributed is not None and distributed.batcher is not None and items is not None:
            tell("afterItemBatcher", _batches(distributed.batcher, given, items, env))
        return data

    return arguments


def _items(
    compiled: MapState,
    source: JsonObject,
    given: JsonValue,
    env: Environment,
    tell: Tell,
    read: ReadData | None,
) -> Sequence[JsonValue] | None:
    """The items, as far as they are known: those of an ItemReader are what the test gives as read,
    or stand in the input in their place."""
    reader = None if compiled.distributed is None else compiled.distributed.reader
    if reader is None:
        items = compiled.items(given, env)
        if "ItemsPath" in source:
            tell("afterItemsPath", [*items])
        return items
    if read is None:
        return _items_in_place(compiled, source, given, env, tell)
    found = [*read()]
    if "ItemsPointer" in reader.config and not is_jsonata(source):
        tell("afterItemsPointer", found)
    most = 0 if reader.max_items is None else reader.max_items(given, env)
    return found[:most] if most > 0 else found


def _items_in_place(
    compiled: MapState, source: JsonObject, given: JsonValue, env: Environment, tell: Tell
) -> Sequence[JsonValue] | None:
    if is_jsonata(source) or "ItemsPath" not in source:
        return given if isinstance(given, list) else None
    try:
        items = [*compiled.items(given, env)]
    except EvaluationFailed:
        return None
    tell("afterItemsPath", items)
    return items


def _source(distributed: DistributedMap | None, given: JsonValue, env: Environment) -> str | None:
    """Where the items of a distributed Map come from, as its context object says."""
    if distributed is None:
        return None
    reader = distributed.reader
    named = None if reader is None or reader.arguments is None else reader.arguments(given, env)
    if not isinstance(named, dict):
        return "STATE_DATA"
    place = "/".join(str(named[part]) for part in ("Bucket", "Key") if part in named)
    return f"S3://{place}"


def _selected(
    item_input: Evaluate,
    given: JsonValue,
    items: Sequence[JsonValue],
    env: Environment,
    source: str | None,
) -> list[JsonValue]:
    return [
        item_input(given, cast("Environment", _ItemEnvironment(env, index, item, source)))
        for index, item in enumerate(items)
    ]


def _batches(
    batcher: ItemBatcher, given: JsonValue, items: Sequence[JsonValue], env: Environment
) -> list[JsonValue]:
    """The inputs of the children, one for each batch."""
    items_max = 0 if batcher.max_items is None else batcher.max_items(given, env)
    bytes_max = BATCH_BYTES_MAX if batcher.max_bytes is None else batcher.max_bytes(given, env)
    whole: JsonObject = {}
    if batcher.batch_input is not None:
        whole["BatchInput"] = batcher.batch_input(given, env)
    batches: list[JsonValue] = []
    taken, items_max = 0, items_max if items_max > 0 else len(items)
    while taken < len(items):
        held, _ = take_batch(items[taken : taken + items_max], whole, bytes_max)
        batches.append({**whole, "Items": held})
        taken += len(held)
    return batches


class _ItemEnvironment:
    """The environment of an iteration."""

    def __init__(self, env: Environment, index: int, item: JsonValue, source: str | None) -> None:
        self._env = env
        described: JsonObject = {"Index": index, "Value": item}
        if isinstance(item, KeyedItem):
            described = {"Index": index, "Key": item["Key"], "Value": item["Value"]}
        if source is not None:
            described["Source"] = source
        self.context: JsonObject = {**env.context, "Map": {"Item": described}}

    def __getattr__(self, name: str) -> object:
        return getattr(self._env, name)

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        return self._env.variables
