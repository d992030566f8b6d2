"""The model's constraints: required, min, max, pattern, enum.

Compiled once per shape into closures; a shape with nothing to check compiles to None, so that it
costs nothing. All violations are told at once, in AWS's words:

    1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint:
    Member must have value less than or equal to 1000

Values of sensitive members are left out of the text, as AWS does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from stepwell.models.service_model import Ref, ServiceModel, Shape

VIOLATIONS_MAX = 20
"""How many violations are looked for in lists, and told."""

Check: TypeAlias = Callable[[Any, str, "list[str]"], None]
"""Appends what is wrong with the value at that path."""

ENUM_ORDERS = {
    "ComparisonOperator": "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE,"
    " BEGINS_WITH, GE, CONTAINS",
    "ConditionalOperator": "OR, AND",
    "ReturnConsumedCapacity": "INDEXES, TOTAL, NONE",
    "ReturnItemCollectionMetrics": "SIZE, NONE",
    "ReturnValue": "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW",
    "ScalarAttributeType": "B, N, S",
    "Select": "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES",
    "ExecutionStatus": "SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING",
}
"""AWS prints some enums in an order of its own; the first ones are DynamoDB's, the last one is
recorded. Other services have enums of the same names."""


def compile_check(model: ServiceModel, ref: Ref | None) -> Check | None:
    """The check of that payload, or None when it has no constraints."""
    return None if ref is None else _Compiler(model).check(ref)


def message(violations: list[str]) -> str:
    """AWS's sentence for a list of violations."""
    told = violations[:VIOLATIONS_MAX]
    count = len(told)
    plural = "" if count == 1 else "s"
    return f"{count} validation error{plural} detected: {'; '.join(told)}"


def _violation(value: object, path: str, sensitive: bool, rule: str) -> str:
    shown = "Value" if sensitive else f"Value '{_shown(value)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: Member must {rule}"


