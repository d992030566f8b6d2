"""What a Map state works on, compiled: its items, each iteration's input, how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from stepwell.language.compile_data import integer_at
from stepwell.language.paths import input_path_reader
from stepwell.language.program import Environment, Evaluate
from stepwell.language.templates import compile_template
from stepwell.values import JsonObject, JsonValue


def compile_items(state: JsonObject) -> Callable[[JsonValue, Environment], list[JsonValue]]:
    """ItemsPath: the array to go over; the whole effective input by default."""
    read = input_path_reader(cast("str", state.get("ItemsPath", "$")), "ItemsPath")
    return lambda data, env: cast("list[JsonValue]", read(data, env))


def compile_item_input(state: JsonObject) -> Evaluate | None:
    """ItemSelector, or Parameters as it was called before."""
    for name in ("ItemSelector", "Parameters"):
        if name in state:
            return compile_template(state[name], name)
    return None


def compile_max_concurrency(
    state: JsonObject,
) -> Callable[[JsonValue, Environment], int] | None:
    """MaxConcurrency, fixed or by its path."""
    if "MaxConcurrencyPath" in state:
        return integer_at("MaxConcurrencyPath", cast("str", state["MaxConcurrencyPath"]), least=0)
    if "MaxConcurrency" not in state:
        return None
    fixed = cast("int", state["MaxConcurrency"])
    return lambda _data, _env: fixed
