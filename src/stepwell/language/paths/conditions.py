"""The condition inside `[?(…)]`, from text to data.

    either     = both ( "||" both )*            both    = one ( "&&" one )*
    one        = "!" one | "(" either ")" | operand [ operator operand ]
    operand    = path | 'text' | number | true | false | null | /regex/flags | [ list ] | word

An unquoted word is a text, as AWS's own samples write it (`@.Name==Receipt`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stepwell.language.paths.cursor import Cursor
from stepwell.language.paths.patterns import BadPattern, Matcher, compile_pattern
from stepwell.language.paths.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Exists,
    Literal,
    Negation,
    Operand,
    Pattern,
    Query,
    Step,
)
from stepwell.values import JsonValue

SYMBOLS = ("===", "!==", "==", "!=", "<=", ">=", "=~", "<", ">")
WORDS = frozenset(("in", "nin", "subsetof", "anyof", "noneof", "contains", "size", "empty", "all"))
WORD_STOPS = " \t\r\n()[],&|<>=!~'\"/"
DEPTH_MAX = 32
"""Parentheses, negations and lists inside each other."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,300})(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)
_FLAGS = {
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "x": re.VERBOSE,
    "u": re.NOFLAG,
    "d": re.NOFLAG,
}
_CONSTANTS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}

StepsParser = Callable[[], tuple[Step, ...]]
"""Reads the steps of a path at the cursor."""


def parse_condition(cursor: Cursor, steps: StepsParser, depth: int = 0) -> Condition:
    """The condition at the cursor. Raises PathSyntaxError."""
    if depth > DEPTH_MAX:
        raise cursor.refusal("The filter is nested too deeply")
    parts = [_both(cursor, steps, depth)]
    while _operator(cursor, "||"):
        parts.append(_both(cursor, steps, depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _both(cursor: Cursor, steps: StepsParser, depth: int) -> Condition:
    parts = [_one(cursor, steps, depth)]
    while _operator(cursor, "&&"):
        parts.append(_one(cursor, steps, depth))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _operator(cursor: Cursor, symbol: str) -> bool:
    cursor.skip_spaces()
    return cursor.take(symbol)


def _one(cursor: Cursor, steps: StepsParser, depth: int) -> Condition:
    if depth > DEPTH_MAX:
        raise cursor.refusal("The filter is nested too deeply")
    cursor.skip_spaces()
    if cursor.take("!"):
        return Negation(_one(cursor, steps, depth + 1))
    if cursor.take("("):
        inner = parse_condition(cursor, steps, depth + 1)
        cursor.skip_spaces()
        cursor.need(")")
        return inner
    return _comparison(cursor, steps, depth)


def _comparison(cursor: Cursor, steps: StepsParser, depth: int) -> Condition:
    left = _operand(cursor, steps, depth)
    cursor.skip_spaces()
    operator = _comparison_operator(cursor)
    if operator is not None:
        cursor.skip_spaces()
        return Comparison(operator, left, _operand(cursor, steps, depth))
    if isinstance(left, Query):
        return Exists(left)
    raise cursor.error("Expected an operator")


def _comparison_operator(cursor: Cursor) -> str | None:
    for symbol in SYMBOLS:
        if cursor.take(symbol):
            return symbol
    start = cursor.position
    word = cursor.until(WORD_STOPS + "@$").lower()
    if word in WORDS:
        return word
    cursor.position = start
    return None


def _operand(cursor: Cursor, steps: StepsParser, depth: int) -> Operand:
    first = cursor.peek()
    if first in ("@", "$") and first:
        cursor.take(first)
        return Query(first == "$", steps())
    if first == "/":
        return Pattern(_regex(cursor))
    return Literal(_literal(cursor, depth))


def _literal(cursor: Cursor, depth: int) -> JsonValue:
    if depth > DEPTH_MAX:
        raise cursor.refusal("The list is nested too deeply")
    first = cursor.peek()
    if first in ("'", '"') and first:
        return cursor.quoted()
    if first == "[":
        return _list(cursor, depth)
    word = cursor.until(WORD_STOPS)
    if not word:
        raise cursor.error("Expected a value")
    return _CONSTANTS[word] if word in _CONSTANTS else _number_or_text(word)


def _list(cursor: Cursor, depth: int) -> list[JsonValue]:
    cursor.need("[")
    cursor.skip_spaces()
    items: list[JsonValue] = []
    if cursor.take("]"):
        return items
    while True:
        cursor.skip_spaces()
        items.append(_literal(cursor, depth + 1))
        cursor.skip_spaces()
        if cursor.take("]"):
            return items
        cursor.need(",")


def _number_or_text(word: str) -> JsonValue:
    found = _NUMBER.fullmatch(word)
    if found is None:
        return word
    return int(word) if found[1] is None and found[2] is None else float(word)


def _regex(cursor: Cursor) -> Matcher:
    start = cursor.position
    cursor.need("/")
    parts: list[str] = []
    while not cursor.take("/"):
        if not cursor.peek():
            cursor.position = start
            raise cursor.refusal("The pattern is not closed")
        parts.append(cursor.peek())
        cursor.position += 1
        if parts[-1] == "\\" and cursor.peek():
            parts.append(cursor.peek())
            cursor.position += 1
    flags = re.NOFLAG
    while cursor.peek() and cursor.peek() in _FLAGS:
        flags |= _FLAGS[cursor.peek()]
        cursor.position += 1
    return _compile_regex(cursor, "".join(parts), flags)


def _compile_regex(cursor: Cursor, pattern: str, flags: re.RegexFlag) -> Matcher:
    try:
        return compile_pattern(pattern, flags)
    except BadPattern as error:
        raise cursor.refusal(f"The pattern is not a regular expression ({error})") from error
