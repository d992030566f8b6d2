"""KeyConditionExpression: one hash key, and what is wanted of the range key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stepwell.services.dynamodb.attribute_values import AttributeValue
from stepwell.services.dynamodb.errors import invalid, invalid_values
from stepwell.services.dynamodb.expressions.conditions import parse_condition
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
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
)
from stepwell.services.dynamodb.keys import Bounds, KeyAttribute, KeySchema, encoded

PLACE = "KeyConditionExpression"
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The hash key's value, and the bounds of range keys."""

    hash: AttributeValue
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One condition on one attribute: `=`, `<`, `<=`, `>`, `>=`, `between`, `begins_with`."""

    name: str
    operator: str
    values: tuple[AttributeValue, ...]


def parse_key_condition(text: str, keys: KeySchema, placeholders: Placeholders) -> KeyCondition:
    """What a KeyConditionExpression asks of those keys. Raises ValidationException."""
    wanted = list(_wanted(parse_condition(text, PLACE, placeholders)))
    return bind([(each.name, each.operator, each.values) for each in wanted], keys)


def bind(
    wanted: list[tuple[str, str, tuple[AttributeValue, ...]]], keys: KeySchema
) -> KeyCondition:
    """Conditions by attribute, matched with the keys."""
    by_name: dict[str, tuple[str, tuple[AttributeValue, ...]]] = {}
    for name, operator, values in wanted:
        if name in by_name:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        by_name[name] = (operator, values)
    if keys.hash.name not in by_name:
        raise invalid(f"Query condition missed key schema element: {keys.hash.name}")
    operator, values = by_name.pop(keys.hash.name)
    if operator != "=":
        raise invalid("Query key condition not supported")
    _check_types(keys.hash, values)
    if not by_name:
        return KeyCondition(values[0], Bounds())
    if keys.range is None:
        raise invalid("Query key condition not supported")
    if keys.range.name not in by_name:
        raise invalid(f"Query condition missed key schema element: {keys.range.name}")
    if len(by_name) > 1:
        raise invalid("Query key condition not supported")
    operator, bounding = by_name[keys.range.name]
    _check_types(keys.range, bounding)
    return KeyCondition(values[0], _bounds(keys.range, operator, bounding))


def _check_types(attribute: KeyAttribute, values: tuple[AttributeValue, ...]) -> None:
    for value in values:
        if attribute.kind not in value:
            raise invalid_values("Condition parameter type does not match schema type")
        if attribute.kind != "N" and not value[attribute.kind]:
            kind = "string" if attribute.kind == "S" else "binary"
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key"
                f" attribute cannot contain an empty {kind} value. Key: {attribute.name}"
            )


def _bounds(attribute: KeyAttribute, operator: str, values: tuple[AttributeValue, ...]) -> Bounds:
    first = encoded(values[0])
    match operator:
        case "=":
            return Bounds(first, True, first, True)
        case "<" | "<=":
            return Bounds(upper=first, upper_too=operator == "<=")
        case ">" | ">=":
            return Bounds(lower=first, lower_too=operator == ">=")
        case "between":
            return Bounds(first, True, encoded(values[1]), True)
        case "begins_with":
            if attribute.kind == "N":
                raise invalid(
                    f"Invalid {PLACE}: Incorrect operand type for operator or function; operator"
                    " or function: begins_with, operand type: N"
                )
            return Bounds(first, is_prefix=True)
    raise invalid("Query key condition not supported")


def _wanted(condition: Condition) -> Iterator[_Wanted]:
    match condition:
        case Both(conditions):
            for each in conditions:
                yield from _wanted(each)
        case Comparison(operator, left, right):
            if operator == "<>":
                raise _unusable("<>")
            if isinstance(left, Given) and isinstance(right, At):
                left, right, operator = right, left, _TURNED[operator]
            yield _Wanted(_name(left), operator, (_value(right),))
        case Between(operand, low, high):
            yield _Wanted(_name(operand), "between", (_value(low), _value(high)))
        case Predicate("begins_with", operand, argument):
            yield _Wanted(_name(operand), "begins_with", (_value(argument),))
        case Predicate(name):
            raise _unusable(name)
        case Exists(_, wanted):
            raise _unusable("attribute_exists" if wanted else "attribute_not_exists")
        case Either():
            raise _unusable("OR")
        case Not():
            raise _unusable("NOT")
        case OneOf():
            raise _unusable("IN")


def _unusable(operator: str) -> Exception:
    return invalid(f"Invalid operator used in {PLACE}: {operator}")


def _name(operand: Operand) -> str:
    if not isinstance(operand, At):
        raise invalid(
            f"Invalid {PLACE}: Invalid condition in KeyConditionExpression: No key"
            " attribute specified"
        )
    if len(operand.path) != 1:
        raise invalid(
            f"Invalid {PLACE}: KeyConditionExpressions cannot have conditions on nested attributes"
        )
    return str(operand.path[0])


def _value(operand: Operand) -> AttributeValue:
    if not isinstance(operand, Given):
        raise invalid(
            f"Invalid {PLACE}: Invalid condition in KeyConditionExpression: Multiple"
            " attribute names used in one condition"
        )
    return operand.value
