"""`dynamodb:getItem`, `putItem`, `updateItem`, `deleteItem`.

A write joins the turn that keeps the execution's history, so it happens once. When its item is not
in memory it is fetched first and the call is made again. A read comes after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.integrations.aws_sdk import Done, InTurn, Place, unusable
from stepwell.integrations.aws_sdk_shapes import compile_read, compile_write
from stepwell.integrations.envelope import ErrorNames, with_metadata
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import ServiceModel, load
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Encoded, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.item_operations import PREPARED, get_item
from stepwell.values import decode


def _errors(model: ServiceModel) -> ErrorNames:
    modelled = {name for name, shape in model.shapes.items() if shape.traits.get("exception")}
    return ErrorNames("DynamoDB", "AmazonDynamoDB", frozenset(modelled), "AmazonDynamoDBv2")


class DynamoDbIntegration:
    """Reads and writes items of the embedded tables."""

    def __init__(self, dynamodb: DynamoDb, place: Place) -> None:
        self._dynamodb = dynamodb
        self._place = place
        self._model = load("dynamodb")
        self._errors = _errors(self._model)
        self._actions = {name: _Action(self._model, name) for name in ("GetItem", *PREPARED)}

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Write in the turn, read after it."""
        name = call.resource.action[:1].upper() + call.resource.action[1:]
        action = self._actions[name]
        problems: list[str] = []
        params = action.read(call, problems)
        if problems:
            return unusable(self._place, call, problems)
        try:
            action.validate(params)
            if name == "GetItem":
                return Later(lambda: self._get(action, call, params))
            answer = write_in_turn(self._dynamodb, turn, call, params, name)
        except ServiceError as error:
            return self._errors.refused(error, call)
        if isinstance(answer, Later):
            return answer
        return Answered(with_metadata(action.result(answer), call))

    async def _get(self, action: _Action, call: ServiceCall, params: Params) -> Answered | Refused:
        caller = Call(call.account, call.region, call.request_id, "")
        try:
            answer = await get_item(self._dynamodb, caller, params)
        except ServiceError as error:
            return self._errors.refused(error, call)
        shown = decode(answer.body) if isinstance(answer, Encoded) else answer
        return Answered(with_metadata(action.result(shown), call))


class _Action:
    """One action's parameters and results."""

    def __init__(self, model: ServiceModel, name: str) -> None:
        shapes = model.operations[name]
        self._read = compile_read(model, shapes.input)
        self._write = compile_write(model, shapes.output)
        self._check = compile_check(model, shapes.input)

    def read(self, call: ServiceCall, problems: list[str]) -> Params:
        """The request; what cannot be part of it is appended to `problems`."""
        params: Params = self._read(call.parameters, "Parameters", problems)
        return params

    def validate(self, params: Params) -> None:
        """Raises ServiceError ValidationException, as the service does."""
        violations: list[str] = []
        if self._check is not None:
            self._check(params, "", violations)
        if violations:
            raise ServiceError("ValidationException", message(violations))

    def result(self, answer: Any) -> Mapping[str, Any]:
        """The answer as the state gets it."""
        return cast("Mapping[str, Any]", self._write(answer))


def write_in_turn(
    dynamodb: DynamoDb, turn: Turn, call: ServiceCall, params: Params, name: str
) -> dict[str, Any] | Later:
    """The answer of a write of one item, or the work that makes it possible."""
    prepare = PREPARED[name]
    answer = dynamodb.write_now(turn, call, params, prepare)
    if answer is not None:
        return answer

    async def fetch() -> None:
        await dynamodb.fetch(call, params, prepare)

    return Later(fetch)


def sdk_in_turn(dynamodb: DynamoDb) -> dict[tuple[str, str], InTurn]:
    """The actions of `aws-sdk:dynamodb` that take part in the turn."""

    def action(name: str) -> InTurn:
        def run(turn: Turn, call: ServiceCall, params: Params) -> Done | Later:
            answer = write_in_turn(dynamodb, turn, call, params, name)
            return answer if isinstance(answer, Later) else Done(answer)

        return run

    return {("dynamodb", name[:1].lower() + name[1:]): action(name) for name in PREPARED}
