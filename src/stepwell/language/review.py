"""Everything there is to say about a definition: AWS's findings, what is not run here, the lint.

This is what ValidateStateMachineDefinition and `stepwell check` show. The errors are AWS's. What
AWS takes and this server does not run yet is a valid definition all the same: here it is a warning,
while CreateStateMachine refuses it.
"""

from __future__ import annotations

import dataclasses

from stepwell.language.check import check_text, with_places
from stepwell.language.diagnostics import ERROR, WARNING, Diagnostic, is_not_run
from stepwell.language.lint import FindRetention, lint
from stepwell.language.resources import Runs, runs_here

NOT_RUN_HERE = "NOT_RUN_HERE"


def review_definition(
    text: str,
    *,
    machine_type: str = "STANDARD",
    find_retention: FindRetention | None = None,
    runs: Runs = runs_here,
) -> list[Diagnostic]:
    """All findings with line and column, errors first."""
    definition, found = check_text(
        text, machine_type, refuse_unreachable=True, runs=runs, all_at_once=True
    )
    found = [_told(finding) for finding in found]
    if definition is not None:
        found += lint(definition, find_retention)
    found.sort(key=lambda finding: finding.severity == WARNING)
    return with_places(found, text)


def for_this_server(found: list[Diagnostic]) -> list[Diagnostic]:
    """The same findings where what is not run here is an error, as it is when it is created."""
    counted = [
        dataclasses.replace(finding, severity=ERROR) if finding.code == NOT_RUN_HERE else finding
        for finding in found
    ]
    return sorted(counted, key=lambda finding: finding.severity == WARNING)


def _told(finding: Diagnostic) -> Diagnostic:
    if not is_not_run(finding):
        return finding
    return dataclasses.replace(
        finding,
        severity=WARNING,
        code=NOT_RUN_HERE,
        hint=finding.hint or "AWS has it; creating a state machine with it is refused here",
    )
