"""DynamoDB's numbers: 38 significant digits, from 1E-130 to 9.99E+125, exact.

A number is kept as its normalised text (no exponent, no needless zeros), so that equal numbers are
equal texts. `sortable` gives bytes in the order of the numbers.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation

from stepwell.services.dynamodb.errors import invalid

DIGITS_MAX = 38
_EXACT = Context(prec=600, Emin=-100_000, Emax=100_000)
_EXPONENT_MAX, _EXPONENT_MIN = 125, -130
_COMMON = re.compile(r"-?[1-9][0-9]{0,36}|0")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_TEXT_MAX = 1_000


def normal(text: str) -> str:
    """The normalised text of a number. Raises ValidationException."""
    if _COMMON.fullmatch(text):
        return text
    if not text or len(text) > _TEXT_MAX or _NUMBER.fullmatch(text) is None:
        tail = f": {text}" if text else ""
        raise invalid(f"The parameter cannot be converted to a numeric value{tail}")
    try:
        return written(_EXACT.create_decimal(text))
    except InvalidOperation as error:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}") from error


def written(number: Decimal) -> str:
    """The normalised text, if DynamoDB can store the number."""
    if not number:
        return "0"
    number = number.normalize(_EXACT)
    exponent = number.adjusted()
    if exponent > _EXPONENT_MAX:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported"
            " range"
        )
    if exponent < _EXPONENT_MIN:
        raise invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than supported"
            " range"
        )
    if len(number.as_tuple().digits) > DIGITS_MAX:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return f"{number:f}"


def value(text: str) -> Decimal:
    """The number of a normalised text."""
    return Decimal(text)


def plus(left: str, right: str) -> str:
    """The sum."""
    return written(_EXACT.add(Decimal(left), Decimal(right)))


def minus(left: str, right: str) -> str:
    """The difference."""
    return written(_EXACT.subtract(Decimal(left), Decimal(right)))


_INVERTED = bytes.maketrans(b"0123456789", bytes(255 - digit for digit in b"0123456789"))


def sortable(text: str) -> bytes:
    """Bytes that are in order as the numbers are: sign, exponent, digits."""
    if text == "0":
        return b"\x01"
    sign, digits, _ = Decimal(text).as_tuple()
    exponent = Decimal(text).adjusted() - _EXPONENT_MIN
    mantissa = "".join(map(str, digits)).strip("0").encode()
    if sign:
        return bytes((0, 255 - exponent)) + mantissa.translate(_INVERTED) + b"\xff"
    return bytes((2, exponent)) + mantissa


def size(text: str) -> int:
    """Bytes DynamoDB counts for it: one for two digits, and one."""
    digits = len(text.replace("-", "").replace(".", "").strip("0"))
    return (digits + 1) // 2 + (2 if text.startswith("-") else 1)
