"""Parsing paths and operands: what all kinds of expressions share."""

from __future__ import annotations

from stepwell.services.dynamodb.attribute_values import NESTING_MAX
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.reserved import RESERVED
from stepwell.services.dynamodb.expressions.tokens import Token, Tokens
from stepwell.services.dynamodb.expressions.tree import At, Given, Operand, Path, Size

DEPTH_MAX = 40
"""How deep functions and parentheses may stand within each other in operands."""
FUNCTIONS = frozenset(
    {
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
        "if_not_exists",
        "list_append",
    }
)


class Reader:
    """Tokens with the placeholders they may name."""

    __slots__ = ("depth", "placeholders", "tokens")

    def __init__(self, tokens: Tokens, placeholders: Placeholders) -> None:
        self.tokens = tokens
        self.placeholders = placeholders
        self.depth = 0

    def deeper(self) -> None:
        """One more parenthesis is open. Raises ValidationException when there are too many."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.tokens.error("The expression is nested too deeply")

    def path(self) -> Path:
        """A document path."""
        parts: list[str | int] = [self._name()]
        while True:
            if self.tokens.accept("."):
                parts.append(self._name())
            elif self.tokens.accept("["):
                if self.tokens.next.kind != "number":
                    raise self.tokens.unexpected()
                parts.append(self._position(self.tokens.take()))
                self.tokens.expect("]")
            else:
                break
        if len(parts) > NESTING_MAX:
            raise self.tokens.error(
                f"The document path has too many nesting elements; nesting levels: {len(parts)}"
            )
        return tuple(parts)

    def is_path(self) -> bool:
        """Whether a path comes."""
        if self.tokens.next.kind == "hash":
            return True
        return self.tokens.next.kind == "name" and not self.is_call()

    def is_call(self) -> bool:
        """Whether a function with its parenthesis comes."""
        behind = self.tokens.after()
        return (
            self.tokens.next.kind == "name"
            and behind.kind == "operator"
            and behind.text == "("
            and not self.tokens.is_word("AND", "OR", "NOT", "IN", "BETWEEN")
        )

    def value(self) -> Given:
        """A `:value`."""
        if self.tokens.next.kind != "colon":
            raise self.tokens.unexpected()
        token = self.tokens.take()
        return Given(self.placeholders.value(token.text, self.tokens), token.text)

    def operand(self) -> Operand:
        """A path, a value, or the size of one."""
        if self.is_call():
            name = self.tokens.take().text
            self.deeper()
            arguments = self.arguments(name)
            self.depth -= 1
            if name != "size":
                raise self.misused(name)
            if len(arguments) != 1:
                raise self.wrong_count(name, len(arguments))
            if isinstance(arguments[0], Given) and set(arguments[0].value) & {
                "N",
                "BOOL",
                "NULL",
            }:
                raise self.wrong_type(name, next(iter(arguments[0].value)))
            return Size(arguments[0])
        if self.tokens.next.kind == "colon":
            return self.value()
        return At(self.path())

    def arguments(self, name: str) -> list[Operand]:
        """The operands in the parentheses of a function."""
        if name not in FUNCTIONS:
            raise self.tokens.error(f"Invalid function name; function: {name}")
        self.tokens.expect("(")
        arguments = [self.operand()]
        while self.tokens.accept(","):
            arguments.append(self.operand())
        self.tokens.expect(")")
        return arguments

    def misused(self, name: str) -> Exception:
        """A function that exists and does not belong here."""
        return self.tokens.error(
            f"The function is not allowed to be used this way in an expression; function: {name}"
        )

    def wrong_count(self, name: str, count: int) -> Exception:
        """A function with too few or too many operands."""
        return self.tokens.error(
            "Incorrect number of operands for operator or function;"
            f" operator or function: {name}, number of operands: {count}"
        )

    def wrong_type(self, name: str, kind: str) -> Exception:
        """A value that an operator cannot take."""
        return self.tokens.error(
            "Incorrect operand type for operator or function;"
            f" operator or function: {name}, operand type: {kind}"
        )

    def _name(self) -> str:
        token = self.tokens.next
        if token.kind == "hash":
            return self.placeholders.name(self.tokens.take().text, self.tokens)
        if token.kind != "name":
            raise self.tokens.unexpected()
        if token.text.lower() in RESERVED:
            raise self.tokens.error(
                f"Attribute name is a reserved keyword; reserved keyword: {token.text}"
            )
        return self.tokens.take().text

    def _position(self, token: Token) -> int:
        if len(token.text) > 9:
            raise self.tokens.error(
                f"List index is not within the allowable range; index: [{token.text}]"
            )
        return int(token.text)
