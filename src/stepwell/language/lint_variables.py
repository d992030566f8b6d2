"""Lint for variables that nothing assigns: reading one fails when the execution comes there.

Mostly it is a path whose dot is missing: `$order` is a variable, `$.order` a member of the input.
"""

from __future__ import annotations

from stepwell.language.diagnostics import WARNING, Diagnostic
from stepwell.language.references import assigned_names, inner_scopes, state_references
from stepwell.values import JsonObject, JsonValue

VARIABLE_NOT_ASSIGNED = "VARIABLE_NOT_ASSIGNED"
_NAMED_MAX = 5


class Variables:
    """The names that any state of a definition assigns, and its query language."""

    def __init__(self, definition: JsonObject) -> None:
        language = definition.get("QueryLanguage")
        self.language = language if isinstance(language, str) else "JSONPath"
        self.assigned: set[str] = set()
        pending = [definition]
        while pending:
            states = pending.pop().get("States")
            for state in states.values() if isinstance(states, dict) else ():
                if isinstance(state, dict):
                    self.assigned |= assigned_names(state, self.language_of(state))
                    pending += inner_scopes(state)

    def language_of(self, state: JsonObject) -> str:
        """The query language of a state."""
        language: JsonValue = state.get("QueryLanguage")
        return language if isinstance(language, str) else self.language


def unassigned(
    name: str, state: JsonObject, pointer: str, variables: Variables
) -> list[Diagnostic]:
    """The variables that a state reads and no state assigns."""
    language = variables.language_of(state)
    missing = sorted(state_references(state, language) - variables.assigned - {"states"})
    if not missing:
        return []
    told = ", ".join(f"${each}" for each in missing[:_NAMED_MAX])
    hint = f"assign it in the Assign of an earlier state, or write $.{missing[0]} for the input's"
    if language == "JSONata":
        hint = (
            "assign it in the Assign of an earlier state, or write "
            f"$states.input.{missing[0]} for the input's"
        )
    message = f"The state '{name}' reads {told}, and no state assigns it: there is nothing to read"
    return [Diagnostic(WARNING, VARIABLE_NOT_ASSIGNED, message, pointer, hint=hint)]
