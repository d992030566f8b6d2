"""What AWS only warns of: values that look like paths where nothing evaluates them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepwell.language.findings import Findings
from stepwell.values import JsonObject, JsonValue

_PATH_LIKE = re.compile(r"\$\$?[.\[]")
_EXPRESSION_LIKE = re.compile(r"\$\$?[.\[]|States\.\w+\(")
_NAMES = frozenset({"Comment", "Next", "Variable"})


def warn_of_static_result(findings: Findings, result: JsonValue, location: str) -> None:
    """A Result is copied as it is, also where it looks like a template."""
    if any(name.endswith(".$") for name, _ in _members(result)):
        message = "Result is static: a field that ends in '.$' is copied, not evaluated"
        findings.warning("PASS_RESULT_IS_STATIC", message, location)


def warn_of_missing_mark(findings: Findings, template: JsonValue, location: str) -> None:
    """A path or function in a template is only evaluated when the field's name ends in `.$`."""
    for name, value in _members(template):
        if isinstance(value, str) and not name.endswith(".$") and _EXPRESSION_LIKE.match(value):
            message = (
                f"The value of '{name}' looks like a path or a function: did you mean '{name}.$'?"
            )
            findings.warning("NO_DOLLAR", message, location)


def warn_of_missing_path(findings: Findings, value: JsonObject, location: str) -> None:
    """A path is only followed when the field's name ends in `Path`."""
    for name, member in _members(value):
        path_like = isinstance(member, str) and _PATH_LIKE.match(member)
        if path_like and not name.endswith("Path") and name not in _NAMES:
            message = f"The value of '{name}' looks like a path: did you mean '{name}Path'?"
            findings.warning("NO_PATH", message, location)


def _members(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """The members of all objects within a value, in their order."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from _members(member)
    elif isinstance(value, list):
        for element in value:
            yield from _members(element)
