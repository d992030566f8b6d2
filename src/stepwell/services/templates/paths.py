"""The paths of input transformers: `$.detail.items[0].name`, `$.detail.tags[*]`."""

from __future__ import annotations

import re
from functools import lru_cache

from stepwell.values import JsonValue

_STEP = re.compile(r"\.([\w/-]+|\*)|\[(\d+)\]|\[\*\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


class NoPath(ValueError):
    """The text is no path."""


class Nothing:
    """What a path leads to where there is nothing."""


NOTHING = Nothing()

_Steps = tuple[str | int | None, ...]


@lru_cache(maxsize=1_000)
def parse_path(text: str) -> _Steps:
    """The steps of a path: a name, a position, or None for all. Raises NoPath."""
    if not text.startswith("$"):
        raise NoPath(text)
    steps: list[str | int | None] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise NoPath(text)
        name = next((found[n] for n in (1, 3, 4) if found[n] is not None), None)
        steps.append(int(found[2]) if found[2] else None if name == "*" else name)
        at = found.end()
    return tuple(steps)


def look_up(value: JsonValue, path: str) -> JsonValue | Nothing:
    """What stands at a path."""
    return _follow(value, parse_path(path))


def _follow(value: JsonValue, steps: _Steps) -> JsonValue | Nothing:
    for number, step in enumerate(steps):
        if step is None:
            rest = steps[number + 1 :]
            below = value if isinstance(value, list) else []
            below = list(value.values()) if isinstance(value, dict) else below
            found = (_follow(each, rest) for each in below)
            return [each for each in found if not isinstance(each, Nothing)]
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return NOTHING
            value = value[step]
        elif isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return NOTHING
    return value
