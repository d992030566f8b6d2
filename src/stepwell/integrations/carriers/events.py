"""Deliveries to buses: the event sets off what it sets off in the turn of its source.

From a rule comes `{"Event": ...}`, a whole event that keeps its id; from any other service
`{"Entries": [...]}` as for PutEvents. API destinations are reached over HTTP.
"""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.integrations.carriers.destinations import Destinations
from stepwell.integrations.carriers.sqs import for_good
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery, Work
from stepwell.services.events.destinations import is_destination
from stepwell.services.events.errors import bus_does_not_exist
from stepwell.services.events.events import Events
from stepwell.services.events.names import BusName, bus_named
from stepwell.services.events.putting import put_entries


class EventsCarrier:
    """Gives events to the embedded buses and to API destinations."""

    def __init__(self, events: Events, destinations: Destinations) -> None:
        self._events = events
        self._destinations = destinations

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work | None:
        """Publish it now, or call an endpoint after the commit."""
        if not self._events.is_ready:
            raise StorageTrouble("The rules are being read again.")
        if is_destination(delivery.target):
            return self._destinations.carry(delivery)
        bus = bus_named(delivery.account, delivery.region, delivery.target)
        if not self._events.exists(bus):
            raise for_good(bus_does_not_exist(bus.name))
        event: Any = delivery.request.get("Event")
        if event is not None:
            self._events.publish(turn, bus, event, forwarded=True)
        else:
            self._put(turn, bus, delivery)
        return None

    def _put(self, turn: Turn, bus: BusName, delivery: Delivery) -> None:
        given: Any = delivery.request.get("Entries") or []
        entries = [{**entry, "EventBusName": bus.arn} for entry in given]
        answer = put_entries(
            self._events, turn, delivery.account, delivery.region, entries, trusted=True
        )
        for result in answer["Entries"]:
            if "ErrorCode" in result:
                raise for_good(ServiceError(result["ErrorCode"], result["ErrorMessage"]))
