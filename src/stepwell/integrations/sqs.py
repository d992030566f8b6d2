"""`sqs:sendMessage`: the message joins the turn that keeps the execution's history."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.integrations.envelope import ErrorNames, with_metadata
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.sending import send_within
from stepwell.values import JsonObject, JsonValue, encode_text

ERRORS = ErrorNames(
    "SQS",
    "AmazonSQS",
    frozenset({"QueueDoesNotExist", "InvalidMessageContents", "UnsupportedOperation"}),
)


class SqsIntegration:
    """Sends to the embedded queues."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused:
        """Send the message as part of the turn."""
        try:
            answer = send_within(self._queues, turn, call, _parameters(call.parameters))
        except ServiceError as error:
            return ERRORS.refused(error, call)
        return Answered(with_metadata(answer, call))


def _parameters(given: JsonValue) -> JsonObject:
    """The parameters of SendMessage; a body that is not text becomes its JSON."""
    if not isinstance(given, dict):
        return {}
    params: JsonObject = {k: v for k, v in given.items() if v is not None}
    body = params.get("MessageBody")
    if body is not None and not isinstance(body, str):
        params["MessageBody"] = encode_text(body)
    return params
