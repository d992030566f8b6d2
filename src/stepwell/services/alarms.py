"""One alarm for each key: set, moved, called off, all of them called off."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from stepwell.runtime.ports import Alarm

K = TypeVar("K", bound=Hashable)


class Alarms(Generic[K]):
    """See the module."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._set: dict[K, Callable[[], None]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._set

    def set(self, key: K, at: int, ring: Callable[[], None]) -> None:
        """Call `ring` at that time, and not at the one that was set before."""
        self.call_off(key)

        def due() -> None:
            self._set.pop(key, None)
            ring()

        self._set[key] = self._alarm.call_at(at, due)

    def call_off(self, key: K) -> None:
        """Do not call for that key."""
        call_off = self._set.pop(key, None)
        if call_off is not None:
            call_off()

    def call_off_all(self) -> None:
        """Do not call at all."""
        for call_off in self._set.values():
            call_off()
        self._set.clear()
