"""Attribute values, as the API spells them: `{"S": "text"}`, `{"M": {...}}`, binary as bytes.

`checked` is the way in: one type each, numbers normalised, sets without duplicates. All else
relies on that, and nobody changes a checked value in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.errors import invalid, invalid_values

AttributeValue: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, AttributeValue]

NESTING_MAX = 32
ITEM_BYTES_MAX = 400 * 1024
SETS = {"SS": "S", "NS": "N", "BS": "B"}


def checked(value: Mapping[str, Any], depth: int = 0) -> AttributeValue:
    """The value, normalised. Raises ValidationException."""
    if len(value) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of"
            " the supported datatypes"
            if value
            else "Supplied AttributeValue is empty, must contain exactly one of the supported"
            " datatypes"
        )
    ((kind, content),) = value.items()
    if kind in ("S", "B", "BOOL"):
        return {kind: content}
    if kind == "N":
        return {"N": numbers.normal(content)}
    if kind == "NULL":
        if not content:
            raise invalid_values("Null attribute value types must have the value of true")
        return {"NULL": True}
    if kind in SETS:
        return {kind: _checked_set(kind, content)}
    if depth >= NESTING_MAX:
        raise invalid(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested"
            " levels beyond supported limit"
        )
    if kind == "M":
        return {"M": {name: checked(each, depth + 1) for name, each in content.items()}}
    return {"L": [checked(each, depth + 1) for each in content]}


_EMPTY_SETS = {
    "SS": "An string set  may not be empty",
    "NS": "An number set  may not be empty",
    "BS": "Binary sets should not be empty",
}


def _checked_set(kind: str, members: list[Any]) -> list[Any]:
    if not members:
        raise invalid_values(_EMPTY_SETS[kind])
    if kind == "NS":
        members = [numbers.normal(member) for member in members]
        if len(set(members)) < len(members):
            raise invalid("Input collection contains duplicates")
    elif len(set(members)) < len(members):
        if kind == "BS":
            raise invalid_values("Input collection of type BS contains duplicates.")
        raise invalid_values(f"Input collection [{', '.join(members)}] contains duplicates.")
    return members


def checked_item(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Every attribute checked."""
    return {name: checked(value) for name, value in item.items()}


def kind_of(value: AttributeValue) -> str:
    """The type of a value: `S`, `N`, ..."""
    return next(iter(value))


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether two values are the same; sets have no order."""
    kind = kind_of(left)
    if kind not in right:
        return False
    mine, other = left[kind], right[kind]
    if kind in SETS:
        return frozenset(mine) == frozenset(other)
    if kind == "M":
        return mine.keys() == other.keys() and all(equal(mine[k], other[k]) for k in mine)
    if kind == "L":
        return len(mine) == len(other) and all(map(equal, mine, other))
    return bool(mine == other)


def same_item(left: Item | None, right: Item | None) -> bool:
    """Whether two items are the same, or both are none."""
    if left is None or right is None:
        return left is right
    return equal({"M": left}, {"M": right})


def order_of(value: AttributeValue) -> Any:
    """What values of the same type are compared by; None for types without an order."""
    if "S" in value:
        return value["S"].encode("utf-8", "surrogatepass")
    if "N" in value:
        return numbers.value(value["N"])
    return value.get("B")


def value_size(value: AttributeValue) -> int:
    """Bytes that DynamoDB counts for a value."""
    ((kind, content),) = value.items()
    if kind == "S":
        return text_size(content)
    if kind == "N":
        return numbers.size(content)
    if kind == "B":
        return len(content)
    if kind == "M":
        return 3 + sum(text_size(name) + value_size(each) + 1 for name, each in content.items())
    if kind == "L":
        return 3 + sum(value_size(each) + 1 for each in content)
    if kind in SETS:
        return sum(value_size({SETS[kind]: member}) for member in content)
    return 1


def text_size(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def item_size(item: Item) -> int:
    """Bytes that DynamoDB counts for an item: names and values."""
    return sum(text_size(name) + value_size(value) for name, value in item.items())
