"""JSONata expressions as trees, for what must be known about them before they run.

A Pratt parser over the operators' binding powers of the language. The library decides what is
well formed; this parser reads what the library took. Its depth is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.language.jsonata.tokens import (
    END,
    NAME,
    NUMBER,
    OPERATOR,
    REGEX,
    STRING,
    VARIABLE,
    NotUnderstood,
    Token,
    tokens,
)

DEPTH_MAX = 100

_POWERS = {
    ".": 75,
    "[": 80,
    "{": 70,
    "(": 80,
    "@": 80,
    "#": 80,
    "?": 20,
    "?:": 40,
    "??": 40,
    "+": 50,
    "-": 50,
    "*": 60,
    "/": 60,
    "%": 60,
    "&": 50,
    "=": 40,
    "!=": 40,
    "<": 40,
    ">": 40,
    "<=": 40,
    ">=": 40,
    "^": 40,
    "in": 40,
    "~>": 40,
    "and": 30,
    "or": 25,
    ":=": 10,
    "..": 20,
}
_WORDS = frozenset({"and", "or", "in"})
_LITERALS = frozenset({"true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `kind` is one of

    constant, name, wildcard, parent, variable, regex, array, object (members in turn), block,
    lambda (the body; `names` are its parameters), call (function, then arguments), part (a call
    with holes), transform, negate, condition, bind (variable, value), path, filter, group, sort,
    focus, binary (`text` is the operator), chain, hole.
    """

    kind: str
    text: str = ""
    children: tuple[Node, ...] = ()
    names: tuple[str, ...] = ()
    position: int = 0


def parse(text: str) -> Node:
    """The tree of an expression. Raises NotUnderstood."""
    parser = _Parser(list(tokens(text)))
    tree = parser.expression(0)
    if parser.token.kind != END:
        raise NotUnderstood(f"unexpected '{parser.token.text}'", parser.token.position)
    return tree


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.place = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def advance(self) -> Token:
        token = self.tokens[self.place]
        if token.kind != END:
            self.place += 1
        return token

    def is_operator(self, text: str) -> bool:
        return self.token.kind == OPERATOR and self.token.text == text

    def take(self, text: str) -> bool:
        if self.is_operator(text):
            self.place += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            found = self.token
            raise NotUnderstood(f"expected '{text}' but found '{found.text}'", found.position)

    def expression(self, power: int) -> Node:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise NotUnderstood("too deeply nested", self.token.position)
        left = self._operand(self.advance())
        while self._power() > power:
            left = self._operation(left, self.advance())
        self.depth -= 1
        return left

    def _power(self) -> int:
        token = self.token
        if token.kind == OPERATOR or (token.kind == NAME and token.text in _WORDS):
            return _POWERS.get(token.text, 0)
        return 0

    def _operand(self, token: Token) -> Node:
        kind, text, at = token
        if kind in (STRING, NUMBER):
            return Node("constant", text, position=at)
        if kind == REGEX:
            return Node("regex", text, position=at)
        if kind == VARIABLE:
            return Node("variable", text, position=at)
        if kind == NAME:
            if text in ("function", "λ") and self.is_operator("("):
                return self._lambda(at)
            return Node("constant" if text in _LITERALS else "name", text, position=at)
        return self._prefix(text, at)

    def _prefix(self, text: str, at: int) -> Node:
        if text in ("*", "**"):
            return Node("wildcard", text, position=at)
        if text == "%":
            return Node("parent", text, position=at)
        if text == "?":
            return Node("hole", position=at)
        if text == "-":
            return Node("negate", "", (self.expression(70),), position=at)
        if text == "(":
            return Node("block", "", self._listed(")", ";"), position=at)
        if text == "[":
            return Node("array", "", self._listed("]", ","), position=at)
        if text == "{":
            return Node("object", "", self._members(), position=at)
        if text == "|":
            return self._transform(at)
        raise NotUnderstood(f"unexpected '{text}'", at)

    def _listed(self, closing: str, separator: str) -> tuple[Node, ...]:
        """Expressions up to the closing bracket."""
        found: list[Node] = []
        while not self.is_operator(closing):
            found.append(self.expression(0))
            if not self.take(separator):
                break
        self.need(closing)
        return tuple(found)

    def _members(self) -> tuple[Node, ...]:
        """Keys and values of an object, in turn."""
        found: list[Node] = []
        while not self.is_operator("}"):
            found.append(self.expression(0))
            self.need(":")
            found.append(self.expression(0))
            if not self.take(","):
                break
        self.need("}")
        return tuple(found)

    def _lambda(self, at: int) -> Node:
        self.need("(")
        names: list[str] = []
        while self.token.kind == VARIABLE:
            names.append(self.advance().text)
            if not self.take(","):
                break
        self.need(")")
        if self.take("<"):
            self._signature()
        self.need("{")
        body = self.expression(0)
        self.need("}")
        return Node("lambda", "", (body,), tuple(names), at)

    def _signature(self) -> None:
        """Skip `<s-:n>`, whose brackets may nest."""
        depth = 1
        while depth:
            token = self.advance()
            if token.kind == END:
                raise NotUnderstood("a signature without an end", token.position)
            depth += (token.text == "<") - (token.text == ">")

    def _transform(self, at: int) -> Node:
        parts = [self.expression(0)]
        self.need("|")
        parts.append(self.expression(0))
        if self.take(","):
            parts.append(self.expression(0))
        self.need("|")
        return Node("transform", "", tuple(parts), position=at)

    def _operation(self, left: Node, token: Token) -> Node:
        text, at = token.text, token.position
        if text == "(":
            return self._call(left, at)
        if text == "[":
            inner = () if self.is_operator("]") else (self.expression(0),)
            self.need("]")
            return Node("filter", "", (left, *inner), position=at)
        if text == "{":
            return Node("group", "", (left, *self._members()), position=at)
        if text == "?":
            return self._condition(left, at)
        if text == "^":
            return self._sort(left, at)
        if text in ("@", "#"):
            return Node("focus", text, (left,), (self.advance().text,), at)
        if text == ":=":
            return Node("bind", left.text, (self.expression(9),), position=at)
        kind = {".": "path", "~>": "chain"}.get(text, "binary")
        return Node(kind, text, (left, self.expression(_POWERS[text])), position=at)

    def _call(self, left: Node, at: int) -> Node:
        arguments = self._listed(")", ",")
        kind = "part" if any(argument.kind == "hole" for argument in arguments) else "call"
        return Node(kind, "", (left, *arguments), position=at)

    def _condition(self, left: Node, at: int) -> Node:
        parts = [left, self.expression(0)]
        if self.take(":"):
            parts.append(self.expression(0))
        return Node("condition", "", tuple(parts), position=at)

    def _sort(self, left: Node, at: int) -> Node:
        self.need("(")
        terms: list[Node] = []
        while True:
            if not self.take("<"):
                self.take(">")
            terms.append(self.expression(0))
            if not self.take(","):
                break
        self.need(")")
        return Node("sort", "", (left, *terms), position=at)
