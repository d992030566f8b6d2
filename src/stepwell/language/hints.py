"""What would be right, for the mistakes that are made most: said beside AWS's own sentence."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import TypeAlias

from stepwell.language.fields import CATCHER_FIELDS, RETRIER_FIELDS, STATE_FIELDS
from stepwell.values import JsonValue

TIMESTAMP = "for example 2030-01-31T09:30:00Z, with an offset or Z"
TERMINAL = 'one state needs "End": true, or the Type Succeed or Fail'
NEXT_OR_END = 'a state goes on to "Next" or ends with "End": true'

_INSTEAD = {
    "Arguments": "Parameters",
    "Output": "ResultSelector, ResultPath and OutputPath",
    "Items": "ItemsPath",
    "Condition": "Variable and an operator",
    "Parameters": "Arguments",
    "InputPath": "Arguments or Output with $states.input",
    "OutputPath": "Output",
    "ResultPath": "Output",
    "ResultSelector": "Output with $states.result",
    "Result": "Output",
    "ItemsPath": "Items",
    "Variable": "Condition",
}
"""What does in one query language what this field does in the other."""


COMPARISONS_MAX = 5_000
"""So many names are compared for the hints of one definition: some 0.1 seconds."""

Nearest: TypeAlias = Callable[[JsonValue, Collection[str]], str]
"""(name, known names) -> the known name that looks most like it, as a question, or nothing."""


class Comparisons:
    """Looks for names that somebody may have meant, until it has compared enough."""

    def __init__(self) -> None:
        self._left = COMPARISONS_MAX

    def nearest(self, name: JsonValue, known: Collection[str]) -> str:
        """A `Nearest`."""
        self._left -= len(known)
        return nearest(name, known) if self._left >= 0 else ""


def nearest(name: JsonValue, known: Collection[str]) -> str:
    """The known name that looks most like this one, as a question, or the empty text."""
    if not isinstance(name, str) or not name:
        return ""
    small = name.lower()
    same = next((each for each in known if each.lower() == small), None)
    near = [same] if same else difflib.get_close_matches(name[:100], known, n=1)
    return f"did you mean '{near[0]}'?" if near else ""


def unknown_field(name: str, fields: dict[str, str], find: Nearest) -> str:
    """Where a field belongs that does not stand here, or which one was meant."""
    homes = [kind for kind, theirs in STATE_FIELDS.items() if name in theirs]
    if homes and any(fields is theirs for theirs in STATE_FIELDS.values()):
        return f"'{name}' belongs to {_listed(homes)} states"
    if fields is CATCHER_FIELDS and name in RETRIER_FIELDS:
        return f"'{name}' belongs to Retry"
    if fields is RETRIER_FIELDS and name in CATCHER_FIELDS:
        return f"'{name}' belongs to Catch"
    return find(name, fields)


def other_language(name: str, wanted: str) -> str:
    """What to do about a field of the other query language."""
    language = f'set "QueryLanguage": "{wanted}"'
    if name in _INSTEAD:
        return f"use {_INSTEAD[name]} here, or {language}"
    if name.endswith("Path") and wanted == "JSONPath":
        return f"use {name.removesuffix('Path')} with an expression here"
    return f"{language} if that is what is meant"


def number(name: str, value: JsonValue, *, has_path: bool) -> str:
    """Why this is no number, where it nearly is one."""
    if isinstance(value, float) and value.is_integer():
        return f"write {int(value)}, without a fraction"
    if not isinstance(value, str):
        return ""
    if value.strip().lstrip("-").isdigit():
        return f"write {value.strip()}, without quotes"
    if value.startswith("{%"):
        return 'expressions need "QueryLanguage": "JSONata"'
    if value.startswith("$") and has_path:
        return f"a path stands in '{name}Path'"
    return ""


def literal(name: str, value: JsonValue, *, has_path: bool) -> str:
    """What would be right on the other side of an operator."""
    if isinstance(value, str) and value.startswith("$") and has_path:
        return f"a path stands in '{name}Path'"
    if value in ("true", "false"):
        return f"write {value}, without quotes"
    if name.startswith("Timestamp"):
        return TIMESTAMP
    if name.startswith("String"):
        return "" if isinstance(value, list | dict) else "texts stand in quotes"
    return number(name, value, has_path=False)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
