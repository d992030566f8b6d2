"""Parsing UpdateExpression."""

from __future__ import annotations

from stepwell.services.dynamodb.attribute_values import SETS, AttributeValue, kind_of
from stepwell.services.dynamodb.expressions.operands import FUNCTIONS, Reader
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import check_apart
from stepwell.services.dynamodb.expressions.tokens import Tokens
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Given,
    IfNotExists,
    ListAppend,
    Operand,
    Path,
    Sum,
    Update,
)

_KIND_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
}


def parse_update(text: str, placeholders: Placeholders) -> Update:
    """The update a text stands for. Raises ValidationException."""
    tokens = Tokens(text, "UpdateExpression")
    update = _Parser(Reader(tokens, placeholders)).sections()
    check_apart(update.paths, tokens)
    return update


class _Parser:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.tokens = reader.tokens
        self.sets: list[tuple[Path, Operand]] = []
        self.removes: list[Path] = []
        self.adds: list[tuple[Path, AttributeValue]] = []
        self.deletes: list[tuple[Path, AttributeValue]] = []

    def sections(self) -> Update:
        """SET, REMOVE, ADD, DELETE: each at most once, in any order."""
        read = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}
        seen: set[str] = set()
        while self.tokens.next.kind != "end":
            section = self.tokens.next.text.upper()
            if section not in read:
                raise self.tokens.unexpected()
            if section in seen:
                raise self.tokens.error(
                    f'The "{section}" section can only be used once in an update expression;'
                )
            seen.add(section)
            self.tokens.take()
            read[section]()
            while self.tokens.accept(","):
                read[section]()
        return Update(tuple(self.sets), tuple(self.removes), tuple(self.adds), tuple(self.deletes))

    def _set(self) -> None:
        path = self.reader.path()
        self.tokens.expect("=")
        self.sets.append((path, self._sum()))

    def _remove(self) -> None:
        self.removes.append(self.reader.path())

    def _add(self) -> None:
        path, value = self.reader.path(), self.reader.value().value
        if kind_of(value) not in ("N", *SETS):
            raise self._wrong_type("ADD", value)
        self.adds.append((path, value))

    def _delete(self) -> None:
        path, value = self.reader.path(), self.reader.value().value
        if kind_of(value) not in SETS:
            raise self._wrong_type("DELETE", value)
        self.deletes.append((path, value))

    def _wrong_type(self, section: str, value: AttributeValue) -> Exception:
        return self.tokens.error(
            f"Incorrect operand type for operator or function; operator: {section}, operand type:"
            f" {_KIND_NAMES[kind_of(value)]}, typeSet: ALLOWED_FOR_{section}_OPERAND"
        )

    def _sum(self) -> Operand:
        first = self._operand()
        if not self.tokens.is_operator("+", "-"):
            return first
        operator = self.tokens.take().text
        second = self._operand()
        for operand in (first, second):
            if isinstance(operand, Given) and "N" not in operand.value:
                raise self.reader.wrong_type(operator, kind_of(operand.value))
        return Sum(first, second, operator == "-")

    def _operand(self) -> Operand:
        self.reader.deeper()
        operand = self._single()
        self.reader.depth -= 1
        return operand

    def _single(self) -> Operand:
        if self.tokens.accept("("):
            inner = self._sum()
            self.tokens.expect(")")
            return inner
        if not self.reader.is_call():
            return self.reader.value() if self.tokens.next.kind == "colon" else self._at()
        name = self.tokens.take().text
        if name not in FUNCTIONS:
            raise self.tokens.error(f"Invalid function name; function: {name}")
        if name not in ("if_not_exists", "list_append"):
            raise self.tokens.error(
                f"The function is not allowed in an update expression; function: {name}"
            )
        return self._function(name, self._arguments())

    def _at(self) -> Operand:
        return At(self.reader.path())

    def _arguments(self) -> list[Operand]:
        self.tokens.expect("(")
        arguments = [self._operand()]
        while self.tokens.accept(","):
            arguments.append(self._operand())
        self.tokens.expect(")")
        return arguments

    def _function(self, name: str, arguments: list[Operand]) -> Operand:
        if len(arguments) != 2:
            raise self.reader.wrong_count(name, len(arguments))
        first, second = arguments
        if name == "if_not_exists":
            if not isinstance(first, At):
                raise self.tokens.error(
                    f"Operator or function requires a document path; operator or function: {name}"
                )
            return IfNotExists(first.path, second)
        for operand in arguments:
            if isinstance(operand, Given) and "L" not in operand.value:
                raise self.reader.wrong_type(name, kind_of(operand.value))
        return ListAppend(first, second)
