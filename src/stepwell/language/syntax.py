"""Yes or no: is this value a path, a reference path, an expression, a timestamp?

The checks ask here; what the text then does is for the modules that compile it.
"""

from __future__ import annotations

from stepwell.language import templates, timestamps
from stepwell.language.paths import PathSyntaxError, compile_path, compile_reference_path
from stepwell.values import JsonValue


def is_path(value: JsonValue) -> bool:
    """Whether this is a JSONPath on the input, the context object or a variable."""
    if not isinstance(value, str):
        return False
    try:
        compile_path(value)
    except PathSyntaxError:
        return False
    return True


def is_reference_path(value: JsonValue) -> bool:
    """Whether this names one single place of the input."""
    if not isinstance(value, str):
        return False
    try:
        compile_reference_path(value)
    except PathSyntaxError:
        return False
    return True


def is_expression(value: JsonValue) -> bool:
    """Whether this is a JSONPath or a call of an intrinsic function."""
    return templates.expression_problem(value) is None


def is_timestamp(value: JsonValue) -> bool:
    """Whether this is an RFC 3339 timestamp as AWS takes it."""
    return isinstance(value, str) and timestamps.is_timestamp(value)
