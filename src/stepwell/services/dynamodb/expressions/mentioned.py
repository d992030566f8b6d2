"""Which attributes a condition looks at."""

from __future__ import annotations

from stepwell.services.dynamodb.expressions.tree import (
    At,
    Between,
    Both,
    Comparison,
    Condition,
    Either,
    Exists,
    Not,
    OneOf,
    Operand,
    Predicate,
    Size,
)


def attributes_of(condition: Condition | None) -> set[str]:
    """The names of top-level attributes."""
    match condition:
        case Both(conditions) | Either(conditions):
            return set().union(*map(attributes_of, conditions))
        case Not(inner):
            return attributes_of(inner)
        case Comparison(_, left, right):
            return _named(left, right)
        case Between(operand, low, high):
            return _named(operand, low, high)
        case OneOf(operand, options):
            return _named(operand, *options)
        case Predicate(_, operand, argument):
            return _named(operand, argument)
        case Exists(path):
            return {str(path[0])}
    return set()


def _named(*operands: Operand) -> set[str]:
    names: set[str] = set()
    for operand in operands:
        if isinstance(operand, Size):
            names |= _named(operand.of)
        elif isinstance(operand, At):
            names.add(str(operand.path[0]))
    return names
