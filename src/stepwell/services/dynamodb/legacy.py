"""The parameters from before expressions, read as conditions and updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.dynamodb.attribute_values import (
    SETS,
    AttributeValue,
    checked,
    kind_of,
    order_of,
)
from stepwell.services.dynamodb.errors import invalid, invalid_values
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Between,
    Both,
    Comparison,
    Condition,
    Either,
    Exists,
    Given,
    IfNotExists,
    ListAppend,
    Not,
    OneOf,
    Operand,
    Path,
    Predicate,
    Update,
)

_SIMPLE = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_KEY_OPERATORS = {
    "EQ": "=",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    "BETWEEN": "between",
    "BEGINS_WITH": "begins_with",
}


def expected(params: Mapping[str, Any]) -> Condition | None:
    """The condition of `Expected` and `ConditionalOperator`."""
    given = params.get("Expected")
    if not given:
        if params.get("ConditionalOperator"):
            raise invalid("ConditionalOperator cannot be used without Filter or Expected")
        return None
    return _joined([_expected(name, each) for name, each in given.items()], params)


def filters(given: Mapping[str, Any] | None, params: Mapping[str, Any]) -> Condition | None:
    """The condition of `QueryFilter` or `ScanFilter`."""
    if not given:
        if params.get("ConditionalOperator"):
            raise invalid("ConditionalOperator cannot be used without Filter or Expected")
        return None
    parts = [
        _condition(name, each["ComparisonOperator"], each.get("AttributeValueList", ()))
        for name, each in given.items()
    ]
    return _joined(parts, params)


def _joined(parts: list[Condition], params: Mapping[str, Any]) -> Condition:
    operator = params.get("ConditionalOperator")
    if operator and len(parts) < 2:
        raise invalid("ConditionalOperator can only be used when there are more than one condition")
    if len(parts) == 1:
        return parts[0]
    return Either(tuple(parts)) if operator == "OR" else Both(tuple(parts))


def _expected(name: str, given: Mapping[str, Any]) -> Condition:
    operator = given.get("ComparisonOperator")
    if operator is not None:
        if "Exists" in given:
            raise invalid_values(
                "Exists and ComparisonOperator cannot be used together for Attribute: " + name
            )
        if "Value" in given and "AttributeValueList" in given:
            raise invalid_values(
                "Value and AttributeValueList cannot be used together for Attribute: " + name
            )
        values = given.get("AttributeValueList", ())
        return _condition(name, operator, [given["Value"]] if "Value" in given else values)
    if "AttributeValueList" in given:
        raise invalid_values(
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: " + name
        )
    exists = given.get("Exists", True)
    if not exists:
        if "Value" in given:
            raise invalid_values(
                "Value cannot be used when Exists is set to false for Attribute: " + name
            )
        return Exists((name,), False)
    if "Value" not in given:
        raise invalid_values(
            "Value must be provided when Exists is "
            f"{'true' if 'Exists' in given else 'null'} for Attribute: {name}"
        )
    return Comparison("=", At((name,)), Given(checked(given["Value"])))


def _condition(name: str, operator: str, given: Any) -> Condition:
    values = [checked(value) for value in given]
    _check_arguments(operator, values)
    at = At((name,))
    if operator in _SIMPLE:
        return Comparison(_SIMPLE[operator], at, Given(values[0]))
    match operator:
        case "NULL" | "NOT_NULL":
            return Exists((name,), operator == "NOT_NULL")
        case "CONTAINS":
            return Predicate("contains", at, Given(values[0]))
        case "NOT_CONTAINS":
            inner = Not(Predicate("contains", at, Given(values[0])))
            return Both((Exists((name,), True), inner))
        case "BEGINS_WITH":
            return Predicate("begins_with", at, Given(values[0]))
        case "BETWEEN":
            return Between(at, Given(values[0]), Given(values[1]))
    return OneOf(at, tuple(Given(value) for value in values))


def _check_arguments(operator: str, values: list[AttributeValue]) -> None:
    wrong = not values if operator == "IN" else len(values) != _COUNTS.get(operator, 1)
    if wrong:
        raise invalid_values(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    for value in values:
        kind = kind_of(value)
        ordered = operator in ("LT", "LE", "GT", "GE", "BETWEEN", "IN")
        if (ordered and order_of(value) is None) or (
            operator == "BEGINS_WITH" and kind not in ("S", "B")
        ):
            raise invalid_values(
                f"ComparisonOperator {operator} is not valid for {kind} AttributeValue type"
            )
    if operator == "BETWEEN" and order_of(values[0]) > order_of(values[1]):
        raise invalid_values(
            "The BETWEEN condition was provided a range where the lower bound is greater than the"
            " upper bound"
        )


def key_conditions(
    given: Mapping[str, Any],
) -> list[tuple[str, str, tuple[AttributeValue, ...]]]:
    """`KeyConditions` as (attribute, operator, values)."""
    wanted = []
    for name, each in given.items():
        operator = each["ComparisonOperator"]
        values = [checked(value) for value in each.get("AttributeValueList", ())]
        if operator not in _KEY_OPERATORS:
            raise invalid("Attempted conditional constraint is not an indexable operation")
        _check_arguments(operator, values)
        wanted.append((name, _KEY_OPERATORS[operator], tuple(values)))
    return wanted


def updates(given: Mapping[str, Any]) -> Update:
    """`AttributeUpdates` as an update."""
    sets: list[tuple[Path, Operand]] = []
    removes: list[Path] = []
    adds: list[tuple[Path, AttributeValue]] = []
    deletes: list[tuple[Path, AttributeValue]] = []
    for name, each in given.items():
        path: Path = (name,)
        action = each.get("Action", "PUT")
        value = checked(each["Value"]) if "Value" in each else None
        if value is None:
            if action != "DELETE":
                raise invalid_values(
                    "Only DELETE action is allowed when no attribute value is specified"
                )
            removes.append(path)
        elif action == "PUT":
            sets.append((path, Given(value)))
        elif action == "DELETE":
            if kind_of(value) not in SETS:
                raise invalid_values(
                    f"DELETE action with value is not supported for the type {kind_of(value)}"
                )
            deletes.append((path, value))
        elif "L" in value:
            sets.append((path, ListAppend(IfNotExists(path, Given({"L": []})), Given(value))))
        elif kind_of(value) in ("N", *SETS):
            adds.append((path, value))
        else:
            raise invalid_values(f"ADD action is not supported for the type {kind_of(value)}")
    return Update(tuple(sets), tuple(removes), tuple(adds), tuple(deletes))
