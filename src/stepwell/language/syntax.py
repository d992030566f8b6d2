"""Is this value a path, a reference path, an expression, a timestamp, and if not, why?

The checks ask here; what the text then does is for the modules that compile it.
"""

from __future__ import annotations

from typing import Final

from stepwell.language import templates, timestamps
from stepwell.language.paths import PathSyntaxError, compile_path
from stepwell.language.paths.syntax import Function, is_simple
from stepwell.values import JsonValue

INPUT: Final = "input"
VARIABLES: Final = "variables"
CONTEXT: Final = "context"
ALL_ROOTS: Final = (INPUT, VARIABLES, CONTEXT)
"""Where a path may begin: `$`, `$name`, `$$`."""


def path_problem(value: JsonValue) -> str | None:
    """Why this is no JSONPath on the input, the context object or a variable; None when it is."""
    if not isinstance(value, str):
        return "a path is a text"
    try:
        compile_path(value)
    except PathSyntaxError as error:
        return error.message
    return None


def reference_problem(text: str, roots: tuple[str, ...] = ALL_ROOTS) -> str | None:
    """Why this path does not name one single place; None when it does."""
    try:
        path = compile_path(text)
    except PathSyntaxError as error:
        return error.message
    root = {"$": INPUT, "$$": CONTEXT}.get(path.root, VARIABLES)
    if root not in roots:
        return f"this path begins with '$', not with {_ROOT_NAMES[root]}"
    # Functions are left alone: AWS takes their names for those of members.
    if all(is_simple(step) or isinstance(step.selector, Function) for step in path.steps):
        return None
    return "this path names one single place: no wildcards, filters, slices, lists and '..'"


_ROOT_NAMES = {INPUT: "the input", CONTEXT: "the context object", VARIABLES: "a variable"}


def not_a_reference(value: str) -> str:
    """AWS's sentence about a text that is no reference path."""
    if value.startswith("$"):
        return "Value is not a Reference Path"
    return "Value is not a Reference Path: Reference path didn't start with '$'"


def is_expression(value: JsonValue) -> bool:
    """Whether this is a JSONPath or a call of an intrinsic function."""
    return templates.expression_problem(value) is None


def is_timestamp(value: JsonValue) -> bool:
    """Whether this is an RFC 3339 timestamp as AWS takes it."""
    return isinstance(value, str) and timestamps.is_timestamp(value)
