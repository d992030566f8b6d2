"""`sns:publish`: what it hands on joins the turn that keeps the execution's history."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.integrations.envelope import ErrorNames, with_metadata
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.sns.publishing import publish
from stepwell.services.sns.topics import Topics
from stepwell.values import JsonObject, JsonValue, encode_text

_CODES = {
    "InvalidParameter": "InvalidParameter",
    "ParameterValueInvalid": "InvalidParameterValue",
    "NotFound": "NotFound",
}
ERRORS = ErrorNames("SNS", "AmazonSNS", frozenset(_CODES.values()))
_ENVELOPE_BYTES = 258
"""What AWS's XML around a message id weighs; 294 in all."""


class SnsIntegration:
    """Publishes to the embedded topics."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused:
        """Publish as part of the turn."""
        try:
            answer = publish(self._topics, turn, call, _parameters(call.parameters))
        except ServiceError as error:
            return _refused(error, call)
        length = _ENVELOPE_BYTES + len(answer["MessageId"])
        sequence = answer.get("SequenceNumber")
        if sequence is not None:
            length += len(f"<SequenceNumber>{sequence}</SequenceNumber>")
        return Answered(with_metadata(answer, call, content_type="text/xml", length=length))


def _refused(error: ServiceError, call: ServiceCall) -> Refused:
    """The exception is named by its class, the cause tells the code of the wire."""
    shape = _CODES.get(error.code)
    told = ERRORS.refused(error, call)
    return told if shape is None else Refused(f"SNS.{shape}Exception", told.cause)


def _parameters(given: JsonValue) -> JsonObject:
    """The parameters of Publish; a message that is not text becomes its JSON."""
    if not isinstance(given, dict):
        return {}
    params: JsonObject = {k: v for k, v in given.items() if v is not None}
    message = params.get("Message")
    if message is not None and not isinstance(message, str):
        params["Message"] = encode_text(message)
    return params
