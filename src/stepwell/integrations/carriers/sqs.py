"""Deliveries to queues: the message joins the turn of its source."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.sqs.errors import queue_does_not_exist
from stepwell.services.sqs.queues import Queues


class SqsCarrier:
    """Sends to the embedded queues."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Send the message; `request` is that of SendMessage without QueueUrl."""
        queue = self._queues.by_arn(delivery.target)
        if queue is None:
            raise queue_does_not_exist()
        call = Call(queue.account, queue.region, identity, "")
        self._queues.send(turn, call, {**delivery.request, "QueueUrl": queue.name})
