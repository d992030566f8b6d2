"""Whether an item meets a condition, and what an operand is worth for it."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

from stepwell.services.dynamodb.attribute_values import (
    SETS,
    AttributeValue,
    Item,
    equal,
    kind_of,
    order_of,
    text_size,
)
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
    Path,
    Predicate,
    Size,
)

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(condition: Condition, item: Item) -> bool:
    """Whether the item meets the condition; an item that is not there is an empty one."""
    match condition:
        case Both(conditions):
            return all(holds(each, item) for each in conditions)
        case Either(conditions):
            return any(holds(each, item) for each in conditions)
        case Not(inner):
            return not holds(inner, item)
        case Comparison(operator, left, right):
            return compare(operator, worth(left, item), worth(right, item))
        case Between(operand, low, high):
            value = worth(operand, item)
            return compare(">=", value, worth(low, item)) and compare(
                "<=", value, worth(high, item)
            )
        case OneOf(operand, options):
            value = worth(operand, item)
            return any(compare("=", value, worth(each, item)) for each in options)
        case Exists(path, wanted):
            return (find(item, path) is not None) is wanted
        case Predicate(name, operand, argument):
            first, second = worth(operand, item), worth(argument, item)
            return first is not None and second is not None and _PREDICATES[name](first, second)


def compare(operator: str, left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """A comparison; what is not there is equal to nothing, and different from everything."""
    if operator == "<>":
        return left is None or right is None or not equal(left, right)
    if left is None or right is None:
        return False
    if operator == "=":
        return equal(left, right)
    if kind_of(left) != kind_of(right):
        return False
    mine = order_of(left)
    return mine is not None and _ORDERED[operator](mine, order_of(right))


def worth(operand: Operand, item: Item) -> AttributeValue | None:
    """The value of an operand of a condition; None where there is none."""
    match operand:
        case At(path):
            return find(item, path)
        case Given(value):
            return value
        case Size(of):
            return size_of(worth(of, item))
    raise TypeError(f"{operand} belongs to updates")


def find(item: Item, path: Path) -> AttributeValue | None:
    """What is at a path."""
    value: AttributeValue | None = item.get(path[0])  # type: ignore[arg-type]
    for part in path[1:]:
        if value is None:
            return None
        if isinstance(part, int):
            members = value.get("L", ())
            value = members[part] if part < len(members) else None
        else:
            value = value.get("M", {}).get(part)
    return value


def size_of(value: AttributeValue | None) -> AttributeValue | None:
    """What size() says of a value; numbers, booleans and null have none."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind in ("N", "BOOL", "NULL"):
        return None
    return {"N": str(text_size(content) if kind == "S" else len(content))}


def begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    """Whether a text or binary value starts with another."""
    kind = kind_of(prefix)
    return kind in ("S", "B") and kind in value and value[kind].startswith(prefix[kind])


def contains(value: AttributeValue, part: AttributeValue) -> bool:
    """Whether a text contains a text, a set a member, a list a value."""
    kind = kind_of(value)
    if kind in ("S", "B"):
        return kind in part and part[kind] in value[kind]
    if kind in SETS:
        return SETS[kind] in part and part[SETS[kind]] in value[kind]
    return kind == "L" and any(equal(each, part) for each in value["L"])


_PREDICATES: dict[str, Callable[[AttributeValue, AttributeValue], bool]] = {
    "begins_with": begins_with,
    "contains": contains,
    "attribute_type": lambda value, wanted: wanted.get("S") == kind_of(value),
}
