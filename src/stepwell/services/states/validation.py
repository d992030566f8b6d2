"""ValidateStateMachineDefinition: all findings about a definition, without creating anything."""

from __future__ import annotations

from stepwell.language.check import check_definition
from stepwell.language.diagnostics import Diagnostic
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.states import States
from stepwell.values import JsonObject

DIAGNOSTICS_MAX = 100


async def validate_state_machine_definition(states: States, call: Call, params: Params) -> Answer:
    """The findings of the asked severity. A bad definition is an answer, never an error."""
    found = check_definition(params["definition"], machine_type=params.get("type") or "STANDARD")
    shown = found
    if params.get("severity") != "WARNING":
        shown = [finding for finding in found if finding.severity == "ERROR"]
    limit = min(params.get("maxResults") or DIAGNOSTICS_MAX, DIAGNOSTICS_MAX)
    failed = any(finding.severity == "ERROR" for finding in found)
    return {
        "result": "FAIL" if failed else "OK",
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
