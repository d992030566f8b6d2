"""The program within a program: what the children of a distributed Map run."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.language.program import MapState, ParallelState, Program, Scope

EXPRESS_SECONDS_MAX = 300
"""An express execution lives no longer."""


def labelled(program: Program, label: str) -> Program:
    """The program of the children of the distributed Map of that label. Raises LookupError."""
    for state in _maps(program.scope):
        if state.distributed is not None and state.distributed.label == label:
            return Program(
                scope=state.processor,
                timeout_seconds=EXPRESS_SECONDS_MAX if state.distributed.express else None,
                query_language=program.query_language,
                variable_references=program.variable_references,
            )
    raise LookupError(f"no distributed Map has the label {label}")


def _maps(scope: Scope) -> Iterator[MapState]:
    """Every Map state of a scope, also within others."""
    for state in scope.states.values():
        if isinstance(state, MapState):
            yield state
            yield from _maps(state.processor)
        elif isinstance(state, ParallelState):
            for branch in state.branches:
                yield from _maps(branch)
