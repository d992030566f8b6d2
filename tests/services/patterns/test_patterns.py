"""The language of event patterns: what matches, what does not, and what is refused with which
reason. The cases follow AWS's documentation of event patterns."""

from __future__ import annotations

import pytest

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.pattern import compile_pattern
from stepwell.values import JsonValue

_EVENT: JsonValue = {
    "version": "0",
    "detail-type": "Order Placed",
    "source": "com.shop",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "state": "Running",
        "count": 5,
        "price": 10.5,
        "zero": 0,
        "ok": True,
        "nothing": None,
        "empty": "",
        "list": [],
        "tags": ["a", "b", ["c"]],
        "ip": "10.0.1.7",
        "ip6": "2001:db8::7",
        "path": "dir/file*.png",
        "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}, {"other": {"deep": 3}}],
    },
}


def _matches(detail: JsonValue) -> bool:
    return compile_pattern({"detail": detail})(_EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["com.shop"]},
        {"source": ["other", "com.shop"], "detail-type": ["Order Placed"]},
        {"resources": ["arn:two", "arn:three"]},
        {"source": [{"prefix": "com."}]},
        {"source": [{"prefix": {"equals-ignore-case": "COM."}}]},
        {"source": [{"suffix": "shop"}]},
        {"source": [{"suffix": {"equals-ignore-case": "SHOP"}}]},
        {"source": [{"equals-ignore-case": "COM.SHOP"}]},
        {"source": [{"exactly": "com.shop"}]},
        {"region": [{"exists": False}]},
        {"$or": [{"source": ["nobody"]}, {"detail-type": ["Order Placed"]}]},
    ],
)
def test_matches(pattern: JsonValue) -> None:
    """A pattern whose every field is wanted matches."""
    assert compile_pattern(pattern)(_EVENT)


@pytest.mark.parametrize(
    "detail",
    [
        {"count": [5]},
        {"count": [5.0]},
        {"price": [10.5]},
        {"ok": [True]},
        {"nothing": [None]},
        {"empty": [""]},
        {"tags": ["c"]},
        {"tags": ["z", "b"]},
        {"tags": [{"anything-but": "a"}]},
        {"state": [{"anything-but": "Stopped"}]},
        {"state": [{"anything-but": ["Stopped", "Failed"]}]},
        {"state": [{"anything-but": {"prefix": "Stop"}}]},
        {"state": [{"anything-but": {"prefix": ["Stop", "Fail"]}}]},
        {"state": [{"anything-but": {"suffix": "ed"}}]},
        {"state": [{"anything-but": {"wildcard": "*top*"}}]},
        {"state": [{"anything-but": {"equals-ignore-case": ["STOPPED", "failed"]}}]},
        {"count": [{"anything-but": [1, 2]}]},
        {"count": [{"anything-but": "5"}]},
        {"count": [{"numeric": [">", 0, "<=", 5]}]},
        {"count": [{"numeric": ["=", 5]}]},
        {"price": [{"numeric": ["<", 10.6]}]},
        {"zero": [{"numeric": [">=", 0]}]},
        {"ip": [{"cidr": "10.0.0.0/16"}]},
        {"ip6": [{"cidr": "2001:db8::/32"}]},
        {"path": [{"wildcard": "dir/*.png"}]},
        {"path": [{"wildcard": "dir/file\\*.png"}]},
        {"path": [{"wildcard": "*"}]},
        {"path": [{"wildcard": "*file*p*"}]},
        {"state": [{"exists": True}]},
        {"nothing": [{"exists": True}]},
        {"absent": [{"exists": False}]},
        {"list": [{"exists": False}]},
        {"items": [{"exists": False}]},
        {"absent": ["x", {"exists": False}]},
        {"absent": {"deeper": [{"exists": False}]}},
        {"items": {"sku": ["y"], "n": [2]}},
        {"items": {"other": {"deep": [3]}}},
        {"$or": [{"state": ["x"]}, {"count": [{"numeric": [">", 4]}]}], "ok": [True]},
        {"$or": [{"$or": [{"state": ["x"]}, {"count": [5]}]}, {"ok": [False]}]},
    ],
)
def test_matches_detail(detail: JsonValue) -> None:
    """Every kind of match expression matches what it describes."""
    assert _matches(detail)


