"""Deliveries to topics: what they hand on joins the turn of the source."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.sqs import for_good
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.sns.publishing import publish
from stepwell.services.sns.topics import Topics


class SnsCarrier:
    """Publishes to the embedded topics."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Publish; `request` is that of Publish without TopicArn."""
        call = Call(delivery.account, delivery.region, identity, "")
        params = {**delivery.request, "TopicArn": delivery.target}
        try:
            publish(self._topics, turn, call, params)
        except ServiceError as error:
            raise for_good(error) from error
