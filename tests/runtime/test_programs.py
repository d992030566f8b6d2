"""A definition is compiled once: when it is made, and by a process that did not see that."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.language.compile import compile_taken
from stepwell.language.program import Program
from stepwell.language.resources import Runs
from tests.runtime.bench import PREFIX, Bench, bench

PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def mapping(mode: str) -> dict[str, Any]:
    """A Map over three items."""
    config = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    processor = {"ProcessorConfig": config, "StartAt": f"P{mode}", "States": {f"P{mode}": PASS}}
    return {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": None}


class Counting:
    """Counts what a server's programs are compiled from."""

    def __init__(self, made: Bench) -> None:
        self.made: list[str] = []
        self.taken: list[str] = []
        programs = made.core.programs
        compiler, taken = programs._compiler, programs._taken

        def compile_made(text: str, /, *, machine_type: str, runs: Runs) -> Program:
            self.made.append(text)
            return compiler(text, machine_type=machine_type, runs=runs)

        def compile_known(text: str) -> Program:
            self.taken.append(text)
            return taken(text)

        programs._compiler = compile_made
        programs._taken = compile_known

    @property
    def counts(self) -> tuple[int, int]:
        """How many new definitions were compiled, and how many that are in the store."""
        return len(self.made), len(self.taken)


async def succeeds(made: Bench, machine: str, name: str) -> None:
    """Start it, and see it end well."""
    execution = await made.start(machine, name, {"items": [1, 2, 3]})
    await made.settle()
    assert await made.status(execution) == "SUCCEEDED"


async def test_a_definition_is_compiled_once() -> None:
    """Not for an execution, a child of a Map, a version or an alias; once after a restart."""
    async with bench() as made:
        counting = Counting(made)
        states = {
            "Inline": {**mapping("INLINE"), "Next": "Spread"},
            "Spread": {**mapping("DISTRIBUTED"), "Next": "End"},
            "End": PASS,
        }
        machine = await made.machine("m", states)
        for name in ("a", "b"):
            await succeeds(made, machine, name)
        version = (await made.call("PublishStateMachineVersion", stateMachineArn=machine))[
            "stateMachineVersionArn"
        ]
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        alias = (
            await made.call("CreateStateMachineAlias", name="live", routingConfiguration=routing)
        )["stateMachineAliasArn"]
        await succeeds(made, version, "c")
        await succeeds(made, alias, "d")
        assert counting.counts == (1, 0)
        await made.restart()
        counting = Counting(made)
        for name, target in (("e", machine), ("f", version), ("g", alias), ("h", machine)):
            await succeeds(made, target, name)
        assert counting.counts == (0, 1)


async def test_what_was_taken_is_not_refused_later() -> None:
    """A definition in the store runs, though today's checks would refuse it."""
    async with bench() as made:
        states = {
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.items[*]", "IsPresent": True, "Next": "P"}],
            },
            "P": PASS,
        }
        with pytest.raises(ServiceError, match="Value is not a Reference Path"):
            await made.machine("m", states)
        made.core.programs._compiler = lambda text, **_: compile_taken(text)
        machine = await made.machine("m", states)
        assert machine == f"{PREFIX}:stateMachine:m"
        await made.restart()
        await succeeds(made, machine, "one")
