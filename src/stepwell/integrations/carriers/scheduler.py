"""Universal targets of schedules: any action of a service of this server.

Those that a task would carry out in its turn are carried out in the turn of the schedule, so they
happen once; the others follow the commit, and happen again if nobody saw that they did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stepwell.engine.inputs import Started
from stepwell.errors import ServiceError
from stepwell.integrations.aws_sdk import AwsSdkIntegration
from stepwell.integrations.carriers.sqs import for_good
from stepwell.language.program import Resource
from stepwell.runtime.executions import Executions
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Answered, Clock, Ids, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery, Work
from stepwell.values import BadJson, decode

_PREFIX = "arn:aws:scheduler:::"
_ROUNDS_MAX = 5
Wait = Callable[[], Awaitable[None]]
_WORTH_TRYING = (
    "Throttling",
    "Rate exceeded",
    "ServiceUnavailable",
    "InternalFailure",
    "TooManyRequests",
)


class SchedulerCarrier:
    """Calls `arn:aws:scheduler:::aws-sdk:service:action`."""

    def __init__(
        self,
        sdk: AwsSdkIntegration,
        executions: Executions,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._sdk = sdk
        self._executions = executions
        self._ledger = ledger
        self._clock = clock
        self._ids = ids

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work | None:
        """Do the call in the turn if it can be, else after the commit."""
        call = self._call(delivery, identity)
        later = self._attempt(turn, call)
        if later is None:
            return None

        async def work() -> None:
            await self._finish(call, later)

        return work

    def in_turn(self, turn: Turn, delivery: Delivery, identity: str) -> Wait | None:
        """Do the call in the turn, or say what to wait for before it is tried in another one.

        Only for actions that are carried out in a turn in the end. Raises ServiceError.
        """
        later = self._attempt(turn, self._call(delivery, identity))
        return None if later is None else lambda: _only_wait(later)

    def _attempt(self, turn: Turn, call: ServiceCall) -> Later | None:
        outcome = self._sdk.call(turn, call)
        if isinstance(outcome, Later):
            return outcome
        self._settle(turn, outcome)
        return None

    def _call(self, delivery: Delivery, identity: str) -> ServiceCall:
        _, service, action = delivery.target.removeprefix(_PREFIX).split(":", 2)
        try:
            parameters = decode(str(delivery.request.get("Input") or "{}"))
        except BadJson as error:
            raise for_good(ServiceError("ValidationException", str(error))) from error
        # The execution 0 is nobody's: the number of the delivery tells the calls apart.
        return ServiceCall(
            execution=0,
            execution_arn=delivery.source,
            event=int(identity),
            branch=0,
            resource=Resource("service", delivery.target, f"aws-sdk:{service}", action, ""),
            parameters=parameters,
            token=None,
            account=delivery.account,
            region=delivery.region,
            now=self._clock.now(),
            request_id=self._ids.uuid(),
        )

    async def _finish(self, call: ServiceCall, later: Later) -> None:
        for _ in range(_ROUNDS_MAX):
            outcome = await later.work()
            with self._ledger.stage() as turn:
                again = self._sdk.call(turn, call) if outcome is None else outcome
                if not isinstance(again, Later):
                    self._settle(turn, again)
                    return
            later = again
        raise ServiceError("InternalFailure", "the call does not come to an end", status=500)

    def _settle(self, turn: Turn, outcome: Answered | Refused) -> None:
        if isinstance(outcome, Refused):
            error = ServiceError(outcome.error, outcome.cause)
            text = f"{outcome.error} {outcome.cause}"
            raise error if any(word in text for word in _WORTH_TRYING) else for_good(error)
        if outcome.begin is not None:
            child = self._executions.begin(turn, outcome.begin)
            told = Started(outcome.begin.input, outcome.begin.value)
            self._executions.deliver(turn, child, told)


async def _only_wait(later: Later) -> None:
    outcome = await later.work()
    if isinstance(outcome, Refused):
        raise ServiceError(outcome.error, outcome.cause)
