"""When a Wait ends and where a Choice goes, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from stepwell.language.choices import Rule, compile_rule
from stepwell.language.compile_data import compile_assign, compile_output
from stepwell.language.compile_jsonata import (
    is_jsonata,
    jsonata_assign,
    jsonata_condition,
    jsonata_due_at,
    jsonata_output,
)
from stepwell.language.program import ChoiceRule, Environment
from stepwell.language.timestamps import (
    compile_wait_seconds,
    compile_wait_seconds_path,
    compile_wait_timestamp,
    compile_wait_timestamp_path,
)
from stepwell.values import JsonObject, JsonValue

DueAt: TypeAlias = Callable[[JsonValue, Environment, int], int]
Choose: TypeAlias = Callable[[JsonValue, Environment], ChoiceRule | None]


def compile_due_at(state: JsonObject) -> DueAt:
    """The moment a Wait state ends, in epoch milliseconds."""
    if is_jsonata(state):
        return jsonata_due_at(state)
    if "Seconds" in state:
        return compile_wait_seconds(cast("int", state["Seconds"]))
    if "SecondsPath" in state:
        return compile_wait_seconds_path(cast("str", state["SecondsPath"]))
    if "Timestamp" in state:
        return compile_wait_timestamp(cast("str", state["Timestamp"]))
    return compile_wait_timestamp_path(cast("str", state["TimestampPath"]))


def compile_choose(state: JsonObject) -> Choose:
    """The first rule that is true, or None."""
    rules = cast("list[JsonObject]", state["Choices"])
    jsonata = is_jsonata(state)
    compiled = tuple(
        _jsonata_rule(rule, index) if jsonata else _rule(rule, state)
        for index, rule in enumerate(rules)
    )
    if len(compiled) == 1:
        is_true, chosen = compiled[0]
        return lambda data, env: chosen if is_true(data, env) else None

    def choose(data: JsonValue, env: Environment) -> ChoiceRule | None:
        for is_true, chosen in compiled:
            if is_true(data, env):
                return chosen
        return None

    return choose


def _rule(rule: JsonObject, state: JsonObject) -> tuple[Rule, ChoiceRule]:
    """A JSONPath rule. The state's OutputPath holds for all rules, its Assign for the default."""
    chosen = ChoiceRule(cast("str", rule["Next"]), compile_output(state), compile_assign(rule))
    return compile_rule(rule), chosen


def _jsonata_rule(rule: JsonObject, index: int) -> tuple[Rule, ChoiceRule]:
    place = f"Choices[{index}]"
    chosen = ChoiceRule(
        cast("str", rule["Next"]),
        jsonata_output(rule, f"{place}/Output"),
        jsonata_assign(rule, f"{place}/Assign"),
    )
    return jsonata_condition(rule, index), chosen
