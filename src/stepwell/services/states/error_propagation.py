"""An error that a tested state does not handle meets the states around it, as in an execution.

Their Retry and Catch are looked at, nothing else of them is run. A distributed Map bears as many
failed iterations as it tolerates; beyond that its own error goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stepwell.engine.states.map_run import THRESHOLD_EXCEEDED
from stepwell.language.compile_distributed import is_distributed
from stepwell.services.states.tested_state import TestedState, find_tested_state
from stepwell.services.states.trial import Mock, Trial
from stepwell.services.states.verdicts import Verdict
from stepwell.values import JsonObject

_SECONDS_MAX = 1
"""Handlers wait for nothing."""


async def handed_on(
    verdict: Verdict,
    begin: Callable[..., Trial],
    definition: str,
    tested: TestedState,
    failures: int,
) -> None:
    """Change a verdict of FAILED to what the states around make of the error.

    `begin` makes the trial of a state with a mock; `failures` iterations had failed before.
    """
    for name, source in tested.within:
        if _is_distributed_map(source):
            if _tolerates(source, failures + 1):
                return
            verdict.error, verdict.cause = THRESHOLD_EXCEEDED.error, THRESHOLD_EXCEEDED.cause
        around = replace(find_tested_state(definition, name, mocked=True), handlers_only=True)
        mock = Mock(error=verdict.error, cause=verdict.cause)
        met = await begin(around, mock=mock, read=None).run(within_seconds=_SECONDS_MAX)
        verdict.status, verdict.next_state = met.status, met.next_state
        verdict.output = met.output
        if "errorDetails" in met.inspection:
            verdict.inspection["errorDetails"] = met.inspection["errorDetails"]
        if met.status != "FAILED":
            return


def _is_distributed_map(source: JsonObject) -> bool:
    """Whether it is a Map whose iterations are executions."""
    return source.get("Type") == "Map" and is_distributed(source)


def _tolerates(source: JsonObject, failures: int) -> bool:
    """Whether so many failed iterations are borne. A share, or a number that is computed, is not
    known here, and is believed to be large enough."""
    count = source.get("ToleratedFailureCount")
    if isinstance(count, int):
        return failures <= count
    fields = ("ToleratedFailureCount", "ToleratedFailurePercentage")
    return any(field in source or f"{field}Path" in source for field in fields)
