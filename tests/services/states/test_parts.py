"""ARNs, page tokens, and the words for bad JSON."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.services.states.arns import machine_arn, parse_machine
from stepwell.services.states.json_text import complaint
from stepwell.services.states.paging import page_token, read_token

DAY = 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    ("rest", "name", "label", "version", "alias"),
    [
        ("m", "m", None, None, None),
        ("m:12", "m", None, 12, None),
        ("m:prod", "m", None, None, "prod"),
        ("m:007", "m", None, None, "007"),
        ("m/map", "m", "map", None, None),
    ],
)
def test_machine_arns_come_apart(
    rest: str, name: str, label: str | None, version: int | None, alias: str | None
) -> None:
    """Name, label, version and alias are told apart."""
    arn = parse_machine(machine_arn("000000000000:eu-west-1", rest))
    assert (arn.name, arn.label, arn.version, arn.alias) == (name, label, version, alias)
    assert arn.base == "arn:aws:states:eu-west-1:000000000000:stateMachine:m"
    assert arn.scope == "000000000000:eu-west-1"


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_partitions_follow_the_region(region: str, partition: str) -> None:
    """Regions outside the commercial ones have their own partition."""
    assert machine_arn(f"000000000000:{region}", "m").startswith(f"arn:{partition}:states:")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "m",
        "arn:aws:sqs:us-east-1:0:q",
        "arn:aws:sqs:us-east-1:0:queue:q",
        "arn:aws:states:us-east-1:0:stateMachine:",
        "arn:aws:states:us-east-1:0:stateMachine:m:",
        "arn:aws:states:us-east-1:0:stateMachine:m/",
        "arn:aws:states:us-east-1:0:stateMachine:m:1:2",
        "arn:aws:states:us-east-1:0:activity:a",
    ],
)
def test_other_texts_are_no_machine_arns(arn: str) -> None:
    """Whatever comes, the answer is InvalidArn."""
    with pytest.raises(ServiceError) as refused:
        parse_machine(arn)
    assert refused.value.code == "InvalidArn"


def test_a_token_goes_on_where_it_says() -> None:
    """Numbers and names come back."""
    for position in (7, "näme"):
        token = page_token(position, now=5, bound_to=["Op", "x"])
        assert read_token(token, now=5 + DAY, bound_to=["Op", "x"]) == position


@pytest.mark.parametrize("token", ["", "x", "InvalidToken", "AAAA", "A" * 3000, "ü", "\x00"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """Anything else is AWS's InvalidToken."""
    with pytest.raises(ServiceError) as refused:
        read_token(token, now=5, bound_to=["Op"])
    assert (refused.value.code, refused.value.message) == (
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    )


def test_a_token_is_bound_and_ages() -> None:
    """Another request, a changed character or a day later: refused."""
    token = page_token(7, now=5, bound_to=["Op", "x"])
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for given, now, bound_to in (
        (token, 5, "y"),
        (token, 6 + DAY, "x"),
        (changed, 5, "x"),
    ):
        with pytest.raises(ServiceError, match="Invalid token"):
            read_token(given, now=now, bound_to=["Op", bound_to])


VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Unexpected end-of-input: expected a value"),
        ("{", "Unexpected end-of-input: expected close marker for Object"),
        ('{"a": [1,', "Unexpected end-of-input: expected close marker for Array"),
        ('"a', "Unexpected end-of-input: was expecting closing quote for a string value"),
        (
            '{"a" 1}',
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field "
            "name and value",
        ),
        (
            '{"a": 1 "b": 2}',
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        ),
        (
            "[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        ),
        ('{"a": }', "Unexpected character ('}' (code 125)): expected a valid value " + VALUES),
        ("{} x", "Unrecognized token 'x': was expecting " + VALUES),
        ("NaN", "Unrecognized token 'NaN': was expecting " + VALUES),
        ("01", "Invalid numeric value: Leading zeroes not allowed"),
        ("-x", "Unexpected character: expected digit (0-9) to follow minus sign"),
        ('"\\x"', "Unrecognized character escape 'x' (code 120)"),
        ("1 2", "Invalid JSON: JSON is malformed: trailing characters (byte 3)"),
        ("1e400", "Invalid JSON: Number out of range"),
        ('"\\ud800"', "Invalid JSON: half of a surrogate pair stands alone"),
        (
            "[" * 501 + "]" * 501,
            "Invalid JSON: arrays and objects are nested deeper than 500 levels",
        ),
    ],
)
def test_bad_json_is_explained(text: str, why: str) -> None:
    """The first thing that can't be is named in the words of AWS's parser."""
    assert complaint(text) == why


def test_explanations_are_short() -> None:
    """A long token is cut."""
    assert len(complaint("x" * 200_000)) < 500


def test_deep_nesting_is_no_trouble() -> None:
    """A hundred thousand open brackets end in a sentence."""
    assert complaint("[" * 100_000).startswith("Unexpected end-of-input")
