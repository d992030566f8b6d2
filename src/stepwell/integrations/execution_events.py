"""`Step Functions Execution Status Change`: standard executions on the default bus.

The event is staged in the turn that begins or ends the execution, so whatever it sets off in this
server is there exactly when the execution is. Where no rule asks for it, it is not even made.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from stepwell.engine.events import HistoryEvent
from stepwell.runtime.live import Live
from stepwell.runtime.ports import Clock, Ids
from stepwell.runtime.records import ExecutionRow
from stepwell.runtime.redrives import redrives_of
from stepwell.runtime.turn import Turn
from stepwell.services.events.events import Events
from stepwell.services.events.names import DEFAULT, BusName
from stepwell.services.events.times import timestamp
from stepwell.values import JsonObject, decode

SOURCE = "aws.states"
DETAIL_TYPE = "Step Functions Execution Status Change"
DATA_BYTES_MAX = 248 * 1024
"""Of what is larger together the input is left out, then the output, as on AWS."""

_log = logging.getLogger("stepwell.events")


class ExecutionEvents:
    """A watcher of executions."""

    def __init__(self, events: Events, clock: Clock, ids: Ids) -> None:
        self._events = events
        self._clock = clock
        self._ids = ids

    def happened(self, turn: Turn, live: Live, events: Sequence[HistoryEvent]) -> None:
        """Tell the beginning, that it goes on after its end, and the end."""
        if live.execution.identity.express:
            return
        ended = live.execution.status != "RUNNING"
        begun = bool(events) and events[0].type in ("ExecutionStarted", "ExecutionRedriven")
        if not (begun or ended) or not events:
            return
        if not self._events.wants(live.account, live.region, SOURCE):
            return
        if begun:
            self._tell(turn, live, "RUNNING")
        if ended:
            self._tell(turn, live, live.execution.status)

    def _tell(self, turn: Turn, live: Live, status: str) -> None:
        bus = BusName(live.account, live.region, DEFAULT)
        event: JsonObject = {
            "version": "0",
            "id": self._ids.uuid(),
            "detail-type": DETAIL_TYPE,
            "source": SOURCE,
            "account": live.account,
            "time": timestamp(self._clock.now()),
            "region": live.region,
            "resources": [live.row.arn],
            "detail": _detail(live.row, status),
        }
        try:
            self._events.publish(turn, bus, event)
        except Exception:
            # A watcher must not take the execution with it.
            _log.exception("the event of %s is lost", live.row.arn)


def _detail(row: ExecutionRow, status: str) -> JsonObject:
    running = status == "RUNNING"
    extra: Any = decode(row.extra) if row.extra else {}
    output = None if running else row.output
    input_bytes, output_bytes = len(row.input.encode()), len((output or "").encode())
    with_input = input_bytes + output_bytes <= DATA_BYTES_MAX
    with_output = with_input or output_bytes <= DATA_BYTES_MAX
    machine = row.arn.replace(":execution:", ":stateMachine:", 1).rpartition(":")[0]
    redrives = redrives_of(row)
    redrivable = status not in ("RUNNING", "SUCCEEDED")
    reason = None if redrivable else f"Execution is {status} and cannot be redriven"
    return {
        "executionArn": row.arn,
        "stateMachineArn": machine,
        "name": row.name,
        "status": status,
        "startDate": row.started_at,
        "stopDate": None if running else row.stopped_at,
        "input": row.input if with_input else None,
        "output": output if with_output else None,
        "stateMachineVersionArn": extra.get("stateMachineVersionArn"),
        "stateMachineAliasArn": extra.get("stateMachineAliasArn"),
        "redriveCount": redrives.count,
        "redriveDate": redrives.at if redrives.count else None,
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
        "inputDetails": {"included": with_input},
        "outputDetails": None if output is None else {"included": with_output},
        "error": None if running else row.error,
        "cause": None if running else row.cause,
    }
