"""What the runtime is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepwell.engine.limits import Limits
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.objects import NO_OBJECTS, ObjectStore
from stepwell.runtime.ports import Alarm, Clock, Ids, Integrations, Store
from stepwell.runtime.programs import Programs


@dataclass(slots=True)
class Parts:
    """What the runtime is built from."""

    store: Store
    ledger: Ledger
    clock: Clock
    ids: Ids
    alarm: Alarm
    programs: Programs
    integrations: Integrations
    limits: Limits = field(default_factory=Limits)
    cached_max: int = 4_000
    objects: ObjectStore = NO_OBJECTS
