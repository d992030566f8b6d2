"""How an execution ended and what became of a token, in a sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepwell.engine.events import HistoryEvent
from stepwell.runtime.records import STATUSES, SUCCEEDED, ExecutionRow, TokenRow
from stepwell.runtime.tokens import explain_closed

_VERBS = {
    "SUCCEEDED": "The execution succeeded",
    "FAILED": "The execution failed",
    "TIMED_OUT": "The execution ran out of its TimeoutSeconds",
    "ABORTED": "The execution was stopped",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How an execution ended. `state` is where; None when the history does not say."""

    status: str
    at: int | None
    state: str | None
    error: str | None
    cause: str | None
    sentence: str


def explain_end(row: ExecutionRow, way: Sequence[HistoryEvent]) -> Ending:
    """The end of a finished execution; `way` leads from its last event backwards."""
    status = STATUSES[row.status]
    state = _state(way)
    sentence = _VERBS.get(status, "The execution runs")
    if state is not None:
        sentence += f" in the state {state}"
    if row.error is not None:
        sentence += f" with {row.error}"
    if row.cause is not None and row.status != SUCCEEDED:
        sentence += f": {row.cause}"
    return Ending(status, row.stopped_at, state, row.error, row.cause, f"{sentence.rstrip('.')}.")


def _state(way: Sequence[HistoryEvent]) -> str | None:
    """The state of the nearest event that names one."""
    for event in way:
        if event.type == "EvaluationFailed":
            return event.text("state")
        if event.type.endswith(("StateEntered", "StateExited")):
            return event.text("name")
    return None


def explain_token(token: TokenRow, newer: TokenRow | None = None) -> str:
    """What became of a token. `newer` is the token of a later attempt of the same task."""
    if token.closed_at is not None:
        sentence = explain_closed(token)
        return f"The token of the state {token.state} is closed: {sentence}.{_replaced(newer)}"
    beats = f"; heartbeats so far: {token.beats}" if token.beats else ""
    attempt = f" (attempt {token.attempt})" if token.attempt > 1 else ""
    return f"The token of the state {token.state}{attempt} is open: nobody has answered it{beats}."


def _replaced(newer: TokenRow | None) -> str:
    if newer is None:
        return ""
    now = "waits for an answer" if newer.closed_at is None else "is closed, too"
    return f" It was replaced by the token of attempt {newer.attempt}, which {now}."
