"""When a Wait ends and where a Choice goes, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from stepwell.language.choices import compile_rule
from stepwell.language.program import Environment
from stepwell.language.timestamps import (
    compile_wait_seconds,
    compile_wait_seconds_path,
    compile_wait_timestamp,
    compile_wait_timestamp_path,
)
from stepwell.values import JsonObject, JsonValue

DueAt: TypeAlias = Callable[[JsonValue, Environment, int], int]
Choose: TypeAlias = Callable[[JsonValue, Environment], str | None]


def compile_due_at(state: JsonObject) -> DueAt:
    """The moment a Wait state ends, in epoch milliseconds."""
    if "Seconds" in state:
        return compile_wait_seconds(cast("int", state["Seconds"]))
    if "SecondsPath" in state:
        return compile_wait_seconds_path(cast("str", state["SecondsPath"]))
    if "Timestamp" in state:
        return compile_wait_timestamp(cast("str", state["Timestamp"]))
    return compile_wait_timestamp_path(cast("str", state["TimestampPath"]))


def compile_choose(rules: list[JsonObject]) -> Choose:
    """The Next of the first rule that is true, or None."""
    compiled = tuple((compile_rule(rule), cast("str", rule["Next"])) for rule in rules)
    if len(compiled) == 1:
        is_true, target = compiled[0]
        return lambda data, env: target if is_true(data, env) else None

    def choose(data: JsonValue, env: Environment) -> str | None:
        for is_true, target in compiled:
            if is_true(data, env):
                return target
        return None

    return choose
