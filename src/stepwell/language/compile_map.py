"""What a Map state works on, compiled: its items, each iteration's input, how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from stepwell.language.compile_data import integer_at
from stepwell.language.compile_distributed import is_distributed
from stepwell.language.compile_jsonata import (
    is_jsonata,
    jsonata_items,
    jsonata_template,
    jsonata_whole,
)
from stepwell.language.item_batches import KeyedItem
from stepwell.language.paths import input_path_reader
from stepwell.language.program import Environment, Evaluate
from stepwell.language.templates import compile_template
from stepwell.values import JsonObject, JsonValue

ReadItems: TypeAlias = Callable[[JsonValue, Environment], list[JsonValue]]


def compile_items(state: JsonObject) -> ReadItems:
    """ItemsPath: the array to go over; the whole effective input by default. Items in JSONata."""
    path = cast("str", state.get("ItemsPath", "$"))
    if is_jsonata(state):
        read = jsonata_items(state)
        look = jsonata_template(state["Items"], "Items") if "Items" in state else None
    else:
        read_array = input_path_reader(path, "ItemsPath")
        read = lambda data, env: cast("list[JsonValue]", read_array(data, env))  # noqa: E731
        look = input_path_reader(path, "ItemsPath of a distributed Map")
    return _or_members(read, look) if is_distributed(state) else read


def _or_members(read: ReadItems, look: Evaluate | None) -> ReadItems:
    """The items, which in a distributed Map may also be the members of an object."""

    def read_items(data: JsonValue, env: Environment) -> list[JsonValue]:
        found = data if look is None else look(data, env)
        if isinstance(found, dict):
            return [KeyedItem(Key=key, Value=value) for key, value in found.items()]
        return found if isinstance(found, list) else read(data, env)

    return read_items


def compile_item_input(state: JsonObject) -> Evaluate | None:
    """ItemSelector, or Parameters as it was called before."""
    if is_jsonata(state):
        given = "ItemSelector" in state
        return jsonata_template(state["ItemSelector"], "ItemSelector") if given else None
    for name in ("ItemSelector", "Parameters"):
        if name in state:
            return compile_template(state[name], name)
    return None


def compile_max_concurrency(
    state: JsonObject,
) -> Callable[[JsonValue, Environment], int] | None:
    """MaxConcurrency, fixed, by its path, or computed."""
    if is_jsonata(state):
        return jsonata_whole(state, "MaxConcurrency")
    if "MaxConcurrencyPath" in state:
        return integer_at("MaxConcurrencyPath", cast("str", state["MaxConcurrencyPath"]), least=0)
    if "MaxConcurrency" not in state:
        return None
    fixed = cast("int", state["MaxConcurrency"])
    return lambda _data, _env: fixed
