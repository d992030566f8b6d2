"""Parsing PartiQL statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.services.dynamodb.attribute_values import AttributeValue
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Between,
    Both,
    Comparison,
    Condition,
    Either,
    Exists,
    Given,
    ListAppend,
    Not,
    OneOf,
    Operand,
    Path,
    Predicate,
    Sum,
    Update,
)
from stepwell.services.dynamodb.partiql.statements import Change, Check, Insert, Select, Statement
from stepwell.services.dynamodb.partiql.tokens import Tokens, malformed
from stepwell.services.dynamodb.partiql.values import DEPTH_MAX, Values

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_COMPARATORS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_PREDICATES = ("BEGINS_WITH", "CONTAINS", "ATTRIBUTE_TYPE")
_RETURNING = {
    ("ALL", "OLD"): "ALL_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}


def parse(statement: str, parameters: Sequence[Any]) -> Statement:
    """The statement a text stands for. Raises ValidationException."""
    tokens = Tokens(statement)
    parser = _Parser(Values(tokens, parameters))
    parsed = parser.statement()
    tokens.accept(";")
    if tokens.next.kind != "end":
        raise tokens.unexpected()
    parser.values.all_used()
    return parsed


class _Parser:
    def __init__(self, values: Values) -> None:
        self.values = values
        self.tokens = values.tokens

    def statement(self) -> Statement:
        """Any statement."""
        if self.tokens.accept("SELECT"):
            return self._select()
        if self.tokens.accept("INSERT"):
            return self._insert()
        if self.tokens.accept("UPDATE"):
            return self._update()
        if self.tokens.accept("DELETE"):
            return self._delete()
        if self.tokens.accept("EXISTS"):
            self.tokens.expect("(", "SELECT")
            select = self._select()
            self.tokens.expect(")")
            return Check(select)
        raise self.tokens.unexpected()

    def _select(self) -> Select:
        paths: list[Path] | None = None
        if not self.tokens.accept("*"):
            paths = [self.values.path()]
            while self.tokens.accept(","):
                paths.append(self.values.path())
        self.tokens.expect("FROM")
        table = self.values.name()
        index = self.values.name() if self.tokens.accept(".") else None
        where = self._condition(0) if self.tokens.accept("WHERE") else None
        order = self._order()
        return Select(table, index, None if paths is None else tuple(paths), where, order)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self.tokens.accept("ORDER"):
            return ()
        self.tokens.expect("BY")
        order: list[tuple[str, bool]] = []
        while True:
            name = self.values.name()
            falls = self.tokens.accept("DESC")
            if not falls:
                self.tokens.accept("ASC")
            order.append((name, falls))
            if not self.tokens.accept(","):
                return tuple(order)

    def _insert(self) -> Insert:
        self.tokens.expect("INTO")
        table = self.values.name()
        self.tokens.expect("VALUE")
        value = self.values.value()
        if "M" not in value:
            raise malformed("VALUE must be a map")
        return Insert(table, value["M"])

    def _update(self) -> Change:
        table = self.values.name()
        sets: list[tuple[Path, Operand]] = []
        removes: list[Path] = []
        adds: list[tuple[Path, AttributeValue]] = []
        deletes: list[tuple[Path, AttributeValue]] = []
        while True:
            if self.tokens.accept("SET"):
                self._set(sets, adds, deletes)
                while self.tokens.accept(","):
                    self._set(sets, adds, deletes)
            elif self.tokens.accept("REMOVE"):
                removes.append(self.values.path())
                while self.tokens.accept(","):
                    removes.append(self.values.path())
            else:
                break
        update = Update(tuple(sets), tuple(removes), tuple(adds), tuple(deletes))
        if not update.paths:
            raise self.tokens.unexpected()
        return self._change(table, update)

    def _set(
        self,
        sets: list[tuple[Path, Operand]],
        adds: list[tuple[Path, AttributeValue]],
        deletes: list[tuple[Path, AttributeValue]],
    ) -> None:
        path = self.values.path()
        self.tokens.expect("=")
        for word, actions in (("SET_ADD", adds), ("SET_DELETE", deletes)):
            if self.tokens.is_word(word):
                self.tokens.take()
                self.tokens.expect("(")
                self.values.path()
                self.tokens.expect(",")
                actions.append((path, self.values.value()))
                self.tokens.expect(")")
                return
        sets.append((path, self._sum()))

    def _sum(self) -> Operand:
        first = self._term()
        if self.tokens.is_sign("+", "-"):
            is_difference = self.tokens.take().text == "-"
            return Sum(first, self._term(), is_difference)
        return first

    def _term(self, depth: int = 0) -> Operand:
        if self.tokens.is_word("LIST_APPEND") and self.tokens.after().text == "(":
            if depth > DEPTH_MAX:
                raise malformed("The statement is nested too deeply")
            self.tokens.take()
            self.tokens.expect("(")
            first = self._term(depth + 1)
            self.tokens.expect(",")
            second = self._term(depth + 1)
            self.tokens.expect(")")
            return ListAppend(first, second)
        return self.values.operand()

    def _delete(self) -> Change:
        self.tokens.expect("FROM")
        return self._change(self.values.name(), None)

    def _change(self, table: str, update: Update | None) -> Change:
        if not self.tokens.accept("WHERE"):
            raise invalid(
                "Where clause does not contain a mandatory equality on all key attributes"
            )
        where = self._condition(0)
        if not self.tokens.accept("RETURNING"):
            return Change(table, update, where)
        words = self.tokens.take("word").text.upper(), self.tokens.take("word").text.upper()
        self.tokens.expect("*")
        if words not in _RETURNING or (update is None and words != ("ALL", "OLD")):
            raise malformed(f"Unexpected token {words[1]}")
        return Change(table, update, where, _RETURNING[words])

    # -- conditions

    def _condition(self, depth: int) -> Condition:
        first = self._both(depth)
        parts = [first]
        while self.tokens.accept("OR"):
            parts.append(self._both(depth))
        return first if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Condition:
        first = self._negated(depth)
        parts = [first]
        while self.tokens.accept("AND"):
            parts.append(self._negated(depth))
        return first if len(parts) == 1 else Both(tuple(parts))

    def _negated(self, depth: int) -> Condition:
        if depth > DEPTH_MAX:
            raise malformed("The statement is nested too deeply")
        if self.tokens.accept("NOT"):
            return Not(self._negated(depth + 1))
        if self.tokens.accept("("):
            inner = self._condition(depth + 1)
            self.tokens.expect(")")
            return inner
        if self.tokens.after().text == "(" and self.tokens.next.kind == "word":
            word = self.tokens.next.text.upper()
            if word in _PREDICATES:
                return self._predicate(word.lower())
            if word in ("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"):
                self.tokens.take()
                self.tokens.expect("(")
                path = self.values.path()
                self.tokens.expect(")")
                return Exists(path, word == "ATTRIBUTE_EXISTS")
        return self._comparison()

    def _predicate(self, name: str) -> Condition:
        self.tokens.take()
        self.tokens.expect("(")
        first = self.values.operand()
        self.tokens.expect(",")
        second = self.values.operand()
        self.tokens.expect(")")
        return Predicate(name, first, second)

    def _comparison(self) -> Condition:
        left = self.values.operand()
        if self.tokens.is_sign(*_COMPARATORS):
            operator = _COMPARATORS[self.tokens.take().text]
            return Comparison(operator, left, self.values.operand())
        if self.tokens.accept("BETWEEN"):
            low = self.values.operand()
            self.tokens.expect("AND")
            return Between(left, low, self.values.operand())
        if self.tokens.accept("IN"):
            return OneOf(left, self._options())
        if self.tokens.accept("IS"):
            return self._is(left)
        if self.tokens.accept("NOT"):
            self.tokens.expect("IN")
            return Not(OneOf(left, self._options()))
        raise self.tokens.unexpected()

    def _options(self) -> tuple[Operand, ...]:
        end = "]" if self.tokens.is_sign("[") else ")"
        if not self.tokens.accept("["):
            self.tokens.expect("(")
        options = [self.values.operand()]
        while self.tokens.accept(","):
            options.append(self.values.operand())
        self.tokens.expect(end)
        return tuple(options)

    def _is(self, left: Operand) -> Condition:
        negated = self.tokens.accept("NOT")
        if not isinstance(left, At):
            raise self.tokens.unexpected()
        if self.tokens.accept("MISSING"):
            return Exists(left.path, negated)
        self.tokens.expect("NULL")
        is_null = Comparison("=", left, Given({"NULL": True}))
        return Not(is_null) if negated else is_null
