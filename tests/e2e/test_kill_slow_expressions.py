"""A server that is killed while expressions are evaluated: their executions go on and succeed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stepwell.testing.server import ServerProcess
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE
from tests.e2e.raw import CREATE, DESCRIBE, START, call

SLOW = "$sum($map([1..90000], function($v) { $v % 7 }))"
VALUE = f"{{% {SLOW} %}}"
INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
ITEMS = {"Type": "Map", "Items": [1, 2], "ItemSelector": {"s": VALUE}, "End": True}
STATES: dict[str, dict[str, Any]] = {
    "entering": {"Type": "Pass", "Output": VALUE, "End": True},
    "waiting": {"Type": "Wait", "Seconds": f"{{% 0 * {SLOW} + 1 %}}", "End": True},
    "leaving": {"Type": "Parallel", "Branches": [INNER], "Output": [VALUE], "End": True},
    "iterating": {**ITEMS, "ItemProcessor": INNER},
    "children": {**ITEMS, "ItemProcessor": DISTRIBUTED},
}
OUTPUTS = {
    "entering": 269_998,
    "waiting": {},
    "leaving": [269_998],
    "iterating": [{"s": 269_998}] * 2,
    "children": [{"s": 269_998}] * 2,
}


def test_every_execution_succeeds(tmp_path: Path) -> None:
    """Whatever the expression stood in when the process died."""
    with ServerProcess(tmp_path / "data") as server:
        executions: dict[str, str] = {}
        for name, state in STATES.items():
            machine = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}
            made = call(server, CREATE, name=name, definition=json.dumps(machine), roleArn=ROLE)
            started = call(server, START, stateMachineArn=made.document["stateMachineArn"])
            executions[name] = str(started.document["executionArn"])
        server.kill()
        server.start()
        described: dict[str, Any] = {}

        def over() -> bool:
            for name, execution in executions.items():
                described[name] = call(server, DESCRIBE, executionArn=execution).document
            return all(one["status"] != "RUNNING" for one in described.values())

        until(over, "all executions end")
        assert {name: one["status"] for name, one in described.items()} == dict.fromkeys(
            STATES, "SUCCEEDED"
        )
        assert {name: json.loads(one["output"]) for name, one in described.items()} == OUTPUTS
