"""Filter policies: which messages a subscription wants.

A policy is read once into a `Filter` (and remembered by its text), so that a publish only matches.
Every key of an object must match; of the conditions of a key one must. Objects in arrays match as
a whole, as AWS's rule engine has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias, cast

from stepwell.errors import ServiceError
from stepwell.services.sns import filter_conditions
from stepwell.services.sns.errors import invalid_parameter
from stepwell.services.sns.filter_conditions import BadPolicy, Condition
from stepwell.services.sns.limits import (
    FILTER_BYTES_MAX,
    FILTER_COMBINATIONS_MAX,
    FILTER_KEYS_MAX,
)
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload

ATTRIBUTES = "MessageAttributes"
BODY = "MessageBody"

_Rule: TypeAlias = Callable[[Mapping[str, JsonValue]], bool]
_RESERVED = frozenset(
    {
        "anything-but",
        "cidr",
        "equals-ignore-case",
        "exists",
        "numeric",
        "prefix",
        "suffix",
        "wildcard",
    }
)
_CACHED = 4_096


class Filter:
    """A policy that was read."""

    __slots__ = ("_rule", "scope")

    def __init__(self, policy: JsonObject, scope: str) -> None:
        self.scope = scope
        self._rule = _object(policy, nested=scope == BODY)

    def wants(self, attributes: Mapping[str, JsonValue], message: str) -> bool:
        """Whether such a message is for the subscription.

        `attributes` are those of the message as plain values (see `message_attributes.plain`).
        """
        if self.scope == ATTRIBUTES:
            return self._rule(attributes)
        try:
            body = decode_payload(message)
        except BadJson:
            return False
        return isinstance(body, dict) and self._rule(body)


@lru_cache(maxsize=_CACHED)
def read_filter(text: str, scope: str) -> Filter:
    """The filter of a policy that was checked before."""
    return Filter(cast(JsonObject, decode_payload(text)), scope)


def check_filter(text: str, scope: str, *, subscribing: bool = False) -> None:
    """Raises InvalidParameter or FilterPolicyLimitExceeded as AWS does."""
    start = "Attributes Reason: " if subscribing else ""
    if len(text) > FILTER_BYTES_MAX:
        raise invalid_parameter(f"{start}FilterPolicy: Filter policy is too large")
    try:
        policy = decode_payload(text)
    except BadJson:
        raise invalid_parameter(f"{start}FilterPolicy: failed to parse JSON.") from None
    if not isinstance(policy, dict):
        raise invalid_parameter(f"{start}FilterPolicy: Filter is not an object")
    if scope == ATTRIBUTES and any(isinstance(value, dict) for value in policy.values()):
        raise invalid_parameter(
            f"{start}Filter policy scope MessageAttributes does not support nested filter policy"
        )
    try:
        Filter(policy, scope)
        _check_size(policy)
    except BadPolicy as trouble:
        raise invalid_parameter(f"{start}FilterPolicy: {trouble}") from None


def _check_size(policy: JsonObject) -> None:
    keys = _count_keys(policy)
    if keys > FILTER_KEYS_MAX:
        raise ServiceError(
            "InvalidParameter",
            "Invalid parameter: FilterPolicy: Filter policy can not have more than "
            f"{FILTER_KEYS_MAX} keys",
        )
    if _combinations(policy, 1) > FILTER_COMBINATIONS_MAX:
        raise BadPolicy("Filter policy is too complex")


def _count_keys(policy: JsonObject) -> int:
    total = 0
    for key, value in policy.items():
        if isinstance(value, dict):
            total += _count_keys(value)
        elif _is_or(key, value):
            total += sum(
                _count_keys(cast(JsonObject, each)) for each in cast(list[JsonValue], value)
            )
        else:
            total += 1
    return total


def _combinations(policy: JsonObject, depth: int) -> int:
    """AWS's measure: for each key the number of its values times its depth, multiplied."""
    product = 1
    for key, value in policy.items():
        if isinstance(value, dict):
            product *= _combinations(value, depth + 1)
        elif _is_or(key, value):
            product *= sum(
                _combinations(cast(JsonObject, each), depth)
                for each in cast(list[JsonValue], value)
            )
        elif isinstance(value, list):
            product *= max(1, len(value)) * depth
    return product


def _is_or(key: str, value: JsonValue) -> bool:
    """`$or` is a key like any other unless it stands before two or more objects."""
    if key != "$or" or not isinstance(value, list) or len(value) < 2:
        return False
    return all(isinstance(each, dict) and not _RESERVED & each.keys() for each in value)


def _object(policy: JsonObject, *, nested: bool) -> _Rule:
    rules = [_member(key, value, nested=nested) for key, value in policy.items()]
    return lambda message: all(rule(message) for rule in rules)


def _member(key: str, value: JsonValue, *, nested: bool) -> _Rule:
    if _is_or(key, value):
        ways = [
            _object(cast(JsonObject, each), nested=nested) for each in cast(list[JsonValue], value)
        ]
        return lambda message: any(way(message) for way in ways)
    if isinstance(value, dict):
        if not value:
            raise BadPolicy("Empty objects are not allowed")
        return _inner(key, _object(value, nested=nested))
    if not isinstance(value, list):
        raise BadPolicy(f'"{key}" must be an object or an array')
    if not value:
        raise BadPolicy("Empty arrays are not allowed")
    return _leaf(key, [filter_conditions.read(each) for each in value])


def _inner(key: str, rule: _Rule) -> _Rule:
    def test(message: Mapping[str, JsonValue]) -> bool:
        found = message.get(key)
        if isinstance(found, list):
            return any(isinstance(each, dict) and rule(each) for each in found)
        return rule(found if isinstance(found, dict) else {})

    return test


def _leaf(key: str, conditions: list[Condition]) -> _Rule:
    if_absent = any(condition.if_absent for condition in conditions)

    def test(message: Mapping[str, JsonValue]) -> bool:
        leaves = _leaves(message[key]) if key in message else []
        if not leaves:
            return if_absent
        return any(condition.test(leaf) for condition in conditions for leaf in leaves)

    return test


def _leaves(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return []
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]
