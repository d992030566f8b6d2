"""JSONata in a state's fields: any text of the form `{% ... %}`, at any depth.

What has no expression in it is constant and kept as it stands in the definition, shared by all
results, so results must not be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from stepwell.language.budget import REFERENCES_FREE, held
from stepwell.language.jsonata.adapter import Compiled, JsonataSyntaxError, compile_jsonata
from stepwell.language.program import Environment
from stepwell.values import JsonObject, JsonValue

OPENING, CLOSING = "{%", "%}"
DEPTH_MAX = 100
PARTS_MAX = 100_000

Fill: TypeAlias = Callable[[JsonObject, Environment], JsonValue]
"""(members of `$states`, env) -> value."""


def is_expression(value: JsonValue) -> bool:
    """Whether this is a text that holds an expression."""
    if not isinstance(value, str) or len(value) < 4:
        return False
    return value.startswith(OPENING) and value.endswith(CLOSING)


def is_half_expression(value: JsonValue) -> bool:
    """Whether this is a text that only opens or only closes an expression."""
    if not isinstance(value, str) or is_expression(value):
        return False
    return value.startswith(OPENING) or value.endswith(CLOSING)


def expression(value: str) -> Compiled:
    """The expression in such a text. Raises JsonataSyntaxError."""
    return compile_jsonata(value[len(OPENING) : -len(CLOSING)].strip())


def compile_fill(template: JsonValue, field: str) -> Fill:
    """The template as a function. `field` names it in failures. Raises JsonataSyntaxError."""
    expressions = sum(is_expression(text) for text, _ in texts(template, ""))
    fill = _compile(template, field, 0, many=expressions > REFERENCES_FREE)
    return fill if fill is not None else lambda _states, _env: template


def _compile(template: JsonValue, field: str, depth: int, *, many: bool) -> Fill | None:
    """None when nothing in it has to be evaluated."""
    if depth > DEPTH_MAX:
        raise JsonataSyntaxError("The template is too deeply nested")
    if isinstance(template, str) and is_expression(template):
        fill = _evaluation(expression(template), field)
        return held(fill) if many else fill
    if isinstance(template, dict):
        return _compile_object(template, field, depth, many=many)
    if isinstance(template, list):
        return _compile_array(template, field, depth, many=many)
    return None


def _evaluation(compiled: Compiled, field: str) -> Fill:
    evaluate = compiled.evaluate
    return lambda states, env: evaluate(states, env.variables, env, field)


def _compile_object(template: JsonObject, field: str, depth: int, *, many: bool) -> Fill | None:
    fills = [
        (name, _compile(value, f"{field}/{name}", depth + 1, many=many))
        for name, value in template.items()
    ]
    computed = tuple((name, fill) for name, fill in fills if fill is not None)
    if not computed:
        return None

    def build(states: JsonObject, env: Environment) -> JsonValue:
        result = template.copy()
        for name, fill in computed:
            result[name] = fill(states, env)
        return result

    return build


def _compile_array(template: list[JsonValue], field: str, depth: int, *, many: bool) -> Fill | None:
    fills = [
        (place, _compile(item, f"{field}[{place}]", depth + 1, many=many))
        for place, item in enumerate(template)
    ]
    computed = tuple((place, fill) for place, fill in fills if fill is not None)
    if not computed:
        return None

    def build(states: JsonObject, env: Environment) -> JsonValue:
        result = template.copy()
        for place, fill in computed:
            result[place] = fill(states, env)
        return result

    return build


def texts(template: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    """Every text within a template and its place, so many and so deep as templates go."""
    pending: list[tuple[JsonValue, str, int]] = [(template, pointer, 0)]
    for _ in range(PARTS_MAX):
        if not pending:
            return
        part, place, depth = pending.pop()
        if isinstance(part, str):
            yield part, place
        elif isinstance(part, dict) and depth <= DEPTH_MAX:
            inner = [(value, f"{place}/{name}", depth + 1) for name, value in part.items()]
            pending.extend(reversed(inner))
        elif isinstance(part, list) and depth <= DEPTH_MAX:
            items = [(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(part)]
            pending.extend(reversed(items))