def _missing(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    return str(value)


def _field(name: str) -> str:
    """A member's name as violations spell it: with a small first letter."""
    return name[:1].lower() + name[1:]


class _Compiler:
    """Compiles the shapes of one model; remembers what is done, so that recursion ends."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.done: dict[str, Check | None] = {}
        self.open: set[str] = set()

    def check(self, ref: Ref) -> Check | None:
        """The check of one use of a shape."""
        name = ref.shape
        if name in self.done:
            return self.done[name]
        if name in self.open:
            return self._later(name)
        self.open.add(name)
        shape = self.model.shapes[name]
        made = {"structure": self._structure, "list": self._list, "map": self._map}.get(
            shape.type, _scalar
        )(shape)
        self.open.discard(name)
        self.done[name] = made
        return made

    def _later(self, name: str) -> Check:
        def check(value: Any, path: str, violations: list[str]) -> None:
            made = self.done[name]
            if made is not None:
                made(value, path, violations)

        return check

    def _structure(self, shape: Shape) -> Check | None:
        required = tuple((name, _field(name)) for name in shape.required)
        checks = {}
        for name, ref in shape.members.items():
            made = self.check(ref)
            if made is not None:
                checks[name] = (_field(name), made)
        if not required and not checks:
            return None

        def check(value: Any, path: str, violations: list[str]) -> None:
            start = f"{path}." if path else ""
            for name, field in required:
                if name not in value:
                    violations.append(_missing(start + field))
            for name, item in value.items():
                known = checks.get(name)
                if known is not None:
                    known[1](item, start + known[0], violations)

        return check

    def _list(self, shape: Shape) -> Check | None:
        assert shape.item is not None
        length = _size_check(shape)
        inner = self.check(shape.item)
        if length is None and inner is None:
            return None

        def check(value: Any, path: str, violations: list[str]) -> None:
            if length is not None:
                length(value, path, violations)
            if inner is not None:
                for number, item in enumerate(value, 1):
                    if len(violations) >= VIOLATIONS_MAX:
                        return
                    inner(item, f"{path}.{number}.member", violations)

        return check

    def _map(self, shape: Shape) -> Check | None:
        assert shape.value is not None
        length = _size_check(shape)
        inner = self.check(shape.value)
        if length is None and inner is None:
            return None

        def check(value: Any, path: str, violations: list[str]) -> None:
            if length is not None:
                length(value, path, violations)
            if inner is not None:
                for key, item in value.items():
                    if len(violations) >= VIOLATIONS_MAX:
                        return
                    inner(item, f"{path}.{key}.member", violations)

        return check


def _scalar(shape: Shape) -> Check | None:
    if shape.type == "string":
        return _text_check(shape)
    if shape.type in ("integer", "long", "float", "double"):
        return _number_check(shape)
    return _size_check(shape) if shape.type == "blob" else None


def _text_check(shape: Shape) -> Check | None:
    traits = shape.traits
    if not traits.keys() & {"min", "max", "pattern", "enum"}:
        return None
    low, high = traits.get("min", 0), traits.get("max", _UNBOUNDED)
    pattern, allowed = traits.get("pattern"), frozenset(traits.get("enum", ()))
    compiled = None if pattern is None else _compiled(pattern)
    matches = None if compiled is None else compiled.fullmatch
    sensitive = "sensitive" in traits

    def tell(value: str, path: str, violations: list[str]) -> None:
        length = _java_length(value)
        if length < low:
            violations.append(_violation(value, path, sensitive, _AT_LEAST.format(low)))
        if length > high:
            violations.append(_violation(value, path, sensitive, _AT_MOST.format(high)))
        if matches is not None and matches(value) is None:
            rule = f"satisfy regular expression pattern: {pattern}"
            violations.append(_violation(value, path, sensitive, rule))
        if allowed and value not in allowed:
            violations.append(_violation(value, path, sensitive, _enum_rule(shape)))

    def check(value: Any, path: str, violations: list[str]) -> None:
        if low <= _java_length(value) <= high:
            if allowed and value in allowed:
                return
            if not allowed and (matches is None or matches(value) is not None):
                return
        tell(value, path, violations)

    return check


def _enum_rule(shape: Shape) -> str:
    order = ENUM_ORDERS.get(shape.name, "")
    if set(order.split(", ")) != set(shape.traits["enum"]):
        order = ", ".join(shape.traits["enum"])
    return f"satisfy enum value set: [{order}]"


def _number_check(shape: Shape) -> Check | None:
    traits = shape.traits
    if not traits.keys() & {"min", "max"}:
        return None
    low, high = traits.get("min", -_UNBOUNDED), traits.get("max", _UNBOUNDED)
    sensitive = "sensitive" in traits

    def check(value: Any, path: str, violations: list[str]) -> None:
        if value < low:
            rule = f"have value greater than or equal to {low}"
            violations.append(_violation(value, path, sensitive, rule))
        elif value > high:
            rule = f"have value less than or equal to {high}"
            violations.append(_violation(value, path, sensitive, rule))

    return check


def _size_check(shape: Shape) -> Check | None:
    traits = shape.traits
    if not traits.keys() & {"min", "max"}:
        return None
    low, high = traits.get("min", 0), traits.get("max", _UNBOUNDED)
    sensitive = "sensitive" in traits or shape.type == "blob"

    def check(value: Any, path: str, violations: list[str]) -> None:
        if len(value) < low:
            violations.append(_violation(value, path, sensitive, _AT_LEAST.format(low)))
        elif len(value) > high:
            violations.append(_violation(value, path, sensitive, _AT_MOST.format(high)))

    return check


_UNBOUNDED = float("inf")
_AT_LEAST = "have length greater than or equal to {}"
_AT_MOST = "have length less than or equal to {}"


def _java_length(text: str) -> int:
    """The length AWS counts: UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_JAVA_CLASSES = {
    r"\p{Print}": r"\x20-\x7e",
    r"\p{P}": r"!-/:-@\[-`{-~\xa1-\xbf\u2010-\u2027\u2030-\u205e\u3001-\u3003",
    r"\p{M}": r"\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff",
    r"\p{ASCII}": r"\x00-\x7f",
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{IsSpace}": r"\s",
}
r"""Java's character classes as the inside of a Python set. Letters become `\w`, which also takes
digits and the underscore; the patterns that use them allow those anyway."""


def _python_pattern(pattern: str) -> str:
    """A Java pattern as Python reads it."""
    if re.fullmatch(r"\\p\{\w+\}[*+]", pattern):
        pattern = f"[{pattern[:-1]}]{pattern[-1]}"
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    # A hyphen behind a class is a hyphen; surrogates are no characters of their own in Python.
    pattern = pattern.replace(r"[\w-", r"[\w\-")
    return pattern.replace(_SURROGATES, r"\U00010000-\U0010ffff")


_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None when Python has no words for it: then nothing is checked."""
    try:
        return re.compile(_python_pattern(pattern))
    except re.error:
        return None
