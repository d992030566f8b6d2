"""When two JSON values are the same, and how Java writes them as text.

Python calls True and 1 equal, and 1 and 1.0; JSON does not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeGuard

from stepwell.values import JsonValue


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether the value is a JSON number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def identical(left: JsonValue, right: JsonValue) -> bool:
    """Whether both are the same JSON value: same type, same content, order of members ignored."""
    pairs: list[tuple[JsonValue, JsonValue]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs.extend((value, other[name]) for name, value in one.items())
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif one != other:
            return False
    return True


def java_text(value: JsonValue) -> str:
    """The value as Java's `toString` writes it: `{a=1, b=[x, null]}`, texts without quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(java_text, value)) + "]"
    if isinstance(value, dict):
        members = (f"{name}={java_text(member)}" for name, member in value.items())
        return "{" + ", ".join(members) + "}"
    return str(value)


def java_double(number: float) -> str:
    """A double as Java writes it: `1.0`, `1.5E10`, `1.0E-5`."""
    text = repr(number)
    if 1e-3 <= abs(number) < 1e7 or number == 0:
        return text
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = len(digits) - 1 + int(exponent)
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{power}"


JAVA_CLASSES = {
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    str: "java.lang.String",
    list: "java.util.ArrayList",
    dict: "java.util.LinkedHashMap",
}


def java_class(value: JsonValue) -> str:
    """The Java class that holds such a value, as AWS's error texts name it."""
    if value is None:
        return "null"
    if type(value) is int and not -(2**31) <= value < 2**31:
        return "java.lang.Long" if -(2**63) <= value < 2**63 else "java.math.BigInteger"
    return JAVA_CLASSES[type(value)]
