"""What a JSONPath says, as data: the parser makes these, the compiler turns them into functions.

A path is a root and a row of steps. A step picks children of a node by one selector; a deep step
(`..`) does so at the node and at everything below it. All positions count characters from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stepwell.language.paths.patterns import Matcher
from stepwell.values import JsonValue


class PathSyntaxError(ValueError):
    """The text is not a path. The message says what is wrong and where."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Names:
    """`.a`, `['a']`, `['a', 'b']`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexes:
    """`[0]`, `[-1]`, `[0, 2]`."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`[1:5]`, `[:-1]`, `[::2]`. `step` is never 0."""

    start: int | None
    stop: int | None
    step: int = 1


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`.*`, `[*]`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Function:
    """`.length()`, at the end of a path. `argument` is the number in `.index(2)`."""

    name: str
    argument: int | None = None


Selector: TypeAlias = Names | Indexes | Slice | Wildcard | Filter | Function


@dataclass(frozen=True, slots=True)
class Step:
    """One selector, applied to the node or, when deep, to the node and all its descendants."""

    selector: Selector
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant inside a filter."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Pattern:
    """`/x/i` inside a filter."""

    regex: Matcher


@dataclass(frozen=True, slots=True)
class Query:
    """A path inside a filter: `@` starts at the node under test, `$` at the document."""

    from_document: bool
    steps: tuple[Step, ...]


Operand: TypeAlias = Literal | Pattern | Query


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`, the operator in lower case."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Exists:
    """A path alone: it is there."""

    query: Query


@dataclass(frozen=True, slots=True)
class AllOf:
    """`a && b`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`a || b`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`!a`."""

    part: Condition


Condition: TypeAlias = Comparison | Exists | AllOf | AnyOf | Negation


def is_simple(step: Step) -> bool:
    """Whether the step is one name or one index, not deep."""
    if step.deep:
        return False
    match step.selector:
        case Names(names):
            return len(names) == 1
        case Indexes(indexes):
            return len(indexes) == 1
        case _:
            return False


def is_definite(steps: tuple[Step, ...]) -> bool:
    """Whether the path can only ever name one value.

    Several names at the end are gathered into one object, so they count as one value; a function
    gives one value whatever stands before it.
    """
    if not steps:
        return True
    last = steps[-1]
    if isinstance(last.selector, Function):
        return True
    merged = isinstance(last.selector, Names) and not last.deep
    return all(map(is_simple, steps[:-1])) and (merged or is_simple(last))
