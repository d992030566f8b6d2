"""The ways of pipes: whom they ask, and who takes their parcels as part of a turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from stepwell.errors import ServiceError
from stepwell.integrations.apigateway import SIGNED
from stepwell.integrations.carriers.destinations import Destinations, filled_path
from stepwell.integrations.carriers.scheduler import SchedulerCarrier
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Encoded, Service
from stepwell.services.apigateway.ports import Outbound, TooSlow, Unreachable
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.lambda_ import invoking
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import SYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.names import Named, read_function
from stepwell.services.pipes.ports import Parcel, Question, Wait
from stepwell.values import JsonObject, decode, encode_text

API_TIMEOUT_SECONDS = 29.0
"""So long an API may take, as on AWS."""
_START = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
_CONTENT = ("Content-Type", "application/json; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Reached:
    """The parts of the server that a pipe reaches."""

    deliveries: Deliveries
    functions: Lambda
    states: Service
    calls: SchedulerCarrier
    destinations: Destinations
    endpoints: Outbound
    is_express: Callable[[str], bool | None]


class PipeWays:
    """See the module. Implements services.pipes.ports.Ways; `plug_in` before the first use."""

    def __init__(self) -> None:
        self._reached: Reached | None = None

    def plug_in(self, reached: Reached) -> None:
        """Set what is reached: it is made later than pipes are."""
        self._reached = reached

    @property
    def _to(self) -> Reached:
        assert self._reached is not None
        return self._reached

    def has_room(self, arn: str, under_way: int) -> bool:
        """Whether a function may run once more; anything else always may."""
        if arn.split(":")[2] != "lambda":
            return True
        functions = self._to.functions
        try:
            found = functions.find(_function(arn))
        except ServiceError:
            return True
        return functions.running.has_room(found.function, under_way)

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """When an invocation ended."""
        return self._to.functions.running.on_room(listener)

    def is_express(self, machine_arn: str) -> bool | None:
        """Whether a state machine is an express one."""
        return self._to.is_express(machine_arn)

    def take(self, turn: Turn, parcel: Parcel, number: int) -> Wait | None:
        """Hand a parcel over as part of the turn."""
        target, request = parcel.arn, parcel.request
        if target.split(":")[2] != "states":
            delivery = Delivery(target, request, parcel.account, parcel.region, parcel.pipe_arn)
            self._to.deliveries.hand_over(turn, delivery, str(number))
            return None
        given: JsonObject = {"StateMachineArn": target, "Input": request["Input"]}
        _, _, _, region, account, _ = target.split(":", 5)
        start = Delivery(_START, {"Input": encode_text(given)}, account, region, parcel.pipe_arn)
        return self._to.calls.in_turn(turn, start, str(number))

    async def ask(self, question: Question) -> bytes:
        """The answer of a function, an express execution, an API."""
        service = question.arn.split(":")[2]
        if service == "lambda":
            return await self._invoke(question)
        if service == "states":
            return await self._run(question)
        if service == "events":
            return await self._call_destination(question)
        return await self._call_api(question)

    async def _invoke(self, question: Question) -> bytes:
        functions = self._to.functions
        await functions.ready()
        found = functions.find(_function(question.arn))
        payload = question.body.encode()
        invoking.check_payload(payload, SYNCHRONOUS_BYTES_MAX)
        answer = await invoking.run(functions, found, functions.parts.ids.uuid(), payload, None)
        result = cast(bytes, answer["Payload"])
        if "FunctionError" in answer:
            raise ServiceError(str(answer["FunctionError"]), result.decode(errors="replace"))
        return result

    async def _run(self, question: Question) -> bytes:
        _, _, _, region, account, _ = question.arn.split(":", 5)
        call = Call(account=account, region=region, request_id="", base_url="")
        params = {"stateMachineArn": question.arn, "input": question.body}
        told = await self._to.states.operations["StartSyncExecution"](call, params)
        ended: Any = decode(told.body) if isinstance(told, Encoded) else told
        if ended["status"] != "SUCCEEDED":
            error = str(ended.get("error") or ended["status"])
            raise ServiceError(error, str(ended.get("cause") or ""))
        return str(ended.get("output") or "").encode()

    async def _call_destination(self, question: Question) -> bytes:
        http = question.http
        given = {
            "PathParameterValues": list(http.path_values),
            "HeaderParameters": dict(http.headers),
            "QueryStringParameters": dict(http.query),
        }
        reply = await self._to.destinations.ask(question.arn, given, question.body)
        return reply.body

    async def _call_api(self, question: Question) -> bytes:
        method, url = _request(question)
        headers = [_CONTENT, SIGNED, *question.http.headers.items()]
        try:
            answer = await self._to.endpoints.send(
                method, url, headers, question.body.encode(), API_TIMEOUT_SECONDS
            )
        except (TooSlow, Unreachable) as error:
            raise ServiceError("EndpointUnreachable", str(error), status=504) from error
        if not 200 <= answer.status < 300:
            told = answer.body.decode(errors="replace")
            raise ServiceError("EndpointRefused", f"{url} answered {answer.status}: {told}")
        return answer.body


def _function(arn: str) -> Named:
    parts = arn.split(":")
    return read_function(arn, parts[4], parts[3])


def _request(question: Question) -> tuple[str, str]:
    """Method and URL of `arn:aws:execute-api:region:account:api/stage/METHOD/path`."""
    _, _, _, region, _, resource = question.arn.split(":", 5)
    api, stage, method, path = [*resource.split("/", 3), "", "", ""][:4]
    prefix = "" if stage in ("", "$default") else f"/{stage}"
    filled = filled_path(path, question.http.path_values)
    query = f"?{urlencode(question.http.query)}" if question.http.query else ""
    url = f"http://{api}.execute-api.{region}.localhost{prefix}/{filled}{query}"
    return "POST" if method in ("", "*") else method, url
