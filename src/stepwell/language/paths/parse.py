"""Text to steps: the JSONPath dialect of Jayway's library, which Step Functions uses.

    path     = ( "$" | "$$" | "$name" ) step*
    step     = "." name | "." bracket | ".." name | ".." bracket | bracket | "." function "()"
    bracket  = "[*]" | "['a', 'b']" | "[0, -1]" | "[1:5]" | "[?(condition)]" | "[(@.length-1)]"

A dot before a bracket (`$.[0]`, `$.a.[0]`) means nothing, as users write it often.
"""

from __future__ import annotations

from stepwell.language.paths.conditions import parse_condition
from stepwell.language.paths.cursor import Cursor
from stepwell.language.paths.functions import FUNCTIONS
from stepwell.language.paths.syntax import (
    Filter,
    Function,
    Indexes,
    Names,
    PathSyntaxError,
    Selector,
    Slice,
    Step,
    Wildcard,
)

NAME_STOPS = ".[( \t\r\n"
NAME_FORBIDDEN = "])'\","
FILTER_NAME_STOPS = NAME_STOPS + ")],<>=~!&|"
STEPS_MAX = 1000


def parse_path(text: str) -> tuple[str, tuple[Step, ...]]:
    """The root (`$`, `$$` or `$name`) and the steps of a path. Raises PathSyntaxError."""
    cursor = Cursor(text)
    cursor.need("$")
    if cursor.take("$"):
        root = "$$"
    else:
        name = cursor.until(NAME_STOPS + NAME_FORBIDDEN)
        if name and not name.isidentifier():
            raise PathSyntaxError(f"'${name}' is not a variable name", 1)
        root = "$" + name
    steps = parse_steps(cursor, NAME_STOPS)
    if cursor.peek():
        raise cursor.error("Expected '.' or '['")
    return root, steps


def parse_steps(cursor: Cursor, stops: str) -> tuple[Step, ...]:
    """The steps that stand at the cursor. A name after a dot ends at one of `stops`."""
    steps: list[Step] = []
    while True:
        if steps and isinstance(steps[-1].selector, Function):
            return tuple(steps)
        if len(steps) > STEPS_MAX:
            raise cursor.refusal(f"A path has at most {STEPS_MAX} steps")
        deep = cursor.take("..")
        if cursor.peek() == "[":
            steps.append(Step(_bracket(cursor), deep))
        elif deep or cursor.take("."):
            bracket = cursor.peek() == "["
            steps.append(Step(_bracket(cursor) if bracket else _dotted(cursor, stops), deep))
        else:
            return tuple(steps)


def _dotted(cursor: Cursor, stops: str) -> Selector:
    if cursor.take("*"):
        return Wildcard()
    name = cursor.until(stops + NAME_FORBIDDEN)
    if not name:
        raise cursor.error("Expected a name after '.'")
    if cursor.peek() == "(":
        return _function(cursor, name)
    return Names((name,))


def _function(cursor: Cursor, name: str) -> Function:
    if name not in FUNCTIONS:
        raise cursor.refusal(f"'{name}' is not a function of a path")
    cursor.need("(")
    cursor.skip_spaces()
    argument = cursor.integer() if name == "index" else None
    cursor.skip_spaces()
    cursor.need(")")
    return Function(name, argument)


def _bracket(cursor: Cursor) -> Selector:
    cursor.need("[")
    cursor.skip_spaces()
    selector = _bracketed(cursor)
    cursor.skip_spaces()
    cursor.need("]")
    return selector


def _bracketed(cursor: Cursor) -> Selector:
    first = cursor.peek()
    if first == "*":
        cursor.take("*")
        return Wildcard()
    if first in ("'", '"'):
        return Names(_quoted_names(cursor))
    if first == "?":
        return _filter(cursor)
    if first == "(":
        return _from_the_end(cursor)
    return _positions(cursor)


def _quoted_names(cursor: Cursor) -> tuple[str, ...]:
    names = [cursor.quoted()]
    while _comma(cursor):
        if cursor.peek() not in ("'", '"'):
            raise cursor.error("Expected a name in quotes")
        names.append(cursor.quoted())
    return tuple(names)


def _filter(cursor: Cursor) -> Filter:
    cursor.need("?")
    cursor.skip_spaces()
    cursor.need("(")
    condition = parse_condition(cursor, lambda: parse_steps(cursor, FILTER_NAME_STOPS))
    cursor.skip_spaces()
    cursor.need(")")
    return Filter(condition)


def _from_the_end(cursor: Cursor) -> Indexes:
    cursor.need("(")
    cursor.skip_spaces()
    cursor.need("@.length")
    cursor.skip_spaces()
    if cursor.peek() != "-":
        raise cursor.error("Expected '-'")
    cursor.take("-")
    cursor.skip_spaces()
    index = -cursor.integer()
    cursor.skip_spaces()
    cursor.need(")")
    return Indexes((index,))


def _positions(cursor: Cursor) -> Indexes | Slice:
    first = _optional_integer(cursor)
    cursor.skip_spaces()
    if cursor.peek() == ":":
        return _slice(cursor, first)
    if first is None:
        raise cursor.error("Expected an index, a name in quotes, '*' or a filter")
    indexes = [first]
    while _comma(cursor):
        indexes.append(cursor.integer())
    return Indexes(tuple(indexes))


def _slice(cursor: Cursor, start: int | None) -> Slice:
    cursor.need(":")
    cursor.skip_spaces()
    stop = _optional_integer(cursor)
    cursor.skip_spaces()
    step = None
    if cursor.take(":"):
        cursor.skip_spaces()
        step = _optional_integer(cursor)
    if step == 0:
        raise cursor.refusal("The step of a slice must not be 0")
    return Slice(start, stop, 1 if step is None else step)


def _optional_integer(cursor: Cursor) -> int | None:
    first = cursor.peek()
    return cursor.integer() if first == "-" or (first.isascii() and first.isdigit()) else None


def _comma(cursor: Cursor) -> bool:
    cursor.skip_spaces()
    if not cursor.take(","):
        return False
    cursor.skip_spaces()
    return True
