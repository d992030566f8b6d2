"""What every embedded service is built from."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Ids, Store
from stepwell.services.deliveries.deliveries import Deliveries


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """The store, the ledger that writes to it, time, chance, and the way to other services."""

    store: Store
    ledger: Ledger
    clock: Clock
    ids: Ids
    alarm: Alarm
    deliveries: Deliveries
