"""Reading paths, values and operands of PartiQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.services.dynamodb.attribute_values import AttributeValue, checked
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.tree import At, Given, Operand, Path, Size
from stepwell.services.dynamodb.partiql.tokens import Tokens, malformed

DEPTH_MAX = 40
_KEYWORDS = """
SELECT FROM WHERE ORDER BY AND OR NOT IN BETWEEN IS SET REMOVE RETURNING VALUE INSERT INTO UPDATE
DELETE EXISTS
"""
KEYWORDS = frozenset(_KEYWORDS.split())


class Values:
    """Tokens, and the parameters that question marks stand for."""

    def __init__(self, tokens: Tokens, parameters: Sequence[Any]) -> None:
        self.tokens = tokens
        self._parameters = parameters
        self._used = 0

    def all_used(self) -> None:
        """Refuse the statement if parameters are left over."""
        if self._used != len(self._parameters):
            raise self._miscounted()

    def name(self) -> str:
        """A name of a table, an index or an attribute, quoted or not."""
        if self.tokens.next.kind == "quoted":
            return self.tokens.take().text
        if self.tokens.next.kind != "word" or self.tokens.is_word(*KEYWORDS):
            raise self.tokens.unexpected()
        return self.tokens.take().text

    def path(self) -> Path:
        """A document path."""
        parts: list[str | int] = [self.name()]
        while True:
            if self.tokens.accept("."):
                parts.append(self.name())
            elif self.tokens.accept("["):
                number = self.tokens.take("number").text
                if not number.isdecimal() or len(number) > 9:
                    raise malformed(f"Unexpected token {number}")
                parts.append(int(number))
                self.tokens.expect("]")
            else:
                return tuple(parts)

    def operand(self) -> Operand:
        """A value, a path, or the size of one."""
        if self.tokens.is_word("SIZE") and self.tokens.after().text == "(":
            self.tokens.take()
            self.tokens.expect("(")
            inner = At(self.path())
            self.tokens.expect(")")
            return Size(inner)
        if self.is_value():
            return Given(self.value())
        return At(self.path())

    def is_value(self) -> bool:
        """Whether a value comes, and not a path."""
        return (
            self.tokens.next.kind in ("text", "number")
            or self.tokens.is_sign("?", "-", "+", "[", "{", "<<")
            or self.tokens.is_word("TRUE", "FALSE", "NULL")
        )

    def value(self) -> AttributeValue:
        """A value, checked."""
        return checked(self._value(0))

    def _value(self, depth: int) -> AttributeValue:
        if depth > DEPTH_MAX:
            raise malformed("The statement is nested too deeply")
        token = self.tokens.take()
        if token.kind == "text":
            return {"S": token.text}
        if token.kind == "number":
            return {"N": token.text}
        match token.text.upper():
            case "?":
                return self._parameter()
            case "TRUE" | "FALSE":
                return {"BOOL": token.text.upper() == "TRUE"}
            case "NULL":
                return {"NULL": True}
            case "+" | "-":
                sign = token.text.replace("+", "")
                return {"N": sign + self.tokens.take("number").text}
            case "[":
                return {"L": self._members("]", depth)}
            case "<<":
                return _set(self._members(">>", depth))
            case "{":
                return {"M": self._attributes(depth)}
        raise malformed(f"Unexpected token {token.text}")

    def _members(self, end: str, depth: int) -> list[AttributeValue]:
        members: list[AttributeValue] = []
        while not self.tokens.accept(end):
            if members:
                self.tokens.expect(",")
            members.append(self._value(depth + 1))
        return members

    def _attributes(self, depth: int) -> dict[str, AttributeValue]:
        attributes: dict[str, AttributeValue] = {}
        while not self.tokens.accept("}"):
            if attributes:
                self.tokens.expect(",")
            name = self.tokens.take().text
            self.tokens.expect(":")
            attributes[name] = self._value(depth + 1)
        return attributes

    def _parameter(self) -> AttributeValue:
        if self._used >= len(self._parameters):
            raise self._miscounted()
        self._used += 1
        value: AttributeValue = self._parameters[self._used - 1]
        return value

    def _miscounted(self) -> Exception:
        return invalid("Number of parameters in request and statement don't match.")


def _set(members: list[AttributeValue]) -> AttributeValue:
    kinds = {next(iter(member)) for member in members}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise malformed("A set has members of one type: strings, numbers or binary values")
    kind = kinds.pop()
    return {f"{kind}S": [member[kind] for member in members]}
