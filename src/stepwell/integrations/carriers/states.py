"""Deliveries to state machines: an execution that is named after the delivery.

Its start has to look for that name on disk, so it follows the commit of the source. The name is the
same whenever the delivery is tried again: so an execution that was started already is found.
"""

from __future__ import annotations

from hashlib import sha256

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.sqs import for_good
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Service
from stepwell.services.deliveries.delivery import Delivery, Work
from stepwell.values import uuid_text

_WORTH_TRYING = frozenset(
    {"ExecutionLimitExceeded", "InternalFailure", "ServiceUnavailable", "ThrottlingException"}
)


class StatesCarrier:
    """Starts executions of this server's state machines."""

    def __init__(self, states: Service) -> None:
        self._start = states.operations["StartExecution"]

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work:
        """Start it after the commit; `request` is `{"Input": text}`."""
        parts = delivery.target.split(":", 5)
        call = Call(account=parts[4], region=parts[3], request_id=identity, base_url="")
        params = {
            "stateMachineArn": delivery.target,
            "name": uuid_text(sha256(f"{delivery.source} {identity}".encode()).digest()[:16]),
            "input": delivery.request.get("Input") or "{}",
        }

        async def start() -> None:
            try:
                await self._start(call, dict(params))
            except ServiceError as error:
                if error.code == "ExecutionAlreadyExists":
                    return  # it has ended meanwhile
                raise error if error.code in _WORTH_TRYING else for_good(error) from error

        return start
