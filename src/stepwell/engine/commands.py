"""What the engine asks for. The runtime carries commands out in the turn that keeps the events."""

from __future__ import annotations

from typing import TypeAlias

from stepwell.immutable import immutable
from stepwell.language.program import EvaluationPending, Resource
from stepwell.values import JsonValue


@immutable
class SetTimer:
    """Tell me at `due_at` (epoch ms). One timer per branch and kind; a later one replaces it."""

    branch: int
    kind: str
    due_at: int
    event: int


@immutable
class ClearTimer:
    """Forget that timer, if it is set."""

    branch: int
    kind: str


@immutable
class AwaitExpression:
    """Let the evaluation go on; once it is done, ring that timer, which is set, at once."""

    branch: int
    kind: str
    event: int
    pending: EvaluationPending


@immutable
class OpenToken:
    """Keep the token of this attempt. `event` scheduled it."""

    branch: int
    event: int
    state: str
    attempt: int
    resource: str
    deadline_at: int | None
    heartbeat_seconds: int | None


@immutable
class StartClock:
    """The work of this attempt has begun: it must be done by `deadline_at`."""

    event: int
    deadline_at: int


@immutable
class CloseToken:
    """The token is no longer good, and why."""

    event: int
    reason: str
    request_id: str = ""


@immutable
class CallService:
    """Do the call and tell me the answer (TaskAnswered or TaskRefused)."""

    branch: int
    event: int
    resource: Resource
    parameters: JsonValue
    token: str | None
    account: str | None = None
    """The account of the role that Credentials name, when there are any."""


@immutable
class OfferActivity:
    """Let a worker have this task; it gets `text` and the token."""

    branch: int
    event: int
    arn: str
    text: str


@immutable
class WithdrawActivity:
    """No worker may have this task any more."""

    event: int
    arn: str


@immutable
class StopJob:
    """The task no longer waits for the job it started: stop it, as well as that can be done."""

    event: int
    resource: Resource


@immutable
class StartMapRun:
    """Run the items of a distributed Map state as executions and tell me the end (MapRunEnded).

    `items` is how many there are, None when they must be read first. The children's inputs follow
    from the state; see engine.map_items.
    """

    branch: int
    event: int
    arn: str
    label: str
    express: bool
    items: int | None
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None


@immutable
class StopMapRun:
    """Nobody waits for the Map Run of that event any more: stop it and its children."""

    event: int


@immutable
class RedriveMapRun:
    """The Map Run that this event started is to go on: with its children that did not succeed, and
    with the items that no child was begun for. Its end is told as that of a new one."""

    branch: int
    event: int


Command: TypeAlias = (
    SetTimer
    | ClearTimer
    | AwaitExpression
    | OpenToken
    | StartClock
    | CloseToken
    | CallService
    | OfferActivity
    | WithdrawActivity
    | StopJob
    | StartMapRun
    | StopMapRun
    | RedriveMapRun
)
