"""From what a person types to an ARN: `NAME`, `MACHINE:NAME`, or the ARN itself."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.cli.client import ApiError, Client
from stepwell.errors import StepwellError
from stepwell.values import JsonObject

SHOWN_MAX = 5
EXECUTION_PARTS, MACHINE_PARTS = 8, 7


class NotFound(StepwellError):
    """Nothing fits what was typed, or too much does."""


def machines(client: Client, asked: str | None) -> list[JsonObject]:
    """All state machines, or the one of that name or ARN. Raises NotFound."""
    every = list(client.every("ListStateMachines", "stateMachines"))
    if asked is None:
        return every
    found = [m for m in every if asked in (m["name"], m["stateMachineArn"])]
    if not found:
        names = ", ".join(str(m["name"]) for m in every[:SHOWN_MAX]) or "none"
        raise NotFound(f"There is no state machine {asked}; there are: {names}.")
    return found


def execution_arn(client: Client, asked: str) -> str:
    """The ARN of the execution that was meant. Raises NotFound."""
    if asked.startswith("arn:"):
        return asked
    machine, colon, name = asked.rpartition(":")
    if colon and not name:
        raise NotFound(f"{asked} is no execution: give an ARN, a name, or MACHINE:NAME.")
    found = list(_named(client, machine or None, name))
    if len(found) > 1:
        shown = ", ".join(found[:SHOWN_MAX])
        raise NotFound(f"Several executions are called {name}; say which: {shown}")
    if not found:
        raise NotFound(f"There is no execution {asked}. `stepwell executions` lists them.")
    return found[0]


def _named(client: Client, machine: str | None, name: str) -> Iterator[str]:
    """The executions of that name; its machine's ARN tells what its ARN would be."""
    for known in machines(client, machine):
        base = str(known["stateMachineArn"]).replace(":stateMachine:", ":execution:", 1)
        arn = f"{base}:{name}"
        try:
            client.call("DescribeExecution", {"executionArn": arn})
        except ApiError as error:
            if error.code not in ("ExecutionDoesNotExist", "InvalidArn", "ValidationException"):
                raise
        else:
            yield arn
