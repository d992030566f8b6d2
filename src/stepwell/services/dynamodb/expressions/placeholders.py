"""ExpressionAttributeNames and -Values: checked, looked up, and all of them to be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.dynamodb.attribute_values import AttributeValue, checked
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.tokens import Tokens

_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")


class Placeholders:
    """The names and values of one request."""

    def __init__(self, names: Mapping[str, str] | None, values: Mapping[str, Any] | None) -> None:
        self._names = names or {}
        self._values = _checked_values(values)
        self._unused_names = set(self._names)
        self._unused_values = set(self._values)
        _check_names(names)

    @classmethod
    def of(cls, params: Mapping[str, Any], *expressions: str) -> Placeholders:
        """Those of a request that has one of these expressions, else there may be none."""
        names = params.get("ExpressionAttributeNames")
        values = params.get("ExpressionAttributeValues")
        if names is None and values is None:
            return cls(None, None)
        given = [name for name in expressions if params.get(name) is not None]
        if names is not None and not given:
            raise invalid("ExpressionAttributeNames can only be specified when using expressions")
        takes = [name for name in expressions if name != "ProjectionExpression"]
        if values is not None and not [name for name in given if name in takes]:
            verb = "are" if len(takes) > 1 else "is"
            raise invalid(
                "ExpressionAttributeValues can only be specified when using expressions: "
                f"{' and '.join(takes)} {verb} null"
            )
        return cls(names, values)

    def name(self, token: str, tokens: Tokens) -> str:
        """What a `#name` stands for."""
        name = self._names.get(token)
        if name is None:
            raise tokens.error(
                "An expression attribute name used in the document path is not defined;"
                f" attribute name: {token}"
            )
        self._unused_names.discard(token)
        return name

    def value(self, token: str, tokens: Tokens) -> AttributeValue:
        """What a `:value` stands for."""
        value = self._values.get(token)
        if value is None:
            raise tokens.error(
                "An expression attribute value used in expression is not defined;"
                f" attribute value: {token}"
            )
        self._unused_values.discard(token)
        return value

    def all_used(self) -> None:
        """Refuse the request if one was never used."""
        if self._unused_names:
            raise invalid(_unused("Names", self._unused_names))
        if self._unused_values:
            raise invalid(_unused("Values", self._unused_values))


def _unused(kind: str, keys: set[str]) -> str:
    shown = ", ".join(sorted(keys))
    return f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{shown}}}"


def _check_names(names: Mapping[str, str] | None) -> None:
    if names is None:
        return
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    for key, name in names.items():
        if _NAME.fullmatch(key) is None:
            raise invalid(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"'
            )
        if not name:
            raise invalid(
                "ExpressionAttributeNames contains invalid value: Attribute name must not be"
                f" empty for key {key}"
            )


def _checked_values(values: Mapping[str, Any] | None) -> dict[str, AttributeValue]:
    if values is None:
        return {}
    if not values:
        raise invalid("ExpressionAttributeValues must not be empty")
    good: dict[str, AttributeValue] = {}
    for key, value in values.items():
        if _VALUE.fullmatch(key) is None:
            raise invalid(
                f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"'
            )
        try:
            good[key] = checked(value)
        except ServiceError as error:
            raise invalid(
                f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}"
            ) from error
    return good
