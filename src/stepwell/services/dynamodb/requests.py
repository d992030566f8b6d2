"""What operations on items have in common: reading their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.dynamodb import legacy
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.conditions import parse_condition
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import parse_projection
from stepwell.services.dynamodb.expressions.tree import Condition, Path

_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_PLAIN = (
    "AttributesToGet",
    "AttributeUpdates",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
)


def check_one_style(params: Mapping[str, Any]) -> None:
    """Refuse expressions together with the parameters from before them."""
    plain = [name for name in _PLAIN if params.get(name) is not None]
    if not plain:
        return
    expressions = [name for name in _EXPRESSIONS if params.get(name) is not None]
    if expressions:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request:"
            f" Non-expression parameters: {{{', '.join(plain)}}}"
            f" Expression parameters: {{{', '.join(expressions)}}}"
        )


def condition_of(params: Mapping[str, Any], placeholders: Placeholders) -> Condition | None:
    """The condition of a write, in either style."""
    text = params.get("ConditionExpression")
    if text is not None:
        return parse_condition(text, "ConditionExpression", placeholders)
    return legacy.expected(params)


def projection_of(params: Mapping[str, Any], placeholders: Placeholders) -> list[Path] | None:
    """The paths a read wants, in either style; None for all."""
    text = params.get("ProjectionExpression")
    if text is not None:
        return parse_projection(text, placeholders)
    names = params.get("AttributesToGet")
    if names is None:
        return None
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(
            f"One or more parameter values were invalid: Duplicate value in attribute name: {twice}"
        )
    return [(name,) for name in names]
