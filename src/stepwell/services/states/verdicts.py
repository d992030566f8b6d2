"""What came of a test of a state: its status, and what it shows of the data on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from stepwell.engine.events import HistoryEvent
from stepwell.engine.execution import Branch, Execution
from stepwell.engine.retries import Failure, matches
from stepwell.language.inspection import CAUGHT
from stepwell.language.inspection_map import ITERATIONS
from stepwell.language.program import MapState, ParallelState, State, TaskState
from stepwell.values import JsonObject, JsonValue, encode_text

_PLACE = re.compile(
    r"An error occurred while executing the state '.*?' \(entered at the event id #\d+\)\. ",
    re.DOTALL,
)
"""Events of a test are shown to nobody, so its causes name none."""

_NUMBERS = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")
_UNSHOWN = (CAUGHT, "caughtError", ITERATIONS)


@dataclass(slots=True)
class Verdict:
    """What came of a test; texts are JSON as AWS shows it."""

    status: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    next_state: str | None = None
    inspection: JsonObject = field(default_factory=dict)
    timed_out: bool = False
    """Whether the test took too long."""


@dataclass(slots=True)
class Seen:
    """What is known of a test: the events so far, what the state told, what went over the wire.

    `texts` are the texts that values were given as, by the values' identity.
    """

    state: State
    input: str
    execution: Execution
    told: dict[str, JsonValue]
    events: list[HistoryEvent] = field(default_factory=list)
    wire: JsonObject = field(default_factory=dict)
    texts: dict[int, tuple[JsonValue, str]] = field(default_factory=dict)

    @property
    def root(self) -> Branch:
        """The branch that the state is in."""
        return self.execution.branches[0]

    @property
    def exited(self) -> HistoryEvent | None:
        """The event with which the state was left, if it was."""
        return next((e for e in self.events if e.type.endswith("StateExited")), None)

    def text_of(self, value: JsonValue, text: str | None = None) -> str:
        """The text that a value was given as, where it is that value."""
        known = self.texts.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        return encode_text(value) if text is None else text


def verdict_of(seen: Seen, *, timed_out: bool = False) -> Verdict:
    """What came of a test that has ended."""
    exited = seen.exited
    if timed_out:
        verdict = Verdict("FAILED", error="States.Timeout", timed_out=True)
    elif exited is not None:
        verdict = _left(seen, exited)
    else:
        retried = seen.root.phase == "retrying"
        last = seen.events[-1]
        details = last.details or {}
        verdict = Verdict(
            "RETRIABLE" if retried else "FAILED",
            error=_text(details.get("error")),
            cause=_without_place(_text(details.get("cause"))),
        )
    verdict.inspection = _inspection(seen, verdict)
    return verdict


def _left(seen: Seen, exited: HistoryEvent) -> Verdict:
    text = exited.text("output")
    if exited.value is not None:
        text = seen.text_of(exited.value[0], text)
    after = seen.events[seen.events.index(exited) + 1 :]
    entered = next((e for e in after if e.type.endswith("StateEntered")), None)
    next_state = None if entered is None else entered.text("name")
    if CAUGHT not in seen.told:
        return Verdict("SUCCEEDED", output=text, next_state=next_state)
    error = seen.told["caughtError"]
    found = error if isinstance(error, dict) else {}
    return Verdict(
        "CAUGHT_ERROR",
        output=text,
        error=_text(found.get("Error")),
        cause=_without_place(_text(found.get("Cause"))),
        next_state=next_state,
    )


def _inspection(seen: Seen, verdict: Verdict) -> JsonObject:
    shown: JsonObject = {"input": seen.input}
    for name, value in seen.told.items():
        if name in _NUMBERS:
            shown[name] = value
        elif name not in _UNSHOWN:
            shown[name] = seen.text_of(value)
    shown |= seen.wire
    if seen.root.variables:
        shown["variables"] = encode_text(dict(seen.root.variables))
    details = _error_details(seen, verdict)
    if details:
        shown["errorDetails"] = details
    return shown


def _error_details(seen: Seen, verdict: Verdict) -> JsonObject:
    details: JsonObject = {}
    state = seen.state
    if not isinstance(state, TaskState | MapState | ParallelState):
        return details
    if CAUGHT in seen.told:
        details[CAUGHT] = seen.told[CAUGHT]
    failure = Failure(verdict.error, verdict.cause)
    met = (
        index for index, retrier in enumerate(state.retry) if matches(failure, retrier.error_equals)
    )
    retrier = next(met, None) if verdict.error is not None else None
    if retrier is not None:
        details["retryIndex"] = retrier
    note = seen.events[-1].note
    if verdict.status == "RETRIABLE" and note is not None:
        due_at = int(note["due"])
        details["retryBackoffIntervalSeconds"] = round((due_at - seen.events[-1].at) / 1000)
    return details


def _text(value: JsonValue) -> str | None:
    return None if value is None else str(value)


def _without_place(cause: str | None) -> str | None:
    return None if cause is None else _PLACE.sub("", cause, count=1)
