"""What the Step Functions API needs from the runtime."""

from __future__ import annotations

from typing import Protocol

from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.runtime.records import ExecutionRow, ExpressStartRow, RevisionRow
from stepwell.services.api import Call
from stepwell.values import JsonObject


class Closing(Protocol):
    """Tells a long poll that it must answer now (asyncio.Event is one)."""

    def is_set(self) -> bool:
        """Whether the poll must answer now."""

    async def wait(self) -> object:
        """Return when the poll must answer."""


class Executions(Protocol):
    """The running side of the service. Every answer means: on disk."""

    async def start(
        self, *, call: Call, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExecutionRow:
        """Start an execution, or return the running one of that name and input.

        `extra` holds traceHeader, stateMachineVersionArn, stateMachineAliasArn where they are set.
        Raises ServiceError ExecutionAlreadyExists, and InvalidExecutionInput when the input is not
        JSON.
        """

    async def stop(
        self, execution: ExecutionRow, *, error: str | None, cause: str | None, request_id: str
    ) -> ExecutionRow:
        """Abort a running execution; a closed one is returned as it is."""

    async def call_alone(self, call: ServiceCall) -> Answered | Refused:
        """A call that no execution makes: what the service answers; its effects are on disk."""

    async def why_not_redrivable(
        self, execution: ExecutionRow, *, machine_deleted: bool
    ) -> str | None:
        """AWS's reason why an execution can't be redriven; None when it can."""

    async def redrive(
        self, execution: ExecutionRow, *, client_token: str | None, machine_deleted: bool
    ) -> int:
        """Let an execution that ended badly go on; the time of the redrive, in epoch ms.

        The same client token gets the same answer again, for a while. Raises ServiceError
        ExecutionNotRedrivable.
        """

    async def task_succeeded(self, *, call: Call, token: str, output: str) -> None:
        """Complete the task of a token. Raises ServiceError InvalidToken, TaskTimedOut,
        TaskDoesNotExist."""

    async def task_failed(
        self, *, call: Call, token: str, error: str | None, cause: str | None
    ) -> None:
        """Fail the task of a token. Raises as `task_succeeded`."""

    async def task_heartbeat(self, *, call: Call, token: str) -> None:
        """Start the heartbeat clock of a token's task again. Raises as `task_succeeded`."""

    async def poll_activity(
        self, *, arn: str, worker_name: str | None, wait: Closing
    ) -> tuple[str, str] | None:
        """The next task of an activity as (token, input), or None once `wait` is set.

        A task given away is on disk as started before it is returned.
        """

    async def update_map_run(
        self,
        number: int,
        *,
        max_concurrency: int | None,
        tolerated_count: int | None,
        tolerated_percentage: float | None,
    ) -> bool:
        """Change a running Map Run; False when it no longer runs."""

    async def delete_machine(self, machine: int) -> None:
        """End the running executions of a machine at their next transition.

        May be called again for the same machine, also right after a restart.
        """

    def activity_deleted(self, arn: str) -> None:
        """Forget what waits for workers of an activity that no longer exists."""


class Express(Protocol):
    """The express executions. `extra` is as for the others; both raise InvalidExecutionInput."""

    async def start(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExpressStartRow:
        """Start an execution: the answer means that it will run, at least once."""

    async def run(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExecutionRow:
        """Run an execution to its end, at most once. Nothing is kept of it."""
