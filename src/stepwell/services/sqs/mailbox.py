"""The messages of one queue: which are ready, delayed, in flight, or only on disk.

Pure: time is an argument, nothing is read or written. The caller stages the rows.

    add ----> READY <-----------------.
      `-> DELAYED --(visible_at)--^   |
    READY --deliver--> IN_FLIGHT --(visible_at)--'
    any --remove--> gone

The window: messages whose sequence is below `horizon` are in memory, later ones only on disk, in
order of arrival. `horizon` None means that everything is in memory. Once the window is full, new
messages go beyond the horizon; the owner loads them with `fill` when nothing here is ready. What
is in flight does not fill the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from stepwell.services.sqs.limits import Settings
from stepwell.services.sqs.lines import Arrivals, Groups, Line
from stepwell.services.sqs.messages import DELAYED, IN_FLIGHT, READY, Message

_STALE_TIMERS_MAX = 20_000


class Mailbox:
    """See the module. `total` counts all messages, also those only on disk."""

    __slots__ = (
        "_line",
        "_settings",
        "_timers",
        "box",
        "delayed",
        "horizon",
        "in_flight",
        "last_sequence",
        "messages",
        "total",
        "weight",
    )

    def __init__(self, box: int, settings: Settings, *, fifo: bool) -> None:
        self.box = box
        self.messages: dict[int, Message] = {}
        self.total = 0
        self.in_flight = 0
        self.delayed = 0
        self.weight = 0
        self.horizon: int | None = None
        self.last_sequence = 0
        self._settings = settings
        self._line: Line = Groups(self.messages) if fifo else Arrivals(self.messages)
        self._timers: list[tuple[int, int]] = []

    @property
    def visible(self) -> int:
        """How many messages could be received, as far as is known here."""
        return self.total - self.in_flight - self.delayed

    @property
    def waiting_here(self) -> int:
        """How many ready messages are in memory; FIFO groups in flight may hold them up."""
        return len(self.messages) - self.in_flight - self.delayed

    def add(self, message: Message, now: int) -> bool:
        """Take a new message, the newest of all. False: it is beyond the horizon, on disk only."""
        self.total += 1
        self.last_sequence = message.sequence
        if self.horizon is None and self.full:
            self.horizon = message.sequence
        if self.horizon is not None:
            return False
        self._hold(message, now)
        return True

    def fill(self, loaded: Sequence[Message], horizon: int | None, now: int) -> None:
        """Take what was on disk only; `horizon` is the first sequence that still is."""
        for message in loaded:
            self._hold(message, now)
        self.horizon = horizon

    def tick(self, now: int) -> None:
        """Let delays and visibility timeouts that are over run out."""
        timers = self._timers
        while timers and timers[0][0] <= now:
            due, sequence = heappop(timers)
            message = self.messages.get(sequence)
            if message is None or message.visible_at != due or message.state == READY:
                continue
            self._surface(message)

    def next_due(self) -> int | None:
        """When the next delay or visibility timeout is over."""
        timers = self._timers
        while timers:
            due, sequence = timers[0]
            message = self.messages.get(sequence)
            if message is not None and message.visible_at == due and message.state != READY:
                return due
            heappop(timers)
        return None

    def next(self) -> Message | None:
        """Take the next ready message out of the line: deliver it, or remove it."""
        return self._line.next()

    def put_back(self, message: Message) -> None:
        """The message that `next` gave stays where it was; the receive is over."""
        self._line.enter(message)
        self._line.end()

    def end(self) -> None:
        """The receive that called `next` is over."""
        self._line.end()

    def deliver(self, message: Message, now: int, visible_at: int, receipt: int) -> None:
        """The message that `next` gave goes into flight."""
        message.state = IN_FLIGHT
        message.receive_count += 1
        message.received_at = now
        if not message.first_received_at:
            message.first_received_at = now
        message.receipt = receipt
        message.visible_at = visible_at
        self.in_flight += 1
        self._line.lock(message)
        self._schedule(message)

    def reschedule(self, message: Message, visible_at: int) -> None:
        """A message in flight comes back at another time."""
        message.visible_at = visible_at
        self._schedule(message)

    def remove(self, message: Message) -> None:
        """The message is gone."""
        del self.messages[message.sequence]
        self.total -= 1
        self.weight -= message.weight
        if message.state == IN_FLIGHT:
            self.in_flight -= 1
            self._line.unlock(message)
            return
        if message.state == DELAYED:
            self.delayed -= 1
        self._line.leave(message)

    @property
    def full(self) -> bool:
        """Whether the window holds all it may."""
        settings = self._settings
        held = len(self.messages) - self.in_flight
        return held >= settings.window_messages or self.weight >= settings.window_bytes

    def _hold(self, message: Message, now: int) -> None:
        self.messages[message.sequence] = message
        self.weight += message.weight
        if message.visible_at <= now:
            message.state = READY
            self._line.enter(message)
            return
        if message.receive_count:
            message.state = IN_FLIGHT
            self.in_flight += 1
            self._line.lock(message)
        else:
            message.state = DELAYED
            self.delayed += 1
            self._line.enter(message)
        self._schedule(message)

    def _schedule(self, message: Message) -> None:
        """Wake the message at its time. Entries that lost their meaning are swept when too many."""
        timers = self._timers
        heappush(timers, (message.visible_at, message.sequence))
        if len(timers) > _STALE_TIMERS_MAX + 2 * (self.in_flight + self.delayed):
            timers[:] = [
                (m.visible_at, m.sequence) for m in self.messages.values() if m.state != READY
            ]
            heapify(timers)

    def _surface(self, message: Message) -> None:
        if message.state == DELAYED:
            message.state = READY
            self.delayed -= 1
            self._line.ripen(message)
        else:
            message.state = READY
            self.in_flight -= 1
            self._line.enter(message)
            self._line.unlock(message)
