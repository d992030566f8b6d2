"""What is found in definitions, told where somebody looks: in the API's answer and in the log."""

from __future__ import annotations

import logging
from functools import partial

from stepwell.language.diagnostics import Diagnostic
from stepwell.language.lint import FindRetention, lint_definition
from stepwell.language.review import review_definition
from stepwell.runtime.off_loop import off_loop
from stepwell.services.api import Call
from stepwell.services.states.states import States

WARNINGS_LOGGED_MAX = 20

_log = logging.getLogger("stepwell.states")


async def review(
    states: States, call: Call, definition: str, machine_type: str
) -> list[Diagnostic]:
    """All findings, also those that depend on the queues that are here."""
    work = partial(
        review_definition,
        definition,
        machine_type=machine_type,
        find_retention=_retention(states, call),
        runs=states.programs.runs,
    )
    return await off_loop(len(definition), work)


async def log_warnings(states: States, call: Call, arn: str, definition: str) -> None:
    """One line for each warning about the waits of a definition that was just taken."""
    retention = _retention(states, call)
    found = await off_loop(len(definition), lint_definition, definition, retention)
    for finding in found[:WARNINGS_LOGGED_MAX]:
        # A state's name may hold line breaks, a log line may not.
        line = " ".join(f"{finding.code}: {finding.message}; {finding.hint}".split())
        place = " ".join(finding.location.split())
        _log.warning("%s at %s (line %d): %s", arn, place or "/", finding.line, line)
    if len(found) > WARNINGS_LOGGED_MAX:
        _log.warning("%s: %d more warnings", arn, len(found) - WARNINGS_LOGGED_MAX)


def _retention(states: States, call: Call) -> FindRetention:
    return lambda url: states.queue_retention(call.account, call.region, url)
