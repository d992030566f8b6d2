"""Whether the states of one scope lead to each other: targets exist, all are reached, one ends."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.language.findings import Findings
from stepwell.language.hints import TERMINAL
from stepwell.values import JsonObject, JsonValue


def check_graph(findings: Findings, scope: JsonObject, pointer: str) -> None:
    """The transitions of one scope. Whatever has the wrong type is left to others to name."""
    states = scope.get("States")
    if not isinstance(states, dict) or not states:
        return
    start = scope.get("StartAt")
    if isinstance(start, str):
        _check_target(findings, start, states, f"{pointer}/StartAt")
    for name, state in states.items():
        for target, place in targets(state, f"{pointer}/States/{name}"):
            _check_target(findings, target, states, place)
    if not any(_is_terminal(state) for state in states.values()):
        # AWS looks no further then: it names no state that cannot be reached.
        findings.coded("MISSING_END_STATE", "Workflow has no terminal state", pointer, TERMINAL)
    elif isinstance(start, str) and findings.refuse_unreachable:
        for name in _unreached(start, states):
            findings.coded(
                "MISSING_TRANSITION_TARGET",
                f'State "{name}" is not reachable.',
                f"{pointer}/States/{name}",
            )


def targets(state: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    """The names a state may go to next, each with its place."""
    if not isinstance(state, dict):
        return
    for name in ("Next", "Default"):
        target = state.get(name)
        if isinstance(target, str):
            yield target, f"{pointer}/{name}"
    for name in ("Choices", "Catch"):
        entries = state.get(name)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            target = entry.get("Next") if isinstance(entry, dict) else None
            if isinstance(target, str):
                yield target, f"{pointer}/{name}[{index}]/Next"


def _check_target(findings: Findings, target: str, states: JsonObject, place: str) -> None:
    """A target must stand in the same scope."""
    if target not in states:
        message = f"Missing 'Next' target: {target}"
        hint = findings.nearest(target, states)
        findings.coded("MISSING_TRANSITION_TARGET", message, place, hint)


def _unreached(start: str, states: JsonObject) -> Iterator[str]:
    """The names that nothing leads to. What only they lead to is not named besides, as on AWS."""
    reached: set[str] = set()
    _reach(start, states, reached)
    led_to = {
        target
        for name, state in states.items()
        for target, _ in targets(state, "")
        if target != name
    }
    # Those that nothing at all leads to come first; what is left then are circles.
    for name in sorted(states, key=led_to.__contains__):
        if name not in reached:
            yield name
            _reach(name, states, reached)


def _reach(start: str, states: JsonObject, reached: set[str]) -> None:
    """Add what can be reached from a name, and the name."""
    waiting = [start] if start in states and start not in reached else []
    reached.update(waiting)
    while waiting:
        for target, _ in targets(states[waiting.pop()], ""):
            if target in states and target not in reached:
                reached.add(target)
                waiting.append(target)


def _is_terminal(state: JsonValue) -> bool:
    """Whether a state ends its scope."""
    if not isinstance(state, dict):
        return False
    return state.get("Type") in ("Succeed", "Fail") or state.get("End") is True
