"""From a task token back to the attempt it stands for, and why a token is not good any more."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as BadBase64

from stepwell.engine.context import TOKEN_VERSION, token_text
from stepwell.errors import ServiceError
from stepwell.language.timestamps import format_timestamp
from stepwell.runtime.records import ExecutionRow, TokenRow

_TOKEN_BYTES = 1 + 8 + 4 + 24
_EXECUTION_MAX = 2**63 - 1

REASON_HEADER = "x-stepwell-token-reason"


def place_of(token: str) -> tuple[int, int]:
    """The (execution, event) a token names. Raises ServiceError InvalidToken."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (BadBase64, ValueError) as error:
        raise invalid_token() from error
    if len(raw) != _TOKEN_BYTES or raw[0] != TOKEN_VERSION:
        raise invalid_token()
    execution = int.from_bytes(raw[1:9])
    if execution > _EXECUTION_MAX:
        raise invalid_token()
    return execution, int.from_bytes(raw[9:13])


def check_secret(token: str, execution: ExecutionRow, event: int) -> None:
    """Raises InvalidToken unless the token is the one this execution gave out."""
    expected = token_text(execution.id, execution.seed, event)
    if not hmac.compare_digest(token.encode(), expected.encode()):
        raise invalid_token()


def invalid_token() -> ServiceError:
    """What AWS answers to a token it can't read."""
    return ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")


def unknown_task() -> ServiceError:
    """A well-formed token of an execution that does not exist."""
    return ServiceError("TaskDoesNotExist", "Task Does Not Exist: 'Task does not exist'")


def task_is_over(token: TokenRow | None, newer: TokenRow | None = None) -> ServiceError:
    """AWS's answer to a token that was good once; a header says what became of it.

    `newer` is the token of the next attempt of the same task.
    """
    headers = {}
    if token is not None:
        replaced = "" if newer is None else f"; replaced by the token of attempt {newer.attempt}"
        headers[REASON_HEADER] = explain_closed(token) + replaced
    return ServiceError(
        "TaskTimedOut",
        "Task Timed Out: 'Provided task does not exist anymore'",
        headers=headers,
    )


_REASONS = {
    "succeeded": "answered with success",
    "failed": "answered with failure",
    "timed_out": "the task timed out",
    "heartbeat_missed": "no heartbeat came in time",
    "stopped": "the execution was stopped",
    "aborted": "the execution went on without this task",
}


def explain_closed(token: TokenRow) -> str:
    """One sentence on why a token is closed: what, when, by which request."""
    if token.closed_at is None:
        return "the token is open"
    reason = _REASONS.get(token.reason or "", token.reason or "closed")
    by = f" by request {token.request_id}" if token.request_id else ""
    return f"{reason}{by} at {format_timestamp(token.closed_at)} (attempt {token.attempt})"
