"""What expressions are made of, once names and values are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stepwell.services.dynamodb.attribute_values import AttributeValue

Path: TypeAlias = tuple["str | int", ...]
"""From the top: names of attributes and members, positions in lists."""


@dataclass(frozen=True, slots=True)
class At:
    """What is at a path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Given:
    """A value of the request."""

    value: AttributeValue
    name: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """size(path)"""

    of: Operand


@dataclass(frozen=True, slots=True)
class IfNotExists:
    """if_not_exists(path, otherwise)"""

    path: Path
    otherwise: Operand


@dataclass(frozen=True, slots=True)
class ListAppend:
    """list_append(first, second)"""

    first: Operand
    second: Operand


@dataclass(frozen=True, slots=True)
class Sum:
    """first + second, or first - second"""

    first: Operand
    second: Operand
    is_difference: bool


Operand: TypeAlias = At | Given | Size | IfNotExists | ListAppend | Sum


@dataclass(frozen=True, slots=True)
class Comparison:
    """`=`, `<>`, `<`, `<=`, `>`, `>=`"""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """operand BETWEEN low AND high"""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """operand IN (...)"""

    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """attribute_exists(path), or attribute_not_exists"""

    path: Path
    wanted: bool


@dataclass(frozen=True, slots=True)
class Predicate:
    """attribute_type, begins_with, contains"""

    name: str
    operand: Operand
    argument: Operand


@dataclass(frozen=True, slots=True)
class Not:
    """NOT condition"""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """AND of all"""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """OR of all"""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Between | OneOf | Exists | Predicate | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Update:
    """The actions of an update."""

    sets: tuple[tuple[Path, Operand], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, AttributeValue], ...] = ()
    deletes: tuple[tuple[Path, AttributeValue], ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Everything the update touches."""
        return (
            *(path for path, _ in self.sets),
            *self.removes,
            *(path for path, _ in self.adds),
            *(path for path, _ in self.deletes),
        )


def shown_path(path: Path) -> str:
    """A path as errors print it: `[a, b, [1]]`."""
    parts = [f"[{part}]" if isinstance(part, int) else part for part in path]
    return f"[{', '.join(parts)}]"
