"""All log groups and their streams, and the way for lines into them.

Lines are staged in the turn of whoever writes them. Memory holds the groups and streams, the events
are only on disk; retention and what was deleted are cleared by sweeping.
"""

from __future__ import annotations

from collections.abc import Iterable

from stepwell.runtime.turn import Turn
from stepwell.services.logs.errors import no_group, no_stream
from stepwell.services.logs.forwarding import SUBSCRIPTIONS_MAX, forward
from stepwell.services.logs.names import parse_arn
from stepwell.services.logs.records import (
    ABANDONED,
    GROUP,
    LOG_EVENT,
    POLICY,
    STREAM,
    SUBSCRIPTION,
    AbandonedRow,
    GroupRow,
    LogEventRow,
    StreamRow,
)
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready

SHARD = 0
DAY_MS = 86_400_000
CLEARED_MAX = 2_000
"""How many events a sweep clears of one group."""


class Logs:
    """The log groups of a server."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self.groups = Shelf(GROUP, parts.store, parts.ledger)
        self.streams = Shelf(STREAM, parts.store, parts.ledger)
        self.abandoned = Shelf(ABANDONED, parts.store, parts.ledger)
        self.policies = Shelf(POLICY, parts.store, parts.ledger)
        self.subscriptions = Shelf(SUBSCRIPTION, parts.store, parts.ledger)

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(
            self.groups, self.streams, self.abandoned, self.policies, self.subscriptions
        )

    def group(self, scope: str, name: str) -> GroupRow:
        """The group of that name. Raises ServiceError ResourceNotFoundException."""
        row = self.groups.get(scope, name)
        if row is None:
            raise no_group()
        return row

    def stream(self, group: GroupRow, name: str) -> StreamRow:
        """The stream of that name. Raises ServiceError ResourceNotFoundException."""
        row = self.streams.get(group.id, name)
        if row is None:
            raise no_stream()
        return row

    def has_group(self, arn: str) -> bool:
        """Whether there is a group of that ARN (`...:log-group:NAME:*`, or without the star)."""
        found = parse_arn(arn)
        return found is not None and self.groups.get(*found) is not None

    def write(
        self,
        turn: Turn,
        scope: str,
        group: str,
        stream: str,
        lines: Iterable[tuple[int, str]],
        *,
        create: bool = False,
    ) -> None:
        """Append lines (epoch milliseconds, text) to a stream, which is made if need be.

        Without the group they are dropped, unless `create` says that it is made too.
        """
        now = self.parts.clock.now()
        row = self.groups.get(scope, group)
        if row is None:
            if not create:
                return
            row = GroupRow(scope, group, self.parts.ids.next_id(), now, None, "STANDARD", "{}", 0)
            self.groups.put(turn, row)
        found = self.streams.get(row.id, stream)
        if found is None:
            found = StreamRow(row.id, stream, self.parts.ids.next_id(), now, 0, 0, 0)
        self.append(turn, row, found, lines)

    def append(
        self, turn: Turn, group: GroupRow, stream: StreamRow, lines: Iterable[tuple[int, str]]
    ) -> None:
        """Append lines to a stream of the group; the stream's row follows, and so does whoever
        subscribes to them."""
        now, next_id = self.parts.clock.now(), self.parts.ids.next_id
        times = []
        events = []
        for at, message in lines:
            event = LogEventRow(stream.group, at, next_id(), stream.id, now, message)
            turn.put(LOG_EVENT, event)
            events.append(event)
            times.append(at)
        subscriptions = self.subscriptions.first(group.id, SUBSCRIPTIONS_MAX)
        if subscriptions:
            forward(self.parts.deliveries, turn, (group, stream.name), subscriptions, events)
        if times:
            first = min(times) if not stream.first_at else min(stream.first_at, *times)
            stream = stream._replace(
                first_at=first, last_at=max(stream.last_at, *times), ingested_at=now
            )
        self.streams.put(turn, stream)

    def abandon(self, turn: Turn, group: int, stream: int = 0) -> None:
        """Let the events of a group or stream be cleared."""
        self.abandoned.put(turn, AbandonedRow(SHARD, group, stream))
