"""How a state machine goes: DELETING while its executions still run, then gone."""

from __future__ import annotations

from stepwell.runtime.records import EXECUTION, RUNNING
from stepwell.services.states.registry import Machine
from stepwell.services.states.states import States


async def finish_deletion(states: States, machine: Machine | None) -> None:
    """Take away a deleted machine once none of its executions runs.

    Nobody waits for the last execution to end: who asks for the machine finds out. On return memory
    is up to date, so the caller may look up and change without waiting.
    """
    if machine is None or not machine.deleting:
        return
    prefix = (machine.row.id, RUNNING)
    if await states.store.count(EXECUTION, prefix, index="execution_list"):
        return
    await states.registry.ready()
    if states.registry.machines.get(machine.arn) is not machine:
        return
    with states.ledger.stage() as turn:
        states.registry.remove_machine(turn, machine)
    await states.ledger.committed()
    await states.registry.ready()
