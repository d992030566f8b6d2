"""How an execution ended, and what became of a token, as sentences."""

from __future__ import annotations

import pytest

from stepwell.engine.events import Details, HistoryEvent
from stepwell.runtime.explain_end import explain_end, explain_token
from stepwell.runtime.records import (
    ABORTED,
    FAILED,
    SUCCEEDED,
    TIMED_OUT,
    ExecutionRow,
    TokenRow,
)
from tests.runtime.waiting import START, Waiting, ask

ROW = ExecutionRow(
    id=7,
    arn="arn",
    name="one",
    machine=1,
    revision=1,
    role_arn="role",
    seed=bytes(16),
    started_at=START,
    input="{}",
    status=SUCCEEDED,
    stopped_at=START + 5_000,
)


def event(kind: str, name: str | None = None) -> HistoryEvent:
    """An event that only matters by its type and its state's name."""
    details: Details | None = None if name is None else {"name": name, "output": "{}"}
    return HistoryEvent(5, 4, kind, START, details, 0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "The execution succeeded in the state Ask."),
        (
            {"status": FAILED, "error": "Rejected", "cause": "Too expensive."},
            "The execution failed in the state Ask with Rejected: Too expensive.",
        ),
        (
            {"status": FAILED, "error": "Rejected"},
            "The execution failed in the state Ask with Rejected.",
        ),
        (
            {"status": TIMED_OUT},
            "The execution ran out of its TimeoutSeconds in the state Ask.",
        ),
        (
            {"status": ABORTED, "cause": "nobody answered"},
            "The execution was stopped in the state Ask: nobody answered.",
        ),
    ],
)
def test_each_end_has_its_sentence(changes: dict[str, object], sentence: str) -> None:
    """Status, place, error and cause make the sentence."""
    way = [event("ExecutionFailed"), event("TaskFailed"), event("TaskStateEntered", "Ask")]
    end = explain_end(ROW._replace(**changes), way)  # type: ignore[arg-type]
    assert end.sentence == sentence
    assert (end.state, end.at) == ("Ask", START + 5_000)


def test_an_expression_failed_in_its_own_state() -> None:
    """What leads back from it may pass by the state (AWS has it so); it names its own."""
    failed = HistoryEvent(5, 3, "EvaluationFailed", START, {"state": "B", "error": "E"}, 0)
    way = [event("ExecutionFailed"), failed, event("PassStateExited", "A")]
    end = explain_end(ROW._replace(status=FAILED, error="E"), way)
    assert (end.state, end.sentence) == ("B", "The execution failed in the state B with E.")


def test_an_end_without_a_place() -> None:
    """A history that names no state makes the sentence shorter."""
    end = explain_end(ROW, [event("ExecutionSucceeded")])
    assert (end.state, end.sentence) == (None, "The execution succeeded.")


def token(**changes: object) -> TokenRow:
    """A token as the engine opens it."""
    return Waiting({"Ask": ask()}).tokens[3]._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "The token of the state Ask is open: nobody has answered it."),
        (
            {"attempt": 2, "beats": 3},
            "The token of the state Ask (attempt 2) is open: nobody has answered it; heartbeats so "
            "far: 3.",
        ),
        (
            {"closed_at": START, "reason": "succeeded", "request_id": "r1"},
            "The token of the state Ask is closed: answered with success by request r1 at "
            "2027-01-15T08:00:00Z (attempt 1).",
        ),
        (
            {"closed_at": START, "reason": "stopped"},
            "The token of the state Ask is closed: the execution was stopped at "
            "2027-01-15T08:00:00Z (attempt 1).",
        ),
    ],
)
def test_each_token_has_its_sentence(changes: dict[str, object], sentence: str) -> None:
    """Open or closed, why, by which request and when."""
    assert explain_token(token(**changes)) == sentence


@pytest.mark.parametrize(
    ("closed_at", "says"),
    [(None, "which waits for an answer."), (START, "which is closed, too.")],
)
def test_a_retry_replaced_the_token(closed_at: int | None, says: str) -> None:
    """Whoever holds an old token is told that a newer one counts."""
    old = token(closed_at=START, reason="failed")
    sentence = explain_token(old, token(attempt=2, closed_at=closed_at))
    assert sentence.endswith(f" It was replaced by the token of attempt 2, {says}")
