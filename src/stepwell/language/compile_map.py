"""What a Map state works on, compiled: its items, each iteration's input, how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from stepwell.language.compile_data import integer_at
from stepwell.language.compile_distributed import is_distributed
from stepwell.language.compile_jsonata import (
    is_jsonata,
    jsonata_items,
    jsonata_template,
    jsonata_whole,
)
from stepwell.language.distributed import KeyedItem
from stepwell.language.paths import input_path_reader
from stepwell.language.program import Environment, Evaluate
from stepwell.language.templates import compile_template
from stepwell.values import JsonObject, JsonValue


def compile_items(state: JsonObject) -> Callable[[JsonValue, Environment], list[JsonValue]]:
    """ItemsPath: the array to go over; the whole effective input by default. Items in JSONata."""
    if is_jsonata(state):
        return jsonata_items(state)
    path = cast("str", state.get("ItemsPath", "$"))
    read = input_path_reader(path, "ItemsPath")
    if not is_distributed(state):
        return lambda data, env: cast("list[JsonValue]", read(data, env))
    read_any = input_path_reader(path, "ItemsPath of a distributed Map")

    def read_items(data: JsonValue, env: Environment) -> list[JsonValue]:
        found = read_any(data, env)
        if isinstance(found, dict):
            return [KeyedItem(Key=key, Value=value) for key, value in found.items()]
        return cast("list[JsonValue]", read(data, env))

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
