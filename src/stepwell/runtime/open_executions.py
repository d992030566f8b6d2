"""How many executions are open, per account and region, where a quota asks for it.

Counted in the store once, before anything runs, and kept in memory from then on: what a turn begins
or ends counts at once, and not at all if the turn is lost. Children of Map Runs have a quota of
their own, their run's concurrency, and are not counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stepwell.errors import ServiceError
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.runtime.records import EXECUTION, RUNNING, ExecutionRow
from stepwell.runtime.turn import Turn


class OpenExecutions:
    """See the module. Without a quota nothing is counted."""

    def __init__(self, store: Store, ledger: Ledger, most: int | None) -> None:
        self._store = store
        self._most = most
        self._kept: Counter[str] = Counter()
        self._staged: Counter[str] = Counter()
        ledger.on_rollback(self._staged.clear)

    async def load(self, machines: Iterable[tuple[str, int]]) -> None:
        """Count those of every machine, given as (`account:region`, id)."""
        if self._most is None:
            return
        for scope, machine in machines:
            self._kept[scope] += await self._store.count(
                EXECUTION, (machine, RUNNING), index="execution_list"
            )

    def check(self, machine_arn: str) -> None:
        """Raises ServiceError ExecutionLimitExceeded where one more may not be opened."""
        if self._most is None:
            return
        scope = _scope(machine_arn)
        if self._kept[scope] + self._staged[scope] >= self._most:
            raise ServiceError(
                "ExecutionLimitExceeded",
                f"The maximum number of running executions has been reached: {self._most}",
            )

    def began(self, turn: Turn, row: ExecutionRow) -> None:
        """One more is open, if the turn gets to the disk."""
        self._change(turn, row, 1)

    def ended(self, turn: Turn, row: ExecutionRow) -> None:
        """One less is open."""
        self._change(turn, row, -1)

    def _change(self, turn: Turn, row: ExecutionRow, by: int) -> None:
        if self._most is None or _is_child(row):
            return
        scope = _scope(row.arn)
        self._staged[scope] += by

        def keep() -> None:
            self._staged[scope] -= by
            self._kept[scope] += by

        turn.after_commit(keep)


def _scope(arn: str) -> str:
    """`account:region` of an ARN."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return f"{account}:{region}"


def _is_child(row: ExecutionRow) -> bool:
    return row.extra is not None and '"mapRunArn"' in row.extra
