"""Expressions and references of templates, read from left to right."""

from __future__ import annotations

import re

from stepwell.services.apigateway.templates.limits import (
    NESTING_MAX,
    TEMPLATE_CHARACTERS_MAX,
    TemplateTrouble,
)
from stepwell.services.apigateway.templates.syntax import (
    Binary,
    Block,
    Expression,
    Index,
    Interpolated,
    ListOf,
    Literal,
    MapOf,
    Member,
    Method,
    Not,
    RangeOf,
    Reference,
    Step,
)

_START = re.compile(r"\$!?(\{\s*)?([A-Za-z_][\w-]*)")
_MEMBER = re.compile(r"\.([A-Za-z_][\w-]*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"'([^']*)'")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_WORD = re.compile(r"[A-Za-z_]\w*")
_BLANK = re.compile(r"\s*")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||", "or"),
    ("&&", "and"),
    ("==", "!=", "eq", "ne"),
    ("<=", ">=", "<", ">", "le", "ge", "lt", "gt"),
    ("+", "-"),
    ("*", "/", "%"),
)
"""Operators, the weakest first."""
_SIGNS = {
    "or": "||",
    "and": "&&",
    "eq": "==",
    "ne": "!=",
    "le": "<=",
    "ge": ">=",
    "lt": "<",
    "gt": ">",
}
_OPERATORS = [
    re.compile(r"\s*(" + "|".join(w + r"\b" if w.isalpha() else re.escape(w) for w in level) + ")")
    for level in _LEVELS
]


class Reader:
    """A text and how far it was read."""

    def __init__(self, text: str, depth: int = 0) -> None:
        if len(text) > TEMPLATE_CHARACTERS_MAX:
            raise TemplateTrouble(f"a template has at most {TEMPLATE_CHARACTERS_MAX} characters")
        self.text = text
        self.at = 0
        self.depth = depth

    def interpolated(self, text: str) -> Block:
        """What stands between double quotes."""
        raise NotImplementedError

    def trouble(self, what: str) -> TemplateTrouble:
        """What is wrong here."""
        line = self.text.count("\n", 0, self.at) + 1
        return TemplateTrouble(f"line {line} of the template: {what}")

    def enter(self) -> None:
        """One level deeper."""
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise self.trouble("nested too deeply")

    def leave(self) -> None:
        """One level back."""
        self.depth -= 1

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What matches here, read."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def is_next(self, sign: str) -> bool:
        """Whether a sign comes next, after blanks."""
        found = _BLANK.match(self.text, self.at)
        return self.text.startswith(sign, found.end() if found else self.at)

    def expect(self, sign: str) -> None:
        """Read a sign that must come, after blanks."""
        self.take(_BLANK)
        if not self.text.startswith(sign, self.at):
            raise self.trouble(f"'{sign}' is missing")
        self.at += len(sign)

    def open(self) -> None:
        """The parenthesis after a directive."""
        self.expect("(")

    def expression(self, level: int = 0) -> Expression:
        """An expression of operators of that level and stronger ones."""
        if level == len(_LEVELS):
            return self._value()
        left = self.expression(level + 1)
        while found := self._operator(level):
            right = self.expression(level + 1)
            left = Binary(_SIGNS.get(found, found), left, right)
        return left

    def _operator(self, level: int) -> str:
        found = _OPERATORS[level].match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[1]

    def _value(self) -> Expression:
        self.enter()
        self.take(_BLANK)
        try:
            return self._primary()
        finally:
            self.leave()

    def _primary(self) -> Expression:
        next_sign = self.text[self.at : self.at + 1]
        if next_sign == "$":
            return self.reference()
        if next_sign == "(":
            self.at += 1
            inner = self.expression()
            self.expect(")")
            return inner
        if next_sign == "!":
            self.at += 1
            return Not(self._value())
        if next_sign == "[":
            return self._list()
        if next_sign == "{":
            return self._map()
        if found := self.take(_QUOTED):
            return Literal(found[1])
        if found := self.take(_DOUBLE_QUOTED):
            text = found[1].replace('""', '"')
            if "$" in text or "#" in text:
                return Interpolated(self.interpolated(text))
            return Literal(text)
        if found := self.take(_NUMBER):
            return Literal(float(found[0]) if "." in found[0] else int(found[0]))
        return self._word()

    def _word(self) -> Expression:
        found = self.take(_WORD)
        if found and found[0] in _WORDS:
            return Literal(_WORDS[found[0]])
        if found and found[0] == "not":
            return Not(self._value())
        raise self.trouble("a value is missing")

    def _list(self) -> Expression:
        self.at += 1
        if self.is_next("]"):
            self.expect("]")
            return ListOf(())
        first = self.expression()
        if self.is_next(".."):
            self.expect("..")
            last = self.expression()
            self.expect("]")
            return RangeOf(first, last)
        items = [first]
        while self.is_next(","):
            self.expect(",")
            items.append(self.expression())
        self.expect("]")
        return ListOf(tuple(items))

    def _map(self) -> Expression:
        self.at += 1
        items: list[tuple[Expression, Expression]] = []
        while not self.is_next("}"):
            if items:
                self.expect(",")
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
        self.expect("}")
        return MapOf(tuple(items))

    def arguments(self, end: str, *, commas: bool = True) -> tuple[Expression, ...]:
        """Expressions up to a sign, with commas between them or (macros) blanks alone."""
        found: list[Expression] = []
        while not self.is_next(end):
            if found and (commas or self.is_next(",")):
                self.expect(",")
            found.append(self.expression() if commas else self._value())
        self.expect(end)
        return tuple(found)

    def reference(self) -> Reference:
        """`$name`, `${name}`, `$!name`, with what follows it."""
        start = self.take(_START)
        if not start:
            raise self.trouble("a reference is missing")
        self.enter()
        steps: list[Step] = []
        while step := self._step():
            steps.append(step)
        self.leave()
        if start[1]:
            self.expect("}")
        return Reference(start[2], tuple(steps))

    def _step(self) -> Step | None:
        if self.text.startswith("[", self.at):
            self.at += 1
            index = Index(self.expression())
            self.expect("]")
            return index
        found = self.take(_MEMBER)
        if not found:
            return None
        if self.text.startswith("(", self.at):
            self.at += 1
            return Method(found[1], self.arguments(")"))
        return Member(found[1])
