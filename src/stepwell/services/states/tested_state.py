"""The state that a test is about: found in what was given, checked, and compiled to tell.

A state alone is called StateName in findings and in its context, as on AWS. Where it leads to need
not exist: every target it names is there as a state that only ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TypeAlias, cast

from stepwell.language.check import check_text, with_places
from stepwell.language.compile import compile_checked
from stepwell.language.diagnostics import (
    ERROR,
    Diagnostic,
    InvalidDefinition,
    has_errors,
    is_not_run,
)
from stepwell.language.inspection import inspected, only_handlers
from stepwell.language.inspection_map import ReadData, Tell
from stepwell.language.parse import parse_definition
from stepwell.language.program import Program, Scope, State
from stepwell.services.states.refusals import invalid
from stepwell.values import JsonObject, JsonValue, encode_text

Within: TypeAlias = tuple[tuple[str, JsonObject], ...]
Place: TypeAlias = tuple[JsonObject, Within]

ALONE = "StateName"
_NOWHERE: Within = ()


@dataclasses.dataclass(frozen=True, slots=True)
class TestedState:
    """A state on its own, with its definition; the query language is filled in there."""

    __test__ = False

    name: str
    source: JsonObject
    program: Program
    within: Within = ()
    """The states around it, the innermost first, as they were given."""
    handlers_only: bool = False
    """Whether only its Retry and Catch are of interest."""

    @property
    def type(self) -> str:
        """Task, Map and so on."""
        return str(self.source["Type"])

    @property
    def compiled(self) -> State:
        """The state as the engine runs it."""
        return self.program.scope.states[self.name]

    def telling(self, tell: Tell, read: ReadData | None) -> Program:
        """The program whose state tells what becomes of its data."""
        if self.handlers_only:
            state = only_handlers(self.compiled, tell)
        else:
            state = inspected(self.compiled, self.source, tell, read)
        states = {**self.program.scope.states, self.name: state}
        return dataclasses.replace(self.program, scope=Scope(start_at=self.name, states=states))


def find_tested_state(text: str, name: str | None, *, mocked: bool) -> TestedState:
    """The state of a definition. `mocked`: what this server can't call will not be called.

    Raises InvalidDefinition, and ServiceError ValidationException when there is no such state.
    """
    definition, found = parse_definition(text)
    if definition is None:
        raise InvalidDefinition(found)
    language: JsonValue = "JSONPath"
    state, within = definition, _NOWHERE
    if name is not None:
        place = next(_states_called(definition, name, _NOWHERE), None)
        if place is None:
            raise invalid("State not found in definition")
        state, within = place
        definition, found = check_text(text, "STANDARD", False)
        _refuse(found, text, mocked=True)
        language = (definition or {}).get("QueryLanguage", "JSONPath")
    source = state
    machine: JsonObject = {"QueryLanguage": language, "StartAt": name or ALONE}
    # A state that leads to itself alone still is a machine that can end.
    ends: JsonObject = {f"{name or ALONE} is over": {"Type": "Succeed"}}
    ends |= {target: {"Type": "Succeed"} for target in _targets(source)}
    machine["States"] = {**ends, (name or ALONE): source}
    whole = encode_text(machine)
    _, found = check_text(whole, "STANDARD", False)
    _refuse(found, whole, mocked=mocked)
    filled: JsonObject = {"QueryLanguage": language, **source}
    return TestedState(name or ALONE, filled, compile_checked(machine), within)


def _refuse(found: list[Diagnostic], text: str, *, mocked: bool) -> None:
    errors = [
        finding
        for finding in found
        if finding.severity == ERROR and not (mocked and is_not_run(finding))
    ]
    if has_errors(errors):
        raise InvalidDefinition(with_places(errors, text))


def names_within(state: JsonObject) -> set[str]:
    """The names of all states in the branches or the processor of a state."""
    found: set[str] = set()
    for holder in _holders(state):
        if isinstance(holder, dict) and isinstance(holder.get("States"), dict):
            for name, inner in cast("JsonObject", holder["States"]).items():
                found.add(name)
                if isinstance(inner, dict):
                    found |= names_within(inner)
    return found


def _states_called(scope: JsonValue, name: str, within: Within) -> Iterator[Place]:
    """The states of that name, at any depth, with those around them; the outermost first."""
    if not isinstance(scope, dict) or not isinstance(scope.get("States"), dict):
        return
    states = cast("JsonObject", scope["States"])
    if isinstance(states.get(name), dict):
        yield cast("JsonObject", states[name]), within
    for outer, state in states.items():
        if isinstance(state, dict):
            for holder in _holders(state):
                yield from _states_called(holder, name, ((outer, state), *within))


def _holders(state: JsonObject) -> list[JsonValue]:
    """What may hold states: branches, and the processor of a Map."""
    branches = state.get("Branches")
    inner = [*branches] if isinstance(branches, list) else []
    return [*inner, state.get("ItemProcessor"), state.get("Iterator")]


def _targets(state: JsonObject) -> Iterator[str]:
    """The states it may lead to."""
    holders: list[JsonValue] = [state]
    for field in ("Catch", "Choices"):
        listed = state.get(field)
        holders += listed if isinstance(listed, list) else []
    for holder in holders:
        if isinstance(holder, dict):
            for field in ("Next", "Default"):
                target = holder.get(field)
                if isinstance(target, str):
                    yield target
