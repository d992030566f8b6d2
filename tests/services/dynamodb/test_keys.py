"""Encodings of keys: their order is that of the values, and bounds cut where they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.errors import ServiceError
from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.keys import Bounds, encoded, range_bytes

digits = st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1)
exponents = st.integers(min_value=-130, max_value=87)


@st.composite
def decimals(draw: st.DrawFn) -> Decimal:
    """A number that DynamoDB can store, sometimes a small one."""
    number = draw(st.one_of(digits, st.integers(-1_000, 1_000)))
    return Decimal(number).scaleb(draw(st.one_of(exponents, st.just(0), st.just(-3))))


@given(decimals(), decimals())
def test_numbers_are_in_order(left: Decimal, right: Decimal) -> None:
    """Bytes compare as the numbers do, and equal numbers are equal texts and bytes."""
    texts = numbers.normal(str(left)), numbers.normal(str(right))
    keys = numbers.sortable(texts[0]), numbers.sortable(texts[1])
    assert (keys[0] < keys[1]) == (left < right)
    assert (keys[0] == keys[1]) == (texts[0] == texts[1]) == (left == right)


@given(decimals())
def test_numbers_keep_every_digit(number: Decimal) -> None:
    """The normalised text is the same number, without an exponent or needless zeros."""
    text = numbers.normal(str(number))
    assert Decimal(text) == number
    assert "E" not in text
    assert numbers.normal(text) == text


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1.0", "1"),
        ("-0", "0"),
        ("+5", "5"),
        ("0010", "10"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("1E-5", "0.00001"),
        ("-1.50", "-1.5"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ],
)
def test_normal_texts(text: str, normal: str) -> None:
    """Numbers are shown as AWS shows them."""
    assert numbers.normal(text) == normal


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("abc", "The parameter cannot be converted to a numeric value: abc"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
        (
            "1e126",
            "Number overflow. Attempting to store a number with magnitude larger than supported"
            " range",
        ),
        (
            "1e-131",
            "Number underflow. Attempting to store a number with magnitude smaller than supported"
            " range",
        ),
    ],
)
def test_what_is_no_number(text: str, message: str) -> None:
    """In AWS's words."""
    with pytest.raises(ServiceError) as caught:
        numbers.normal(text)
    assert caught.value.message == message


texts = st.text(alphabet=st.sampled_from("\0\x01ab\xff\u20ac\U0001f600"), min_size=1, max_size=4)
values = st.one_of(
    st.builds(lambda text: {"S": text}, texts),
    st.builds(lambda text: {"B": text.encode()}, texts),
)


@given(values, values)
def test_the_zero_at_the_end_keeps_the_order(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Range keys compare as their values do."""
    if left.keys() == right.keys():
        assert (range_bytes(left) < range_bytes(right)) == (encoded(left) < encoded(right))


@given(
    st.lists(texts, min_size=1, max_size=6),
    texts,
    texts,
    st.sampled_from(["=", "<", "<=", ">", ">=", "between", "begins_with"]),
    st.booleans(),
)
def test_bounds_cut_where_they_say(
    keys: list[str], first: str, second: str, operator: str, reverse: bool
) -> None:
    """What the store is asked for is what `holds` says, in both directions."""
    low, high = sorted((first.encode(), second.encode()))
    bounds = {
        "=": Bounds(low, True, low, True),
        "<": Bounds(upper=low, upper_too=False),
        "<=": Bounds(upper=low),
        ">": Bounds(lower=low, lower_too=False),
        ">=": Bounds(lower=low),
        "between": Bounds(low, True, high, True),
        "begins_with": Bounds(low, is_prefix=True),
    }[operator]
    after, until = bounds.after_until(reverse=reverse)
    for key in keys:
        stored = range_bytes({"S": key})
        if reverse:
            found = (after is None or stored < after) and (until is None or stored >= until)
        else:
            found = (after is None or stored > after) and (until is None or stored <= until)
        assert found == bounds.holds(key.encode()), (key, bounds)
