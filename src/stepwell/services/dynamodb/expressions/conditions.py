"""Parsing conditions: ConditionExpression, FilterExpression and KeyConditionExpression."""

from __future__ import annotations

from stepwell.services.dynamodb.attribute_values import SETS, kind_of, order_of
from stepwell.services.dynamodb.expressions.operands import Reader
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.tokens import Tokens
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Between,
    Both,
    Comparison,
    Condition,
    Either,
    Exists,
    Given,
    Not,
    OneOf,
    Operand,
    Predicate,
    Size,
    shown_path,
)

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
IN_MAX = 100
DEPTH_MAX = 150
OPERATORS_MAX = 300
_TYPES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
_TYPES_SHOWN = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"


def parse_condition(text: str, place: str, placeholders: Placeholders) -> Condition:
    """The condition a text stands for. Raises ValidationException."""
    tokens = Tokens(text, place)
    parser = _Parser(Reader(tokens, placeholders))
    condition = parser.either(0)
    if tokens.next.kind != "end":
        raise tokens.unexpected()
    return condition


class _Parser:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.tokens = reader.tokens
        self.operators = 0
        self.closed: Condition | None = None
        """What the last pair of parentheses held."""

    def either(self, depth: int) -> Condition:
        """conditions joined by OR"""
        first = self.both(depth)
        parts = [first]
        while self.tokens.accept("OR"):
            self._count()
            parts.append(self.both(depth))
        return first if len(parts) == 1 else Either(tuple(parts))

    def both(self, depth: int) -> Condition:
        """conditions joined by AND"""
        first = self.negated(depth)
        parts = [first]
        while self.tokens.accept("AND"):
            self._count()
            parts.append(self.negated(depth))
        return first if len(parts) == 1 else Both(tuple(parts))

    def negated(self, depth: int) -> Condition:
        """a condition, or NOT one"""
        if depth > DEPTH_MAX:
            raise self.tokens.error("The expression is nested too deeply")
        if self.tokens.accept("NOT"):
            self._count()
            return Not(self.negated(depth + 1))
        if self.tokens.is_operator("("):
            return self._group(depth)
        return self._single()

    def _count(self) -> None:
        self.operators += 1
        if self.operators > OPERATORS_MAX:
            raise self.tokens.error(
                f"The expression contains too many operators; operator count: {self.operators}"
            )

    def _group(self, depth: int) -> Condition:
        self.tokens.expect("(")
        doubled = self.tokens.is_operator("(")
        inner = self.either(depth + 1)
        if doubled and self.closed is inner:
            raise self.tokens.error("The expression has redundant parentheses;")
        self.tokens.expect(")")
        self.closed = inner
        return inner

    def _single(self) -> Condition:
        if self.reader.is_call() and self.tokens.next.text != "size":
            return self._function()
        left = self.reader.operand()
        if self.tokens.is_operator(*COMPARATORS):
            operator = self.tokens.take().text
            self._count()
            return self._comparison(operator, left, self.reader.operand())
        if self.tokens.accept("BETWEEN"):
            self._count()
            low = self.reader.operand()
            self.tokens.expect("AND")
            return self._between(left, low, self.reader.operand())
        if self.tokens.accept("IN"):
            self._count()
            return OneOf(left, self._options())
        if isinstance(left, Size) and self.tokens.next.kind == "end":
            raise self.reader.misused("size")
        raise self.tokens.unexpected()

    def _comparison(self, operator: str, left: Operand, right: Operand) -> Condition:
        if isinstance(left, At) and left == right:
            raise self.tokens.error(
                "The first operand must be distinct from the remaining operands for this operator"
                f" or function; operator: {operator}, first operand: {shown_path(left.path)}"
            )
        if operator not in ("=", "<>"):
            for operand in (left, right):
                if isinstance(operand, Given) and order_of(operand.value) is None:
                    raise self.reader.wrong_type(operator, kind_of(operand.value))
        return Comparison(operator, left, right)

    def _between(self, operand: Operand, low: Operand, high: Operand) -> Condition:
        for bound in (low, high):
            if isinstance(bound, Given) and order_of(bound.value) is None:
                raise self.reader.wrong_type("BETWEEN", kind_of(bound.value))
        if isinstance(low, Given) and isinstance(high, Given):
            kinds = kind_of(low.value), kind_of(high.value)
            if kinds[0] != kinds[1]:
                raise self.tokens.error(
                    "The BETWEEN operator requires same data type for lower and upper bounds;"
                    f" lower bound operand: AttributeValue: {_told(low)}, upper bound operand:"
                    f" AttributeValue: {_told(high)}"
                )
            if order_of(low.value) > order_of(high.value):
                raise self.tokens.error(
                    "The BETWEEN operator requires upper bound to be greater than or equal to"
                    f" lower bound; lower bound operand: AttributeValue: {_told(low)},"
                    f" upper bound operand: AttributeValue: {_told(high)}"
                )
        return Between(operand, low, high)

    def _options(self) -> tuple[Operand, ...]:
        self.tokens.expect("(")
        options = [self.reader.operand()]
        while self.tokens.accept(","):
            options.append(self.reader.operand())
        self.tokens.expect(")")
        if len(options) > IN_MAX:
            raise self.tokens.error(
                "The IN operator is provided with too many operands; number of operands:"
                f" {len(options)}"
            )
        return tuple(options)

    def _function(self) -> Condition:
        name = self.tokens.take().text
        arguments = self.reader.arguments(name)
        if name in ("if_not_exists", "list_append"):
            raise self.tokens.error(
                f"The function is not allowed in a condition expression; function: {name}"
            )
        wanted = 1 if name.endswith("exists") else 2
        if len(arguments) != wanted:
            raise self.reader.wrong_count(name, len(arguments))
        first = arguments[0]
        if name.endswith("exists"):
            if not isinstance(first, At):
                raise self.tokens.error(
                    f"Operator or function requires a document path; operator or function: {name}"
                )
            return Exists(first.path, name == "attribute_exists")
        self._check_argument(name, first, arguments[1])
        return Predicate(name, first, arguments[1])

    def _check_argument(self, name: str, first: Operand, second: Operand) -> None:
        if isinstance(first, At) and first == second:
            raise self.tokens.error(
                "The first operand must be distinct from the remaining operands for this operator"
                f" or function; operator: {name}, first operand: {shown_path(first.path)}"
            )
        if not isinstance(second, Given):
            if name == "attribute_type":
                raise self.reader.wrong_type(name, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
            return
        kind = kind_of(second.value)
        if name == "begins_with" and kind not in ("S", "B"):
            raise self.reader.wrong_type(name, kind)
        if name == "contains" and kind in SETS and isinstance(first, Given):
            raise self.reader.wrong_type(name, kind)
        if name == "attribute_type":
            if kind != "S":
                raise self.reader.wrong_type(name, kind)
            if second.value["S"] not in _TYPES:
                raise self.tokens.error(
                    f"Invalid attribute type name found; type: {second.value['S']}, valid types:"
                    f" {_TYPES_SHOWN}"
                )


def _told(operand: Given) -> str:
    ((kind, content),) = operand.value.items()
    return f"{{{kind}:{content}}}"
