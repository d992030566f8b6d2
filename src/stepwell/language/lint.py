"""Lint for waits: what is valid, runs, and will one day keep somebody waiting.

    lint(definition, find_retention) -> warnings

AWS says nothing of these, so none of them is among the findings of `check_definition`, and none of
them ever forbids a definition. Whoever knows better says so in a Comment, of the state or of the
machine, which AWS leaves alone:

    "Comment": "A person decides, that takes as long as it takes. lint-allow: TOKEN_WAIT_UNBOUNDED"

The definition may be wrong in any way: what does not have the right type is not spoken of here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from stepwell.language.check import with_places
from stepwell.language.diagnostics import Diagnostic
from stepwell.language.findings import Bounded
from stepwell.language.lint_loops import loop_findings
from stepwell.language.lint_maps import ignored_fields
from stepwell.language.lint_tokens import Linted, task_findings
from stepwell.language.lint_variables import Variables, unassigned
from stepwell.language.parse import parse_definition
from stepwell.values import JsonObject, JsonValue

FindRetention: TypeAlias = Callable[[str], int | None]
"""How many seconds the queue of a URL keeps its messages; None when that is not known."""

_ALLOW = re.compile(r"lint-allow:\s*([A-Z_]+(?:\s*,\s*[A-Z_]+)*)")


def lint_definition(text: str, find_retention: FindRetention | None = None) -> list[Diagnostic]:
    """The warnings for a definition's text, with line and column."""
    definition, _ = parse_definition(text)
    return [] if definition is None else with_places(lint(definition, find_retention), text)


def lint(definition: JsonObject, find_retention: FindRetention | None = None) -> list[Diagnostic]:
    """The warnings for a definition, without line and column."""
    found = Bounded()
    allowed = _allowed(definition)
    has_timeout = "TimeoutSeconds" in definition
    language = definition.get("QueryLanguage") or "JSONPath"
    variables = Variables(definition)
    for states, pointer in _scopes(definition, ""):
        for name, state in states.items():
            here = f"{pointer}/States/{name}"
            linted = Linted(name, state, here, state.get("QueryLanguage") or language, has_timeout)
            _keep(found, task_findings(linted, find_retention), allowed | _allowed(state))
            _keep(found, ignored_fields(state, here), allowed | _allowed(state))
            _keep(found, unassigned(name, state, here, variables), allowed | _allowed(state))
        for loop, diagnostic in loop_findings(states, pointer):
            silenced = {code for name in loop for code in _allowed(states[name])}
            _keep(found, [diagnostic], allowed | silenced)
    return found.found


def _keep(found: Bounded, diagnostics: Iterable[Diagnostic], allowed: set[str]) -> None:
    for diagnostic in diagnostics:
        if diagnostic.code not in allowed:
            found.add(diagnostic)


def _allowed(value: JsonObject) -> set[str]:
    """The codes that a Comment silences."""
    comment = value.get("Comment")
    if not isinstance(comment, str):
        return set()
    return {code.strip() for listed in _ALLOW.findall(comment) for code in listed.split(",")}


def _scopes(scope: JsonValue, pointer: str) -> Iterator[tuple[dict[str, JsonObject], str]]:
    """The states of a scope that are objects, with its place; then those of the scopes within."""
    states = scope.get("States") if isinstance(scope, dict) else None
    if not isinstance(states, dict):
        return
    objects = {name: state for name, state in states.items() if isinstance(state, dict)}
    yield objects, pointer
    for name, state in objects.items():
        for inner, place in _inner_scopes(state, f"{pointer}/States/{name}"):
            yield from _scopes(inner, place)


def _inner_scopes(state: JsonObject, pointer: str) -> Iterator[tuple[JsonValue, str]]:
    """The branches or the item processor of a state, each with its place."""
    branches = state.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        yield branch, f"{pointer}/Branches[{index}]"
    for name in ("ItemProcessor", "Iterator"):
        if name in state:
            yield state[name], f"{pointer}/{name}"
