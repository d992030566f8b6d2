"""`aws-sdk:<service>:<action>`: a task calls an operation of a service of this server.

The operation is the one that the gateway calls, with the account and region of the execution. It
runs after the commit, through the outbox; a call that was not seen to be answered is made again
after a crash, with the same request id. Two kinds of actions do better than that:

- those in `in_turn` take part in the turn that keeps the history, so they happen once;
- those in `repeats` can tell that a refusal only says that they were carried out before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stepwell.errors import ServiceError
from stepwell.integrations.aws_sdk_names import refused, resource_name
from stepwell.integrations.aws_sdk_shapes import Read, Write, compile_read, compile_write
from stepwell.integrations.registry import SDK_PREFIX
from stepwell.models.constraints import Check, compile_check, message
from stepwell.models.service_model import OperationModel, ServiceModel, load
from stepwell.runtime.ports import Answered, Beginning, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Encoded, Operation, Params, Service
from stepwell.values import decode, encode_text


@dataclass(frozen=True, slots=True)
class Done:
    """An answer whose effects are staged; `begin` is an execution that begins after it."""

    answer: Mapping[str, Any]
    begin: Beginning | None = None


InTurn = Callable[[Turn, ServiceCall, Params], Done | Later]
"""Carries out an action as part of the turn. Raises ServiceError before anything is staged."""
WasDone = Callable[[ServiceCall, Params, ServiceError], Awaitable[bool]]
"""Whether the refusal of a repeated call only means that it was carried out before."""
Place = Callable[[ServiceCall], tuple[str, int] | None]
"""The state that makes a call, and the id of the event that entered it."""


class _Action:
    """One action, compiled."""

    __slots__ = ("check", "long_poll", "model", "operation", "read", "write")

    def __init__(
        self, service: Service, model: ServiceModel, name: str, operation: Operation
    ) -> None:
        shapes: OperationModel = model.operations[name]
        self.model = model
        self.operation = operation
        self.long_poll = name in service.long_polls
        self.read: Read = compile_read(model, shapes.input)
        self.write: Write = compile_write(model, shapes.output)
        self.check: Check | None = (
            None if service.checks_itself else compile_check(model, shapes.input)
        )

    def validate(self, params: Params) -> None:
        """Raises ServiceError ValidationException, as the gateway does."""
        violations: list[str] = []
        if self.check is not None:
            self.check(params, "", violations)
        if violations:
            raise ServiceError("ValidationException", message(violations))

    def result(self, answer: Answer) -> Any:
        """The answer as the state gets it."""
        shown = decode(answer.body) if isinstance(answer, Encoded) else answer
        return self.write(shown or {})


class AwsSdkIntegration:
    """Services by their name in resources; `add` them, once they exist."""

    def __init__(
        self,
        *,
        place: Place,
        in_turn: Mapping[tuple[str, str], InTurn],
        was_done: Mapping[tuple[str, str], WasDone],
    ) -> None:
        self._place = place
        self._in_turn = in_turn
        self._was_done = was_done
        self._services: dict[str, tuple[Service, ServiceModel]] = {}
        self._actions: dict[tuple[str, str], _Action] = {}
        self._closing = False
        self._polls = 0
        self._no_polls = asyncio.Event()
        self._no_polls.set()
        self.base_url = "http://localhost:4566"
        """What URLs in answers (of queues) begin with."""

    def add(self, service: Service) -> None:
        """Let tasks call a service."""
        model = load(service.name)
        self._services[resource_name(model)] = (service, model)

    def has(self, service: str, action: str) -> bool:
        """Whether a service of this server has that action, both named as in resources."""
        return self._find(service, action) is not None

    def close(self) -> None:
        """The server stops: a poll that ends empty because of that has not ended for its task."""
        self._closing = True

    async def polls_ended(self) -> None:
        """Return once no poll is under way: cut off now, it could take a task with it."""
        await self._no_polls.wait()

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Check the parameters; do the call in the turn if it can be, else after the commit."""
        name = (call.resource.service.removeprefix(SDK_PREFIX), call.resource.action)
        action = self._find(*name)
        if action is None:
            problem = f"The resource provided {call.resource.arn} is not recognized."
            return Refused("States.Runtime", problem)
        problems: list[str] = []
        params = action.read(call.parameters, "Parameters", problems)
        if problems:
            return unusable(self._place, call, problems)
        try:
            action.validate(params)
            in_turn = self._in_turn.get(name)
            if in_turn is None:
                return Later(lambda: self._work(action, call, params), is_poll=action.long_poll)
            done = in_turn(turn, call, params)
        except ServiceError as error:
            return refused(action.model, error, call)
        if isinstance(done, Later):
            return done
        return Answered(action.result(done.answer), done.begin)

    def _find(self, service: str, name: str) -> _Action | None:
        action = self._actions.get((service, name))
        if action is None and service in self._services:
            known, model = self._services[service]
            operation = f"{name[:1].upper()}{name[1:]}"
            carried_out = known.operations.get(operation)
            if carried_out is not None:
                action = _Action(known, model, operation, carried_out)
                self._actions[service, name] = action
        return action

    async def _work(self, action: _Action, call: ServiceCall, params: Params) -> Answered | Refused:
        caller = Call(
            account=call.account,
            region=call.region,
            request_id=call.request_id,
            base_url=self.base_url,
        )
        try:
            result = action.result(await self._run(action, caller, params))
        except ServiceError as error:
            was_done = self._was_done.get(
                (call.resource.service.removeprefix(SDK_PREFIX), call.resource.action)
            )
            if was_done is None or not await was_done(call, params, error):
                return refused(action.model, error, call)
            return Answered(action.result({}))
        if action.long_poll and self._closing and not result:
            # Nothing came because this process ends. The next one polls again.
            await asyncio.Event().wait()
        return Answered(result)

    async def _run(self, action: _Action, caller: Call, params: Params) -> Answer:
        if not action.long_poll:
            return await action.operation(caller, params)
        self._polls += 1
        self._no_polls.clear()
        try:
            return await action.operation(caller, params)
        finally:
            self._polls -= 1
            if not self._polls:
                self._no_polls.set()


def unusable(place: Place, call: ServiceCall, problems: list[str]) -> Refused:
    """The refusal of parameters that a service's request cannot be made of."""
    entered = place(call)
    start = ""
    if entered is not None:
        start = f"An error occurred while executing the state '{entered[0]}'"
        start += f" (entered at the event id #{entered[1]}). "
    return Refused(
        "States.Runtime",
        f"{start}The Parameters '{encode_text(call.parameters)}' could not be used to start the"
        f" Task: [{', '.join(problems)}]",
    )
