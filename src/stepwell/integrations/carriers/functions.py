"""Deliveries to functions: an asynchronous invocation joins the turn of its source."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.sqs import for_good
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.lambda_.invoking import check_payload
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import ASYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.names import read_function


class FunctionCarrier:
    """Hands events to the functions of this server."""

    def __init__(self, functions: Lambda) -> None:
        self._functions = functions

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Accept the event; `request` is `{"Payload": text}`."""
        functions = self._functions
        functions.check_ready()
        region = delivery.target.split(":")[3]
        payload = str(delivery.request["Payload"]).encode()
        try:
            found = functions.find(read_function(delivery.target, delivery.account, region))
            check_payload(payload, ASYNCHRONOUS_BYTES_MAX)
        except ServiceError as error:
            raise for_good(error) from error
        request_id = functions.parts.ids.uuid()
        functions.events.accept(turn, found, request_id, payload, None)
