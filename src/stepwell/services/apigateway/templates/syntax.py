"""What a template consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stepwell.values import JsonValue


@dataclass(frozen=True, slots=True)
class Member:
    """`.name`"""

    name: str


@dataclass(frozen=True, slots=True)
class Method:
    """`.name(arguments)`"""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`[expression]`"""

    at: Expression


Step: TypeAlias = "Member | Method | Index"


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name.step.step`"""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text without references, true, false, null."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A text in double quotes with references or directives in it."""

    body: Block


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`"""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class RangeOf:
    """`[a..b]`"""

    first: Expression
    last: Expression


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{a: b}`"""

    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`!a`"""

    value: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """`a operator b`"""

    operator: str
    left: Expression
    right: Expression


Expression: TypeAlias = (
    "Reference | Literal | Interpolated | ListOf | RangeOf | MapOf | Not | Binary"
)


@dataclass(frozen=True, slots=True)
class Text:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class SetTo:
    """`#set($name.step = value)`"""

    target: Reference
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """`#if` with its `#elseif`s, and `#else`."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block


@dataclass(frozen=True, slots=True)
class ForEach:
    """`#foreach($name in items)`"""

    name: str
    items: Expression
    body: Block


@dataclass(frozen=True, slots=True)
class Define:
    """`#define($name)`: a block that is carried out where it is referred to."""

    name: str
    body: Block


@dataclass(frozen=True, slots=True)
class Macro:
    """`#macro(name $parameter)`"""

    name: str
    parameters: tuple[str, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class CallMacro:
    """`#name(arguments)`; text if there is no such macro."""

    name: str
    arguments: tuple[Expression, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Stop:
    """`#stop` ends the template, `#break` (`loop`) the loop."""

    loop: bool


Node: TypeAlias = "Text | Reference | SetTo | If | ForEach | Define | Macro | CallMacro | Stop"
Block: TypeAlias = "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read."""

    body: Block
