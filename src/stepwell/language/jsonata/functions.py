"""The functions that Step Functions adds to JSONata, and those that need time or chance.

Time and chance come with each evaluation, so that a step that is decided again sees the same.
A function that gives nothing (undefined, for JSONata) raises Nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from stepwell.language.java import SeededRandom
from stepwell.values import BadJson, JsonValue, decode, uuid_text

Function = Callable[..., JsonValue]

TEXT_CHARACTERS_MAX = 262_144
ELEMENTS_MAX = 100_000
NOTHING_MARK = "stepwell: nothing"

_HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class Nothing(Exception):
    """The function gives nothing, which JSONata calls undefined."""

    def __init__(self) -> None:
        super().__init__(NOTHING_MARK)


class FunctionFailed(Exception):
    """The function was called wrongly; the text begins with a JSONata error code."""


@dataclass(slots=True)
class Surroundings:
    """The time and the chance of one evaluation."""

    now_ms: int = 0
    seed: bytes = b""
    drawn: int = 0

    def random_bytes(self, size: int) -> bytes:
        """The next bytes that follow from the seed."""
        self.drawn += 1
        drawn = self.drawn.to_bytes(8)
        return hashlib.blake2b(drawn, key=self.seed[:64], digest_size=size).digest()


def _number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Nothing
    return value


def _integer(value: JsonValue) -> int:
    """Numbers lose their fraction, as AWS says of these functions."""
    return math.trunc(_number(value))


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise Nothing
    return value


def partition(values: JsonValue = None, size: JsonValue = None, *_more: JsonValue) -> JsonValue:
    """The array cut into pieces of a size."""
    if values is None:
        raise Nothing
    array: list[JsonValue] = values if isinstance(values, list) else [values]
    step = _integer(size)
    if step <= 0:
        raise Nothing
    return [array[start : start + step] for start in range(0, len(array), step)]


def number_range(
    first: JsonValue = None, last: JsonValue = None, step: JsonValue = None, *_more: JsonValue
) -> JsonValue:
    """The numbers from the first to the last, both included; a single one stands by itself."""
    start, end, by = _integer(first), _integer(last), _integer(step)
    if by == 0:
        raise Nothing
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if not numbers:
        raise Nothing
    if len(numbers) > ELEMENTS_MAX:
        raise FunctionFailed(f"D2014: The size of the sequence exceeds {ELEMENTS_MAX} elements")
    return numbers[0] if len(numbers) == 1 else list(numbers)


def text_hash(text: JsonValue = None, algorithm: JsonValue = None, *_more: JsonValue) -> JsonValue:
    """The hash of a text in hexadecimal digits."""
    name = _HASHES.get(_text(algorithm))
    if name is None:
        raise Nothing
    return hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()


def parse_json(text: JsonValue = None, *_more: JsonValue) -> JsonValue:
    """The value that a JSON text stands for."""
    try:
        return decode(_text(text))
    except BadJson as error:
        raise FunctionFailed(f"D3120: The text is not JSON: {error}") from None


def pad(
    text: JsonValue = None, width: JsonValue = None, fill: JsonValue = " ", *_more: JsonValue
) -> JsonValue:
    """The text made as wide as asked, but no wider than a payload can be."""
    if text is None:
        raise Nothing
    if not isinstance(text, str):
        raise FunctionFailed(
            'T0410: Argument 1 of function "pad" does not match function signature'
        )
    wanted = _integer(width)
    if abs(wanted) > TEXT_CHARACTERS_MAX:
        raise FunctionFailed(
            f"D1002: A text may not be padded to more than {TEXT_CHARACTERS_MAX} characters"
        )
    filling = fill if isinstance(fill, str) and fill else " "
    missing = abs(wanted) - len(text)
    if missing <= 0:
        return text
    padding = (filling * (missing // len(filling) + 1))[:missing]
    return text + padding if wanted > 0 else padding + text


def forbidden(*_arguments: JsonValue) -> JsonValue:
    """What Step Functions does not have."""
    raise FunctionFailed("T1006: Attempted to invoke a non-function")


def with_surroundings(current: Callable[[], Surroundings]) -> dict[str, Function]:
    """The functions that ask for time and chance; `current` gives those of the evaluation."""

    def random(seed: JsonValue = None, *_more: JsonValue) -> JsonValue:
        if seed is not None:
            return SeededRandom(_integer(seed)).next_double()
        return int.from_bytes(current().random_bytes(7)) / (1 << 56)

    def uuid(*_arguments: JsonValue) -> JsonValue:
        return uuid_text(current().random_bytes(16))

    def millis(*_arguments: JsonValue) -> JsonValue:
        return current().now_ms

    def shuffle(values: JsonValue = None, *_more: JsonValue) -> JsonValue:
        if values is None:
            raise Nothing
        if not isinstance(values, list):
            return [values]
        keyed = [(current().random_bytes(8), place) for place in range(len(values))]
        return [values[place] for _, place in sorted(keyed)]

    return {"random": random, "uuid": uuid, "millis": millis, "shuffle": shuffle}


def now_text(now_ms: int) -> str:
    """What `$now()` shows: always with milliseconds."""
    moment = datetime.fromtimestamp(now_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{now_ms % 1000:03d}Z"


ADDED: dict[str, Function] = {
    "partition": partition,
    "range": number_range,
    "hash": text_hash,
    "parse": parse_json,
}
"""The functions JSONata does not have. (`$uuid` and a seed for `$random` need the surroundings.)"""

REPLACED: dict[str, Function] = {"pad": pad, "eval": forbidden}