@pytest.mark.parametrize(
    "detail",
    [
        {"count": ["5"]},
        {"zero": [False]},
        {"ok": [1]},
        {"ok": ["true"]},
        {"nothing": [""]},
        {"empty": [None]},
        {"state": ["running"]},
        {"state": [{"prefix": "run"}]},
        {"state": [{"anything-but": ["Running"]}]},
        {"state": [{"anything-but": {"prefix": "Run"}}]},
        {"state": [{"anything-but": {"equals-ignore-case": "RUNNING"}}]},
        {"state": [{"anything-but": {"wildcard": "R*g"}}]},
        {"count": [{"anything-but": 5}]},
        {"absent": [{"anything-but": "x"}]},
        {"ok": [{"numeric": [">", 0]}]},
        {"count": [{"numeric": [">", 5]}]},
        {"count": [{"numeric": [">", 0, "<", 5]}]},
        {"state": [{"numeric": [">", 0]}]},
        {"ip": [{"cidr": "10.0.0.0/24"}]},
        {"ip": [{"cidr": "2001:db8::/32"}]},
        {"state": [{"cidr": "10.0.0.0/24"}]},
        {"path": [{"wildcard": "dir/\\*.png"}]},
        {"path": [{"wildcard": "file*"}]},
        {"path": [{"wildcard": "dir/file*.pngdir*"}]},
        {"count": [{"wildcard": "*"}]},
        {"state": [{"exists": False}]},
        {"absent": [{"exists": True}]},
        {"list": [{"exists": True}]},
        {"items": [{"exists": True}]},
        {"items": {"sku": ["x"], "n": [2]}},
        {"items": {"sku": ["x"], "n": [{"exists": False}]}},
        {"items": {"other": {"deep": [{"exists": False}]}}},
        {"state": {"deeper": ["x"]}},
        {"$or": [{"state": ["x"]}, {"count": [6]}]},
        {"$or": [{"state": ["Running"]}, {"count": [5]}], "ok": [False]},
    ],
)
def test_does_not_match_detail(detail: JsonValue) -> None:
    """Types count, case counts, absence counts, and fields below an array stay together."""
    assert not _matches(detail)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("text", "Filter is not an object"),
        ([], "Filter is not an object"),
        ({}, "Empty objects are not allowed"),
        ({"a": {}}, "Empty objects are not allowed"),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": "x"}, '"a" must be an object or an array'),
        ({"a": [["x"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{}]}, "Match expression name not found"),
        ({"a": [{"like": "x"}]}, "Unrecognized match type like"),
        ({"a": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"a": [{"prefix": {"suffix": "x"}}]}, "Unsupported prefix pattern: suffix"),
        ({"a": [{"prefix": {}}]}, "Prefix expression name not found"),
        ({"a": [{"suffix": None}]}, "suffix match pattern must be a string"),
        ({"a": [{"suffix": "x", "prefix": "y"}]}, "Only one key allowed in match expression"),
        ({"a": [{"equals-ignore-case": 1}]}, "equals-ignore-case match pattern must be a string"),
        ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"wildcard": ["x"]}]}, "wildcard match pattern must be a string"),
        ({"a": [{"wildcard": "x**"}]}, "Consecutive wildcard characters at pos 2"),
        ({"a": [{"wildcard": "\\x"}]}, "Invalid escape character at pos 1"),
        ({"a": [{"numeric": 5}]}, "Value of numeric must be an array."),
        ({"a": [{"numeric": [5]}]}, "Invalid member in numeric match: 5"),
        ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": ["=="]}]}, "Unrecognized numeric range operator: =="),
        ({"a": [{"numeric": ["=", "5"]}]}, "Value of equals must be numeric"),
        ({"a": [{"numeric": [">"]}]}, "Value of > must be numeric"),
        ({"a": [{"numeric": ["<", 1, ">", 0]}]}, "Too many elements in numeric expression"),
        ({"a": [{"numeric": [">", 1, 2]}]}, "Bad value in numeric range: 2"),
        ({"a": [{"numeric": [">", 1, ">", 2]}]}, "Bad numeric range operator: >"),
        ({"a": [{"numeric": [">", 1, "<", True]}]}, "Value of < must be numeric"),
        ({"a": [{"numeric": [">", 1, "<", 2, 3]}]}, "Too many terms in numeric range expression"),
        ({"a": [{"numeric": [">", 2, "<", 1]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": [">", 6e9]}]}, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"a": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"a": [{"cidr": "10.0.0.0/-1"}]}, "Malformed CIDR, mask bits must not be negative"),
        ({"a": [{"cidr": "10.0.0.0/32"}]}, "IPv4 mask bits must be < 32"),
        ({"a": [{"cidr": "::1/128"}]}, "IPv6 mask bits must be < 128"),
        ({"a": [{"cidr": "somewhere/8"}]}, "Nonstandard IP address: somewhere"),
        (
            {"a": [{"anything-but": None}]},
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            {"a": [{"anything-but": [None]}]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            {"a": [{"anything-but": ["x", 1]}]},
            "Inside anything but list, either all values are number or string,"
            " mixed type is not supported",
        ),
        (
            {"a": [{"anything-but": []}]},
            "Inside anything but list, either all values are number or string,"
            " mixed type is not supported",
        ),
        ({"a": [{"anything-but": {"numeric": 1}}]}, "Unsupported anything-but pattern: numeric"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
        (
            {"a": [{"anything-but": {"suffix": [1]}}]},
            "prefix/suffix match pattern must be a string",
        ),
        ({"$or": {"a": ["x"]}}, "It must be an Array followed with $or."),
        ({"$or": [{"a": ["x"]}]}, "There must have at least 2 Objects in $or relationship."),
        (
            {"$or": ["x", "y"]},
            "Only JSON object is allowed in array of $or relationship.",
        ),
        (
            {"$or": [{"prefix": ["x"]}, {"a": ["y"]}]},
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
        ),
    ],
)
def test_refuses(pattern: JsonValue, reason: str) -> None:
    """What is no pattern is refused with the reason AWS's engine gives."""
    with pytest.raises(InvalidPattern) as refused:
        compile_pattern(pattern)
    assert str(refused.value) == f"Event pattern is not valid. Reason: {reason}"


def test_too_deep_patterns_are_refused() -> None:
    """Nobody can make matching run out of stack."""
    pattern: JsonValue = ["x"]
    for _ in range(300):
        pattern = {"a": pattern}
    with pytest.raises(InvalidPattern, match="nested deeper"):
        compile_pattern(pattern)


def test_too_many_combinations_are_refused() -> None:
    """The branches of several `$or` multiply, and have a bound."""
    branches: JsonValue = [{"a": [n]} for n in range(32)]
    deep: JsonValue = {"x": {"$or": branches}, "y": {"$or": branches}}
    with pytest.raises(InvalidPattern, match="too complex"):
        compile_pattern(deep)
