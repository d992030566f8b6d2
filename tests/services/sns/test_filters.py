"""Filter policies: what they want, and what AWS says against those that cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.sns import message_attributes
from stepwell.services.sns.filters import ATTRIBUTES, BODY, check_filter, read_filter


def wants(policy: Any, attributes: dict[str, Any]) -> bool:
    """Whether a policy on attributes wants a message with them."""
    given = {}
    for name, value in attributes.items():
        if isinstance(value, str):
            given[name] = {"DataType": "String", "StringValue": value}
        elif isinstance(value, list):
            given[name] = {"DataType": "String.Array", "StringValue": json.dumps(value)}
        else:
            given[name] = {"DataType": "Number", "StringValue": str(value)}
    text = json.dumps(policy)
    check_filter(text, ATTRIBUTES)
    plain = message_attributes.plain(message_attributes.check(given))
    return read_filter(text, ATTRIBUTES).wants(plain, "")


def body_wants(policy: Any, body: Any) -> bool:
    """Whether a policy on the body wants it."""
    text = json.dumps(policy)
    check_filter(text, BODY)
    return read_filter(text, BODY).wants({}, body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("a", "a", "b"),
        ("1", "1", 1),
        (1, 1.0, "1"),
        ({"prefix": "ab"}, "abc", "cab"),
        ({"suffix": "ab"}, "cab", "abc"),
        ({"equals-ignore-case": "AbC"}, "aBc", "abcd"),
        ({"wildcard": "a*c"}, "abbc", "abb"),
        ({"wildcard": "a\\*c"}, "a*c", "abc"),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.7", "10.0.1.7"),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.255", "no address"),
        ({"numeric": ["=", 301.5]}, 301.5, 301.6),
        ({"numeric": [">", 0, "<=", 5]}, 5, 0),
        ({"numeric": [">=", -1]}, -1, "0"),
        ({"anything-but": ["a", "b"]}, "c", "a"),
        ({"anything-but": 5}, 6, 5),
        ({"anything-but": {"prefix": "a"}}, "b", "ab"),
        ({"anything-but": {"prefix": ["a", "b"]}}, "c", "bc"),
        ({"anything-but": {"suffix": ".png"}}, "x.gif", "x.png"),
        ({"anything-but": {"wildcard": "*x*"}}, "abc", "axc"),
        ("b", ["a", "b"], ["a", "c"]),
        ({"anything-but": ["a", "b"]}, ["a", "c"], ["a", "b"]),
        ({"numeric": ["<", 3]}, [5, 1], [5, 4]),
        ({"exists": True}, "a", None),
    ],
)
def test_conditions(condition: Any, yes: Any, no: Any) -> None:
    """Each kind of condition takes what it should and nothing else."""
    assert wants({"k": [condition]}, {"k": yes})
    assert not wants({"k": [condition]}, {} if no is None else {"k": no})


def test_absent() -> None:
    """Only `exists: false` holds where there is nothing, and never where there is."""
    assert wants({"k": [{"exists": False}]}, {"other": "x"})
    assert not wants({"k": [{"exists": False}]}, {"k": "x"})
    assert not wants({"k": [{"anything-but": "x"}]}, {})


def test_all_keys_and_one_value_each() -> None:
    """Keys are joined by and, the values of a key by or."""
    policy = {"a": ["1", "2"], "b": ["3"]}
    assert wants(policy, {"a": "2", "b": "3", "c": "4"})
    assert not wants(policy, {"a": "2"})


def test_or() -> None:
    """`$or` before two objects joins them; before anything else it is a name."""
    policy = {"s": ["x"], "$or": [{"a": ["1"]}, {"b": [{"prefix": "2"}]}]}
    assert wants(policy, {"s": "x", "b": "23"})
    assert not wants(policy, {"s": "x", "b": "3"})
    assert not wants(policy, {"a": "1"})
    assert wants({"$or": ["x", "y"]}, {"b": "1"} | {"$or".replace("$", "a"): "x"}) is False


def test_bodies() -> None:
    """Nested keys match nested members; objects in arrays match as a whole."""
    policy = {"store": ["x"], "item": {"kind": ["a"], "price": [{"numeric": [">", 5]}]}}
    assert body_wants(policy, {"store": "x", "item": {"kind": "a", "price": 6}})
    assert not body_wants(policy, {"store": "x", "item": {"kind": "a", "price": 5}})
    one = {"kind": "a", "price": 1}
    assert not body_wants(policy, {"store": "x", "item": [one, {"kind": "b", "price": 9}]})
    assert body_wants(policy, {"store": "x", "item": [one, {"kind": "a", "price": 9}]})
    assert body_wants({"a": [None, True]}, {"a": True})
    assert not body_wants({"a": [True]}, {"a": 1})


def test_bodies_that_are_no_objects() -> None:
    """A body that is no JSON object is wanted by no policy on bodies."""
    assert not body_wants({"a": ["x"]}, "text")
    assert not body_wants({"a": [{"exists": False}]}, "[1]")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("x", "failed to parse JSON."),
        ("[]", "Filter is not an object"),
        ('{"a":1}', '"a" must be an object or an array'),
        ('{"a":[]}', "Empty arrays are not allowed"),
        ('{"a":[["x"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a":[{"foo":1}]}', "Unrecognized match type foo"),
        ('{"a":[{}]}', "Only one key allowed in match expression"),
        ('{"a":[{"prefix":"a","suffix":"b"}]}', "Only one key allowed in match expression"),
        ('{"a":[{"prefix":1}]}', "prefix match pattern must be a string"),
        ('{"a":[{"exists":"x"}]}', "exists match pattern must be either true or false."),
        ('{"a":[{"numeric":[]}]}', "Invalid member in numeric match: ]"),
        ('{"a":[{"numeric":["<"]}]}', "Value of < must be numeric"),
        ('{"a":[{"numeric":["x",5]}]}', "Unrecognized numeric range operator: x"),
        ('{"a":[{"numeric":[">",5,"<",2]}]}', "Bottom must be less than top"),
        ('{"a":[{"numeric":["=",1,"<",2]}]}', "Too many elements in numeric expression"),
        ('{"a":[{"cidr":"1.2.3.4/99"}]}', "Malformed CIDR, one '/' required: 1.2.3.4/99"),
        ('{"a":[{"anything-but":{"foo":"b"}}]}', "Unsupported anything-but pattern: foo"),
    ],
)
def test_policies_that_cannot_be(policy: str, message: str) -> None:
    """AWS's sentence for each."""
    with pytest.raises(ServiceError) as refused:
        check_filter(policy, BODY)
    assert refused.value.code == "InvalidParameter"
    assert refused.value.message == f"Invalid parameter: FilterPolicy: {message}"


def test_limits() -> None:
    """Five keys, 150 combinations, nothing nested on attributes."""
    with pytest.raises(ServiceError, match="can not have more than 5 keys"):
        check_filter(json.dumps({name: ["x"] for name in "abcdef"}), ATTRIBUTES)
    values = [str(n) for n in range(10)]
    with pytest.raises(ServiceError, match="too complex"):
        check_filter(json.dumps({"a": values, "b": values, "c": values[:2]}), ATTRIBUTES)
    check_filter(json.dumps({"a": values, "b": values}), ATTRIBUTES)
    with pytest.raises(ServiceError, match="does not support nested filter policy"):
        check_filter('{"a":{"b":["c"]}}', ATTRIBUTES)
