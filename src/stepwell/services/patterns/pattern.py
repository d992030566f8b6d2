"""A whole pattern, compiled to a function of an event.

Rules, as AWS's engine has them: fields are joined by and, the members of an array by or. Where the
event has an array of objects, all fields below it must match within the same object. A field whose
value is an object or an empty array is no field: `exists` looks at leaves only, over the whole
event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.leaves import EXPRESSION_NAMES, Leaf, compile_leaf
from stepwell.values import JsonObject, JsonValue

OR = "$or"
COMBINATIONS_MAX = 1_000
"""How many ways to match a pattern may have, all `$or` multiplied."""

DEPTH_MAX = 100
"""How deep objects may stand in each other."""

Wants: TypeAlias = "Callable[[JsonValue], bool]"

_Path = tuple[str, ...]


def compile_pattern(pattern: JsonValue) -> Wants:
    """Whether an event is wanted, as a function. Raises InvalidPattern."""
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    if _combinations(pattern) > COMBINATIONS_MAX:
        raise InvalidPattern(
            f"Rule is too complex: it has more than {COMBINATIONS_MAX} combinations of values"
        )
    top = _compile_object(pattern, (), in_or=False)
    return lambda event: top.wanted(event, event)


@dataclass(frozen=True, slots=True)
class _Object:
    """What an object wants of its fields and, for each `$or`, of one of its branches."""

    leaves: tuple[tuple[str, Leaf, _Path], ...]
    objects: tuple[tuple[str, _Object], ...]
    choices: tuple[tuple[_Object, ...], ...]

    def wanted(self, node: JsonValue, event: JsonValue) -> bool:
        """Whether a node of the event (or one of its objects, if it is an array) is as wanted."""
        if isinstance(node, list):
            objects = list(_objects(node))
            return any(self._matches(found, event) for found in objects or [{}])
        return self._matches(node if isinstance(node, dict) else {}, event)

    def _matches(self, found: JsonObject, event: JsonValue) -> bool:
        for name, leaf, path in self.leaves:
            if not _leaf_wanted(leaf, found.get(name, _NONE), path, event):
                return False
        for name, below in self.objects:
            if not below.wanted(found.get(name), event):
                return False
        return all(
            any(branch._matches(found, event) for branch in choice) for choice in self.choices
        )


_NONE: list[JsonValue] = []
"""A field that is not there, as an array without values."""


def _leaf_wanted(leaf: Leaf, value: JsonValue, path: _Path, event: JsonValue) -> bool:
    return any(leaf.wanted(found) for found in _values(value)) or (
        leaf.absent and not _has_leaf(event, path)
    )


def _values(value: JsonValue) -> Iterator[JsonValue]:
    """The leaves at a place: those of an array, one by one."""
    if isinstance(value, list):
        for member in value:
            yield from _values(member)
    elif not isinstance(value, dict):
        yield value


def _objects(members: list[JsonValue]) -> Iterator[JsonObject]:
    for member in members:
        if isinstance(member, dict):
            yield member
        elif isinstance(member, list):
            yield from _objects(member)


def _has_leaf(node: JsonValue, path: _Path) -> bool:
    """Whether there is a leaf at a path, in whichever object of an array."""
    if isinstance(node, list):
        return any(_has_leaf(member, path) for member in node)
    if not path:
        return not isinstance(node, dict)
    return isinstance(node, dict) and path[0] in node and _has_leaf(node[path[0]], path[1:])


def _compile_object(pattern: JsonObject, path: _Path, *, in_or: bool) -> _Object:
    if not pattern:
        raise InvalidPattern("Empty objects are not allowed")
    if len(path) > DEPTH_MAX:
        raise InvalidPattern(f"Rule is too complex: objects are nested deeper than {DEPTH_MAX}")
    leaves: list[tuple[str, Leaf, _Path]] = []
    objects: list[tuple[str, _Object]] = []
    choices: list[tuple[_Object, ...]] = []
    for name, given in pattern.items():
        here = (*path, name)
        if name == OR:
            choices.append(_compile_choice(given, path))
        elif in_or and name in EXPRESSION_NAMES:
            raise InvalidPattern(
                f"{name} is Ruler reserved fieldName which cannot be used inside {OR}."
            )
        elif isinstance(given, dict):
            objects.append((name, _compile_object(given, here, in_or=in_or)))
        elif isinstance(given, list):
            leaves.append((name, compile_leaf(given), here))
        else:
            raise InvalidPattern(f'"{name}" must be an object or an array')
    return _Object(tuple(leaves), tuple(objects), tuple(choices))


def _compile_choice(branches: JsonValue, path: _Path) -> tuple[_Object, ...]:
    if not isinstance(branches, list):
        raise InvalidPattern(f"It must be an Array followed with {OR}.")
    compiled = []
    for branch in branches:
        if not isinstance(branch, dict):
            raise InvalidPattern(f"Only JSON object is allowed in array of {OR} relationship.")
        compiled.append(_compile_object(branch, path, in_or=True))
    if len(compiled) < 2:
        raise InvalidPattern(f"There must have at least 2 Objects in {OR} relationship.")
    return tuple(compiled)


def _combinations(pattern: JsonValue) -> int:
    """How many ways to match there are, as AWS counts them: `$or` against `$or`."""
    if not isinstance(pattern, dict):
        return 1
    count = 1
    for name, given in pattern.items():
        if name == OR and isinstance(given, list):
            count *= max(1, sum(_combinations(branch) for branch in given))
        else:
            count *= _combinations(given)
        if count > COMBINATIONS_MAX:
            return count
    return count
