"""ValidateStateMachineDefinition: all findings about a definition, without creating anything.

By default only errors are shown, and these are AWS's. Asked for warnings, it also shows the lint.
"""

from __future__ import annotations

from stepwell.language.diagnostics import ERROR, WARNING, Diagnostic, has_errors
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.review import review
from stepwell.services.states.states import States
from stepwell.values import JsonObject

DIAGNOSTICS_MAX = 100


async def validate_state_machine_definition(states: States, call: Call, params: Params) -> Answer:
    """The findings of the asked severity. A bad definition is an answer, never an error."""
    found = await review(states, call, params["definition"], params.get("type") or "STANDARD")
    shown = found
    if params.get("severity") != WARNING:
        shown = [finding for finding in found if finding.severity == ERROR]
    limit = min(params.get("maxResults") or DIAGNOSTICS_MAX, DIAGNOSTICS_MAX)
    return {
        "result": "FAIL" if has_errors(found) else "OK",
        "diagnostics": [_shown(finding) for finding in shown[:limit]],
        "truncated": len(shown) > limit,
    }


def _shown(finding: Diagnostic) -> JsonObject:
    shown: JsonObject = {
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
    }
    if finding.location:
        shown["location"] = finding.location
    return shown
