"""Which retrier or catcher an error meets, and how long a retry waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepwell.language.program import Catcher, Retrier

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a state failed.

    `error` and `cause` are None when they were not given. A timeout has no cause in the history but
    an empty one in the error output. A missed heartbeat is called States.Timeout in the history,
    and is met by both names.
    """

    error: str | None
    cause: str | None
    heartbeat_missed: bool = False

    def output(self) -> dict[str, str | None]:
        """The error output a catcher hands on."""
        cause = "" if self.error == TIMEOUT and self.cause is None else self.cause
        return {"Error": self.error, "Cause": cause}


def matches(failure: Failure, error_equals: Sequence[str]) -> bool:
    """Whether a retrier or catcher with these names meets the failure.

    States.Runtime is never met.
    """
    if failure.error == RUNTIME:
        return False
    return any(_matches_name(failure, name) for name in error_equals)


def _matches_name(failure: Failure, name: str) -> bool:
    if name == "States.ALL":
        return True
    if name == "States.TaskFailed":
        return failure.error != TIMEOUT
    if name == HEARTBEAT_TIMEOUT:
        return failure.heartbeat_missed or failure.error == HEARTBEAT_TIMEOUT
    return name == failure.error


def choose_retrier(
    failure: Failure, retriers: Sequence[Retrier], used: Mapping[int, int]
) -> int | None:
    """The position of the retrier to use.

    None when none matches or the first that does is used up.
    """
    for position, retrier in enumerate(retriers):
        if matches(failure, retrier.error_equals):
            return position if used.get(position, 0) < retrier.max_attempts else None
    return None


def delay_ms(retrier: Retrier, used: int, chance: bytes) -> int:
    """How long to wait before the next attempt.

    `used` attempts of this retrier were made before.
    """
    try:
        seconds = retrier.interval_seconds * retrier.backoff_rate**used
    except OverflowError:
        seconds = float("inf")
    seconds = min(seconds, retrier.max_delay_seconds or _DELAY_SECONDS_MAX, _DELAY_SECONDS_MAX)
    if retrier.full_jitter:
        seconds *= int.from_bytes(chance) / (1 << (8 * len(chance)))
    return round(seconds * 1000)


_DELAY_SECONDS_MAX = 99_999_999
"""No wait of the language is longer than this many seconds."""


def choose_catcher(failure: Failure, catchers: Sequence[Catcher]) -> Catcher | None:
    """The first catcher that meets the failure."""
    for catcher in catchers:
        if matches(failure, catcher.error_equals):
            return catcher
    return None
