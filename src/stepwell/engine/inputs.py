"""What an execution can be told. Every input names the branch and the event it answers, so that one
that comes too late is recognised and does nothing."""

from __future__ import annotations

from typing import TypeAlias

from stepwell.immutable import immutable
from stepwell.values import JsonValue


@immutable
class Started:
    """The execution begins with this input (its text as the caller wrote it)."""

    text: str
    value: JsonValue


@immutable
class TimerFired:
    """A timer ran out. `kind` is wait, retry, timeout, heartbeat, execution or continue.

    `beaten_at` is when the last heartbeat came, for heartbeats.
    """

    branch: int
    kind: str
    event: int
    beaten_at: int | None = None


@immutable
class TaskAnswered:
    """The called service answered. For a waiting pattern the task is now submitted."""

    branch: int
    event: int
    result: JsonValue


@immutable
class TaskRefused:
    """The call failed, or the job it started ended badly."""

    branch: int
    event: int
    error: str | None
    cause: str | None


@immutable
class TaskCompleted:
    """A waiting task got its result: by its token, or because its job ended.

    `request_id` names the request that brought it; empty when a job ended.
    """

    branch: int
    event: int
    text: str
    value: JsonValue
    request_id: str = ""


@immutable
class TaskFailed:
    """A waiting task failed: by its token, or because its job ended badly."""

    branch: int
    event: int
    error: str | None
    cause: str | None
    request_id: str = ""


@immutable
class ActivityTaken:
    """A worker took the activity task."""

    branch: int
    event: int
    worker_name: str | None


@immutable
class StopRequested:
    """Somebody stops the execution."""

    error: str | None
    cause: str | None
    request_id: str = ""


@immutable
class MapRunEnded:
    """The Map Run came to an end: with its output as text, or with an error.

    `too_large` says that the output is there but longer than a payload may be.
    """

    branch: int
    event: int
    text: str | None
    error: str | None = None
    cause: str | None = None
    too_large: bool = False


@immutable
class RedriveRequested:
    """An execution that failed, timed out or was aborted is to go on where it could not."""


Input: TypeAlias = (
    Started
    | RedriveRequested
    | TimerFired
    | TaskAnswered
    | TaskRefused
    | TaskCompleted
    | TaskFailed
    | ActivityTaken
    | StopRequested
    | MapRunEnded
)
