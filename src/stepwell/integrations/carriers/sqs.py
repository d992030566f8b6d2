"""Deliveries to queues: the message joins the turn of its source."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.sqs.errors import queue_does_not_exist
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.sending import send_within
from stepwell.values import JsonValue


class SqsCarrier:
    """Sends to the embedded queues."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Send the message; `request` is that of SendMessage without QueueUrl.

        What a queue refuses it refuses again, so nothing is tried twice.
        """
        try:
            queue = self._queues.by_arn(delivery.target)
            if queue is None:
                raise queue_does_not_exist()
            call = Call(queue.account, queue.region, identity, "")
            send_within(self._queues, turn, call, {**_request(delivery), "QueueUrl": queue.name})
        except ServiceError as error:
            raise for_good(error) from error


def for_good(error: ServiceError) -> ServiceError:
    """The same refusal, as one that trying again does not change."""
    fields = {**error.fields, "retryable": False}
    return ServiceError(error.code, error.message, status=error.status, fields=fields)


def _request(delivery: Delivery) -> dict[str, Any]:
    """The request with its blobs as bytes."""
    attributes = delivery.request.get("MessageAttributes")
    if not isinstance(attributes, dict):
        return dict(delivery.request)
    read = {name: _attribute(value) for name, value in attributes.items()}
    return {**delivery.request, "MessageAttributes": read}


def _attribute(value: JsonValue) -> object:
    blob = value.get("BinaryValue") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(blob, str):
        return {**value, "BinaryValue": b64decode(blob)}
    return value
