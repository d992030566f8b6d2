"""Whoever wants to know what executions do, in the turn that keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepwell.engine.events import HistoryEvent
from stepwell.runtime.live import Live
from stepwell.runtime.turn import Turn


class Watcher(Protocol):
    """Writes logs, sends events: what it stages is on disk together with the history."""

    def happened(self, turn: Turn, live: Live, events: Sequence[HistoryEvent]) -> None:
        """An execution, standard or express, made these events.

        Called for every one, so what does not concern the watcher must cost nothing. It must not
        raise. `live.row` is as it will be kept: of an execution that ended, with its end.
        """
