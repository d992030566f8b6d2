"""What the runtime is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepwell.engine.limits import Limits
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.objects import NO_OBJECTS, ObjectStore
from stepwell.runtime.ports import Alarm, Clock, Ids, Integrations, Store
from stepwell.runtime.programs import Programs
from stepwell.runtime.watching import Watcher


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
    watchers: list[Watcher] = field(default_factory=list)
    """May be added to once everything exists."""
