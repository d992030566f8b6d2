"""What shows of Java in Step Functions' answers.

AWS's interpreter is written in Java. Where it hands out an object's text, sorts texts, walks a hash
map or draws seeded numbers, the result depends on Java's rules; they are kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from stepwell.values import JsonValue

INTEGER_MIN = -(2**31)
INTEGER_MAX = 2**31 - 1


def java_text(value: JsonValue) -> str:
    """The value as Java's `toString` writes it: `{a=1, b=[x, null]}`, texts without quotes."""
    parts: list[str] = []
    pending: list[tuple[str, JsonValue]] = [("", value)]
    # An explicit stack: data may be nested deeper than functions may call each other.
    while pending:
        before, item = pending.pop()
        parts.append(before)
        if isinstance(item, dict):
            members = [(f", {name}=", member) for name, member in item.items()]
            pending += _opened("{", members, "}")
        elif isinstance(item, list):
            pending += _opened("[", [(", ", member) for member in item], "]")
        else:
            parts.append(_scalar_text(item))
    return "".join(parts)


def _opened(
    opening: str, members: list[tuple[str, JsonValue]], closing: str
) -> list[tuple[str, JsonValue]]:
    """What is still to be written of a container, the last first; "" writes nothing by itself."""
    if members:
        separator, member = members[0]
        members[0] = (opening + separator.removeprefix(", "), member)
        return [(closing, ""), *reversed(members)]
    return [(opening + closing, "")]


def _scalar_text(value: None | bool | int | float | str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return java_double(value) if isinstance(value, float) else str(value)


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


def utf16_order(text: str) -> bytes:
    """A key that sorts texts as Java does, by UTF-16 code units."""
    return text.encode("utf-16-be", "surrogatepass")


def hash_order(names: Iterable[str]) -> list[str]:
    """The names in the order in which a Java HashMap that was filled with them gives them out.

    Recorded answers show it: computed fields of a payload template stand in this order (case
    test_map_state_item_selector), and so do the members of a merged object (test_json_merge).
    """
    distinct = list(dict.fromkeys(names))
    buckets = 16
    while len(distinct) > buckets * 3 // 4:
        buckets *= 2
    return sorted(distinct, key=lambda name: _spread_hash(name) & (buckets - 1))


def _spread_hash(text: str) -> int:
    code = 0
    units = utf16_order(text)
    for place in range(0, len(units), 2):
        code = (31 * code + (units[place] << 8) + units[place + 1]) & 0xFFFFFFFF
    return code ^ (code >> 16)


class SeededRandom:
    """`java.util.Random`: the same numbers for the same seed."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)

    def _bits(self, count: int) -> int:
        self._state = (self._state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        return self._state >> (48 - count)

    def next_double(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return ((self._bits(26) << 27) + self._bits(27)) / (1 << 53)

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1; `bound` is at least 1."""
        if bound > INTEGER_MAX:
            return ((self._bits(32) << 32) | self._bits(32)) % bound
        if bound & -bound == bound:
            return (bound * self._bits(31)) >> 31
        # Java draws again while the number falls into the last, incomplete run of `bound`. That is
        # at most every other time, so that 64 draws are as good as endlessly many.
        limit = (1 << 31) // bound * bound
        draws = (self._bits(31) for _ in range(64))
        return next((bits for bits in draws if bits < limit), 0) % bound
