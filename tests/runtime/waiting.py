"""Executions that wait, made by the engine alone: no clock, no store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.engine.commands import ClearTimer, CloseToken, Command, OpenToken, SetTimer
from stepwell.engine.decide import decide
from stepwell.engine.events import HistoryEvent
from stepwell.engine.execution import Execution, Identity
from stepwell.engine.inputs import Input, Started
from stepwell.engine.limits import Limits
from stepwell.language.compile import compile_definition
from stepwell.runtime.explain import Facts
from stepwell.runtime.records import TimerRow, TokenRow
from stepwell.values import JsonObject, encode_text

START = 1_800_000_000_000
PREFIX = "arn:aws:states:us-east-1:000000000000"
QUEUE = "http://127.0.0.1:4566/000000000000/approvals"


class Waiting:
    """One execution, what it was told, and what the runtime would keep of it."""

    def __init__(self, states: JsonObject, *, timeout_seconds: int | None = None) -> None:
        definition: JsonObject = {"StartAt": next(iter(states)), "States": states}
        if timeout_seconds is not None:
            definition["TimeoutSeconds"] = timeout_seconds
        text = encode_text(definition)
        program = compile_definition(text, machine_type="STANDARD", runs=lambda _: True)
        identity = Identity(
            id=7,
            arn=f"{PREFIX}:execution:machine:one",
            name="one",
            role_arn="arn:aws:iam::000000000000:role/role",
            machine_arn=f"{PREFIX}:stateMachine:machine",
            machine_name="machine",
            region="us-east-1",
            started_at=START,
            seed=bytes(16),
        )
        self.execution = Execution(identity, program)
        self.now = START
        self.tokens: dict[int, TokenRow] = {}
        self.timers: dict[tuple[int, str], TimerRow] = {}
        self.events: dict[int, HistoryEvent] = {}
        self.tell(Started("{}", {}))

    def tell(self, given: Input, *, after_seconds: int = 0) -> Waiting:
        """Tell it something, so many seconds later."""
        self.now += after_seconds * 1000
        decision = decide(self.execution, given, self.now, Limits())
        self.events.update({event.id: event for event in decision.events})
        self._keep(decision.commands)
        return self

    def _keep(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case SetTimer(branch, kind, due_at, event):
                    self.timers[branch, kind] = TimerRow(0, 7, branch, kind, due_at, event)
                case ClearTimer(branch, kind):
                    self.timers.pop((branch, kind), None)
                case OpenToken():
                    self.tokens[command.event] = self._token(command)
                case CloseToken(event, reason):
                    self.tokens[event] = self.tokens[event]._replace(
                        closed_at=self.now, reason=reason
                    )

    def _token(self, command: OpenToken) -> TokenRow:
        return TokenRow(
            execution=7,
            event=command.event,
            arn=self.execution.identity.arn,
            state=command.state,
            attempt=command.attempt,
            resource=command.resource,
            opened_at=self.now,
            deadline_at=command.deadline_at,
            heartbeat_seconds=command.heartbeat_seconds,
            beaten_at=None,
            beats=0,
            closed_at=None,
            reason=None,
            request_id=None,
        )

    def beat(self, event: int, *, after_seconds: int) -> Waiting:
        """A heartbeat came."""
        self.now += after_seconds * 1000
        token = self.tokens[event]
        self.tokens[event] = token._replace(beaten_at=self.now, beats=token.beats + 1)
        return self

    @property
    def facts(self) -> Facts:
        """What `explain` is given."""
        return Facts(self.execution, self.tokens, list(self.timers.values()), self.events)


def ask(**fields: Any) -> JsonObject:
    """A Task that sends a token to a queue and waits."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
        **fields,
    }


def work(**fields: Any) -> JsonObject:
    """A Task that workers do."""
    return {"Type": "Task", "Resource": f"{PREFIX}:activity:review", "End": True, **fields}


def child(**fields: Any) -> JsonObject:
    """A Task that starts an execution and waits for its end."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": f"{PREFIX}:stateMachine:child", "Input": {}},
        "End": True,
        **fields,
    }
