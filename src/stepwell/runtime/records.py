"""The rows the runtime keeps: definitions it runs, executions, history, tokens, timers, outbox.

Status numbers are stored, words are spoken: STATUSES maps both ways. Optional facts that nearly no
execution has live in `extra` (JSON), so that a start stays one short row.
"""

from __future__ import annotations

from typing import NamedTuple

from stepwell.runtime.tables import Index, Table

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = range(5)
STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class RevisionRow(NamedTuple):
    """One revision of a state machine, never changed. Executions keep running on theirs."""

    machine: int
    revision: int
    """From 1, per machine."""
    revision_id: str
    """The revision id AWS shows; empty for the first (INITIAL)."""
    arn: str
    """The machine's ARN."""
    name: str
    """The machine's name."""
    role_arn: str
    definition: str
    created_at: int
    settings: str
    """JSON: type, loggingConfiguration, tracingConfiguration, encryptionConfiguration."""


REVISION = Table("machine_revision", RevisionRow, ("machine", "revision"), append_only=True)


class ExecutionRow(NamedTuple):
    """One execution. `input` and `output` are JSON texts as AWS shows them."""

    id: int
    arn: str
    name: str
    machine: int
    revision: int
    role_arn: str
    seed: bytes
    """Secret; all chance of this execution is derived from it."""
    started_at: int
    input: str
    status: int
    stopped_at: int | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    extra: str | None = None
    """JSON: traceHeader, stateMachineVersionArn, stateMachineAliasArn, parent, mapRunArn."""


EXECUTION = Table(
    "execution",
    ExecutionRow,
    ("id",),
    indexes=(Index("execution_list", ("machine", "status", "id")),),
    fixed=frozenset(
        ("arn", "name", "machine", "revision", "role_arn", "seed", "started_at", "input")
    ),
)


class ExecutionNameRow(NamedTuple):
    """From an execution's ARN to its id. Put once: a name can't be taken twice."""

    arn: str
    id: int


EXECUTION_NAME = Table("execution_name", ExecutionNameRow, ("arn",), append_only=True)


class EventRow(NamedTuple):
    """One history event. `body` is the event as the API answers it (JSON).

    `note` is what the fold needs besides: which branch it belongs to, a retry that was planned.
    """

    execution: int
    id: int
    body: bytes
    note: str | None


EVENT = Table("execution_event", EventRow, ("execution", "id"), append_only=True)


class TokenRow(NamedTuple):
    """One task token, open or closed; a closed one stays as a tombstone with its reason."""

    execution: int
    event: int
    """The id of the event that scheduled the attempt; with `execution` it is part of the token."""
    arn: str
    """The execution's ARN."""
    state: str
    attempt: int
    resource: str
    opened_at: int
    deadline_at: int | None
    heartbeat_seconds: int | None
    beaten_at: int | None
    beats: int
    closed_at: int | None
    reason: str | None
    """Why it is closed: `succeeded`, `failed`, `timed_out`, `heartbeat_missed`,
    `stopped`, `aborted`."""
    request_id: str | None
    """The request that closed it."""


TOKEN = Table(
    "task_token",
    TokenRow,
    ("execution", "event"),
    fixed=frozenset(("arn", "state", "attempt", "resource", "opened_at")),
)


class TimerRow(NamedTuple):
    """Something to do at a time. `event` is the event that set it: a timer whose event is no longer
    what the branch waits for does nothing."""

    shard: int
    execution: int
    branch: int
    kind: str
    due_at: int
    event: int


TIMER = Table(
    "timer",
    TimerRow,
    ("shard", "execution", "branch", "kind"),
    indexes=(Index("timer_due", ("shard", "due_at")),),
)


class OutboxRow(NamedTuple):
    """Work handed to an integration that has not answered yet. Repeated after a crash."""

    shard: int
    execution: int
    event: int
    branch: int
    request: str
    """JSON: `call` (parameters, token) for a service, or `ended` (the child execution's id)."""


OUTBOX = Table("outbox", OutboxRow, ("shard", "execution", "event"))


class ChildRow(NamedTuple):
    """A child execution that a task of the parent waits for (`.sync`), to be stopped with it.

    The way back, from the child to its parent, stands in the child's `extra`.
    """

    parent: int
    event: int
    """The parent's event that scheduled the task."""
    child: int


CHILD = Table("execution_child", ChildRow, ("parent", "event"))


class ActivityTaskRow(NamedTuple):
    """An activity task no worker has taken yet, in the order in which they came."""

    activity: str
    """The activity's ARN."""
    execution: int
    event: int
    branch: int
    input: str


ACTIVITY_TASK = Table("activity_task", ActivityTaskRow, ("activity", "execution", "event"))


class ExpressStartRow(NamedTuple):
    """An express execution that must run and has not been seen to end."""

    shard: int
    id: int
    arn: str
    name: str
    machine: int
    revision: int
    started_at: int
    input: str
    extra: str | None
    """JSON: traceHeader, stateMachineVersionArn, stateMachineAliasArn."""


EXPRESS_START = Table("express_start", ExpressStartRow, ("shard", "id"))


class MapRunRow(NamedTuple):
    """One Map Run: what it was asked for, and how far it is.

    Its children are executions whose `machine` is the run's id, in the order of their items; so
    what is running, what is done and the results in order follow from their rows.
    """

    id: int
    arn: str
    execution: int
    """The parent execution."""
    execution_arn: str
    branch: int
    event: int
    """The parent's event that started the run."""
    machine: int
    """With `revision`: where the children's program stands, under `label`."""
    revision: int
    label: str
    express: int
    started_at: int
    status: int
    open: int
    """1 until the last child has ended and the parent knows; then 0."""
    max_concurrency: int
    """As asked for; 0 for no bound."""
    tolerated_count: int | None
    tolerated_percentage: str | None
    items: int
    """How many items there are; -1 until they are read."""
    taken: int
    """How many of them were given to children."""
    children: int
    """How many children were started."""
    ended: str
    """JSON: how many children SUCCEEDED, FAILED, TIMED_OUT, ABORTED, and how many items they had;
    then the same of those that wait for being redriven, if there are any."""
    stopped_at: int | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    redriven_at: int | None = None
    redrive_place: str | None = None
    """JSON: `[status, id]`, the child up to which those that ended so are redriven."""


MAP_RUN = Table(
    "map_run",
    MapRunRow,
    ("id",),
    indexes=(
        Index("map_run_arn", ("arn",), unique=True),
        Index("map_run_open", ("open",)),
        Index("map_run_list", ("execution",)),
    ),
    fixed=frozenset(
        (
            "arn",
            "execution",
            "execution_arn",
            "branch",
            "event",
            "machine",
            "revision",
            "label",
            "express",
            "started_at",
        )
    ),
)


class MapItemsRow(NamedTuple):
    """A page of the items that a Map Run has read, until it ends. `body` is a JSON array."""

    run: int
    page: int
    body: bytes


MAP_ITEMS = Table("map_run_items", MapItemsRow, ("run", "page"))


class LeaseRow(NamedTuple):
    """Who owns a shard. A commit checks the epoch, so an owner that lost it can't write."""

    shard: int
    owner: str
    epoch: int
    expires_at: int


LEASE = Table("lease", LeaseRow, ("shard",))

TABLES = (
    REVISION,
    EXECUTION,
    EXECUTION_NAME,
    EVENT,
    TOKEN,
    TIMER,
    OUTBOX,
    CHILD,
    ACTIVITY_TASK,
    EXPRESS_START,
    MAP_RUN,
    MAP_ITEMS,
    LEASE,
)
