"""What the runtime needs from outside: a store, a clock, ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from stepwell.immutable import immutable
from stepwell.language.program import Program, Resource
from stepwell.runtime.records import ExecutionRow, RevisionRow
from stepwell.runtime.tables import Key, Table
from stepwell.runtime.turn import Turn
from stepwell.values import JsonObject, JsonValue

R = TypeVar("R", bound=tuple[Any, ...])

Changes = Mapping[Table[Any], Mapping[Key, tuple[Any, ...] | None]]
"""What one transaction leaves behind: for each table, key -> the row to put, or None to delete."""


class Store(Protocol):
    """Durable tables.

    Every method may raise StorageTrouble. Reads see committed rows only. `commit` calls are applied
    in the order in which they were made, each wholly or not at all; a commit whose predecessor
    failed fails too until `reset` is called.
    """

    async def open(self) -> None:
        """Take ownership of the data and bring the schema up to date.

        Raises StoreInUse, StoreTooNew.
        """

    def commit(self, changes: Changes) -> Awaitable[None]:
        """Start one transaction; the awaitable is done when it is on disk."""

    def reset(self) -> None:
        """After a failed commit: forget the failure and accept commits again."""

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""

    async def scan(
        self,
        table: Table[R],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[R]:
        """Rows in the order of the key, or of an index (its columns, then the key).

        `prefix` fixes the first columns of that order. `after` (exclusive) and `until` (inclusive)
        bound the columns that follow the prefix; each may be shorter than what is left.
        With `reverse` the order is turned round, and `after` is where to continue downwards.
        """

    async def pick(
        self,
        table: Table[Any],
        columns: tuple[str, ...],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Of the rows that `scan` gives, these columns only, as tuples: for pages of many rows."""

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""

    async def close(self) -> None:
        """Finish what was committed and let go of the data."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Epoch milliseconds; never goes back."""


class Ids(Protocol):
    """Where ids and chance come from."""

    def next_id(self) -> int:
        """A 63-bit id, greater than every earlier one of this node, by time across nodes."""

    def uuid(self) -> str:
        """A random UUID."""

    def secret(self, size: int) -> bytes:
        """That many bytes nobody can guess."""


class Alarm(Protocol):
    """Calls back at a time of the clock."""

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once it is `at` (epoch milliseconds). The answer calls it off."""


class Caller(Protocol):
    """Who makes a request."""

    @property
    def account(self) -> str:
        """The 12-digit account."""

    @property
    def region(self) -> str:
        """The region."""

    @property
    def request_id(self) -> str:
        """The request's id."""


@immutable
class Wire:
    """Somebody who looks at what goes over the wire of an HTTP call, told `request` and `response`.

    What a connection adds is told to those only who may see secrets.
    """

    tell: Callable[[str, JsonObject], None]
    reveals_secrets: bool


@immutable
class ServiceCall:
    """A Task's call of a service.

    (execution, event) is the attempt; a call that is repeated after a crash carries it again.
    """

    execution: int
    execution_arn: str
    event: int
    branch: int
    resource: Resource
    parameters: JsonValue
    token: str | None
    account: str
    region: str
    now: int
    request_id: str
    """A UUID for the call itself; the same when it is repeated."""
    wire: Wire | None = None


@immutable
class Beginning:
    """An execution to be begun in the turn. `input` is JSON text, `value` what it stands for."""

    revision: RevisionRow
    program: Program
    name: str
    input: str
    value: JsonValue
    extra: JsonObject | None
    waiter: tuple[int, int, int] | None = None
    """Who waits for its end: (parent execution, branch, event)."""
    arn: str | None = None
    """Its ARN where that does not follow from the revision and the name."""


@immutable
class Answered:
    """The service answered; the effects are staged in the same turn. `begin` comes after it."""

    result: JsonValue
    begin: Beginning | None = None
    follow: bool = False
    """The answer only says that a job began; `Integrations.follow` knows its end."""


@immutable
class Refused:
    """The service refused; nothing is staged."""

    error: str
    cause: str


@immutable
class Later:
    """The answer takes time. `work` runs after the commit; None from it means: call again."""

    work: Callable[[], Awaitable[Answered | Refused | None]]
    is_poll: bool = False
    """It only waits for something to take: it is cancelled once nobody waits for its answer."""


class Integrations(Protocol):
    """How Tasks reach services."""

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Do the call, staging its effects in the turn."""

    async def follow(self, call: ServiceCall, submitted: JsonValue) -> Answered | Refused:
        """Wait for the end of a job that a call began. It is asked again after a crash."""

    async def abandon(self, call: ServiceCall, submitted: JsonValue) -> None:
        """Stop such a job: nobody waits for it any more. It may be asked again after a crash."""

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """What the end of a child execution means for the task that waited for it."""
