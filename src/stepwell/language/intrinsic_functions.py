"""What each `States.*` function does with its arguments, once they are values.

A function takes the arguments and the environment and gives a JSON value or raises FunctionFailed.
Whole numbers follow Java: halves are rounded up, results stay within 32 bits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stepwell.language.budget import spend, spend_text
from stepwell.language.java import INTEGER_MAX, INTEGER_MIN, SeededRandom, hash_order, java_text
from stepwell.language.paths.equality import identical, is_number
from stepwell.language.program import Environment
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload, encode_text, uuid_text

TEXT_CHARACTERS_MAX = 10_000
RANGE_ITEMS_MAX = 1000
ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class FunctionFailed(Exception):
    """The function cannot be applied to these arguments. The text says why."""


@dataclass(frozen=True, slots=True)
class IntrinsicFunction:
    """`counts` are the fewest and the most arguments, None for no upper bound."""

    counts: tuple[int, int | None]
    apply: Callable[[list[JsonValue], Environment], JsonValue]


def _array(value: JsonValue, place: int) -> list[JsonValue]:
    if not isinstance(value, list):
        raise FunctionFailed(f"Argument {place} must be an array")
    return value


def _string(value: JsonValue, place: int) -> str:
    if not isinstance(value, str):
        raise FunctionFailed(f"Argument {place} must be a string")
    return value


def _object(value: JsonValue, place: int) -> JsonObject:
    if not isinstance(value, dict):
        raise FunctionFailed(f"Argument {place} must be a JSON object")
    return value


def _integer(value: JsonValue, place: int) -> int:
    """A whole number in 32 bits; a fraction is rounded to the nearest, a half upwards."""
    if not is_number(value):
        raise FunctionFailed(f"Argument {place} must be an integer")
    whole = math.floor(value + 0.5) if isinstance(value, float) else value
    if not INTEGER_MIN <= whole <= INTEGER_MAX:
        raise FunctionFailed(f"Argument {place} is out of the range of an integer")
    return whole


def _limited(value: JsonValue, place: int) -> str:
    text = _string(value, place)
    if len(text) > TEXT_CHARACTERS_MAX:
        raise FunctionFailed(
            f"Argument {place} must not be longer than {TEXT_CHARACTERS_MAX} characters"
        )
    return text


def template_text(template: JsonValue) -> str:
    """A template of Format that came from data. Raises FunctionFailed when it is no text."""
    return _string(template, 1)


def compile_format(template: str) -> Callable[[Sequence[JsonValue]], str]:
    """Fills the `{}` of a template; a backslash makes `{`, `}` and `'` ordinary characters."""
    pieces = _split_template(template)

    def fill(values: Sequence[JsonValue]) -> str:
        if len(values) != len(pieces) - 1:
            raise FunctionFailed(
                f"Invalid template: expected {len(pieces) - 1} arguments, but received "
                f"{len(values)}"
            )
        parts = [pieces[0]]
        for value, piece in zip(values, pieces[1:], strict=True):
            parts.append(spend_text(value if isinstance(value, str) else java_text(value)))
            parts.append(piece)
        return "".join(parts)

    return fill


def _split_template(template: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    place = 0
    while place < len(template):
        if template[place] == "\\" and template[place + 1 : place + 2] in set("'{}\\"):
            pieces[-1].append(template[place + 1])
            place += 2
        elif template.startswith("{}", place):
            pieces.append([])
            place += 2
        else:
            pieces[-1].append(template[place])
            place += 1
    return ["".join(piece) for piece in pieces]


def _string_to_json(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    try:
        text = _string(arguments[0], 1)
        spend(len(text) >> 2)
        return decode_payload(text)
    except BadJson as error:
        raise FunctionFailed("Argument 1 must be a valid JSON string") from error


def _json_to_string(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    return spend_text(encode_text(arguments[0]))


def _make_array(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    spend(len(arguments))
    return arguments


def _partition(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    items, size = _array(arguments[0], 1), _integer(arguments[1], 2)
    if size <= 0:
        raise FunctionFailed("Argument 2 must be a positive integer")
    spend(len(items))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _contains(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    items = _array(arguments[0], 1)
    spend(len(items))
    return any(identical(item, arguments[1]) for item in items)


def _range(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    first, last, step = (_integer(value, place) for place, value in enumerate(arguments, 1))
    if step == 0:
        raise FunctionFailed("Argument 3 must not be zero")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > RANGE_ITEMS_MAX:
        raise FunctionFailed(f"The range must not have more than {RANGE_ITEMS_MAX} items")
    spend(len(numbers))
    return list(numbers)


def _get_item(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    items, index = _array(arguments[0], 1), _integer(arguments[1], 2)
    if not 0 <= index < len(items):
        raise FunctionFailed(f"Index {index} is out of bounds for an array of {len(items)} items")
    return items[index]


def _length(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    return len(_array(arguments[0], 1))


def _unique(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    seen: set[str] = set()
    kept: list[JsonValue] = []
    for item in _array(arguments[0], 1):
        text = spend_text(encode_text(_sorted_members(item)))
        if text not in seen:
            seen.add(text)
            kept.append(item)
    return kept


def _sorted_members(value: JsonValue) -> JsonValue:
    spend(1)
    if isinstance(value, dict):
        return {name: _sorted_members(value[name]) for name in sorted(value)}
    return [_sorted_members(item) for item in value] if isinstance(value, list) else value


def _base64_encode(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    text = _limited(arguments[0], 1)
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _base64_decode(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    try:
        return base64.b64decode(_limited(arguments[0], 1), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise FunctionFailed("Argument 1 must be a valid Base64 string") from error


def _hash(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    data = arguments[0]
    text = _limited(data if isinstance(data, str) else spend_text(encode_text(data)), 1)
    algorithm = ALGORITHMS.get(_string(arguments[1], 2))
    if algorithm is None:
        raise FunctionFailed(f"Argument 2 must be one of {', '.join(ALGORITHMS)}")
    return hashlib.new(
        algorithm, text.encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


def _merge(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    first, second = _object(arguments[0], 1), _object(arguments[1], 2)
    deep = arguments[2]
    if not isinstance(deep, bool):
        raise FunctionFailed("Argument 3 must be a boolean")
    if deep:
        raise FunctionFailed("Argument 3 must be false: only the shallow merge is supported")
    spend(2 * (len(first) + len(second)))
    merged = {**first, **second}
    return {name: merged[name] for name in hash_order(merged)}


def _math_random(arguments: list[JsonValue], env: Environment) -> JsonValue:
    start, end = _integer(arguments[0], 1), _integer(arguments[1], 2)
    if start >= end:
        raise FunctionFailed("Argument 1 must be less than argument 2")
    if len(arguments) == 3:
        return start + SeededRandom(_integer(arguments[2], 3)).below(end - start)
    return start + int.from_bytes(env.random_bytes(16)) % (end - start)


def _math_add(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    total = _integer(arguments[0], 1) + _integer(arguments[1], 2)
    if not INTEGER_MIN <= total <= INTEGER_MAX:
        raise FunctionFailed("The sum is out of the range of an integer")
    return total


def _split(arguments: list[JsonValue], _env: Environment) -> JsonValue:
    text, delimiters = _string(arguments[0], 1), _string(arguments[1], 2)
    if not delimiters:
        return [text] if text else []
    mark = delimiters[0]
    for delimiter in delimiters[1:]:
        spend(1 + (len(text) >> 6))
        text = text.replace(delimiter, mark)
    spend(1 + (len(text) >> 2))
    return [part for part in text.split(mark) if part]


def _uuid(_arguments: list[JsonValue], env: Environment) -> JsonValue:
    return uuid_text(env.random_bytes(16))


FUNCTIONS: Final[dict[str, IntrinsicFunction]] = {
    "StringToJson": IntrinsicFunction((1, 1), _string_to_json),
    "JsonToString": IntrinsicFunction((1, 1), _json_to_string),
    "Array": IntrinsicFunction((0, None), _make_array),
    "ArrayPartition": IntrinsicFunction((2, 2), _partition),
    "ArrayContains": IntrinsicFunction((2, 2), _contains),
    "ArrayRange": IntrinsicFunction((3, 3), _range),
    "ArrayGetItem": IntrinsicFunction((2, 2), _get_item),
    "ArrayLength": IntrinsicFunction((1, 1), _length),
    "ArrayUnique": IntrinsicFunction((1, 1), _unique),
    "Base64Encode": IntrinsicFunction((1, 1), _base64_encode),
    "Base64Decode": IntrinsicFunction((1, 1), _base64_decode),
    "Hash": IntrinsicFunction((2, 2), _hash),
    "JsonMerge": IntrinsicFunction((3, 3), _merge),
    "MathRandom": IntrinsicFunction((2, 3), _math_random),
    "MathAdd": IntrinsicFunction((2, 2), _math_add),
    "StringSplit": IntrinsicFunction((2, 2), _split),
    "UUID": IntrinsicFunction((0, 0), _uuid),
}
"""All but Format, whose template is compiled."""
