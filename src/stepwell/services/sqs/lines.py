"""In which order the messages of a mailbox are handed out.

A line holds sequences only; what they stand for is looked up in the mailbox's messages, so a
message that is gone leaves a stale sequence that is skipped when its turn comes.

    Arrivals   standard queues: first come, first served; a returned message goes to the end
    Groups     FIFO queues: each group in order of sequence, nothing behind what is in flight
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Protocol

from stepwell.services.sqs.messages import IN_FLIGHT, READY, Message


class Line(Protocol):
    """Who is next. One receive is `next` until None or enough, then `end`."""

    def enter(self, message: Message) -> None:
        """A message came, ready or delayed, or came back from flight."""

    def ripen(self, message: Message) -> None:
        """A delayed message became ready."""

    def next(self) -> Message | None:
        """Take the next ready message out of the line."""

    def end(self) -> None:
        """The receive is over."""

    def lock(self, message: Message) -> None:
        """The message that `next` gave is in flight now."""

    def unlock(self, message: Message) -> None:
        """A message in flight is gone, or has entered again."""

    def leave(self, message: Message) -> None:
        """A message that was not in flight is gone."""


class Arrivals:
    """The line of a standard queue."""

    __slots__ = ("_messages", "_waiting")

    def __init__(self, messages: Mapping[int, Message]) -> None:
        self._messages = messages
        self._waiting: deque[int] = deque()

    def enter(self, message: Message) -> None:
        """A ready message joins the end; a delayed one comes back when it is ripe."""
        if message.state == READY:
            self._waiting.append(message.sequence)

    def ripen(self, message: Message) -> None:
        """A delayed message joins the end."""
        self._waiting.append(message.sequence)

    def next(self) -> Message | None:
        """The one that waited longest."""
        waiting = self._waiting
        while waiting:
            message = self._messages.get(waiting.popleft())
            if message is not None and message.state == READY:
                return message
        return None

    def end(self) -> None:
        """Nothing to do."""

    def lock(self, message: Message) -> None:
        """Messages in flight hold nobody up."""

    def unlock(self, message: Message) -> None:
        """Messages in flight hold nobody up."""

    def leave(self, message: Message) -> None:
        """Its sequence is skipped when its turn comes."""


class _Group:
    __slots__ = ("flying", "offered", "waiting")

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.flying: list[int] = []
        self.offered = 0
        """The sequence under which the group stands among the open ones; 0 for none."""


class Groups:
    """The line of a FIFO queue.

    A group hands out its messages in order, and none that stands behind one in flight. `_open`
    orders the groups that have something to give by the sequence of their first message. One
    receive takes as many messages of one group as it can before it goes on to the next group;
    what it took itself does not hold it up, so it remembers the barrier it found (`_current`).
    """

    __slots__ = ("_current", "_groups", "_messages", "_open")

    def __init__(self, messages: Mapping[int, Message]) -> None:
        self._messages = messages
        self._groups: dict[str, _Group] = {}
        self._open: list[int] = []
        self._current: list[tuple[str, int | None]] = []

    def enter(self, message: Message) -> None:
        """Take the place in the group that the sequence gives; a delayed head holds its group."""
        name = message.group or ""
        heappush(self._group(name).waiting, message.sequence)
        self._offer(name)

    def ripen(self, message: Message) -> None:
        """The message stands in its group already."""
        self._offer(message.group or "")

    def next(self) -> Message | None:
        """The next of the group begun in this receive, else the head of the oldest open group."""
        if self._current:
            name, barrier = self._current[-1]
            group = self._groups[name]
            head = self._head(group)
            if head is not None and _may_go(head, barrier):
                heappop(group.waiting)
                return head
        while self._open:
            head = self._messages.get(heappop(self._open))
            if head is None:
                continue
            name = head.group or ""
            group = self._groups[name]
            if group.offered == head.sequence:
                group.offered = 0
            barrier = self._barrier(group)
            if self._head(group) is not head or not _may_go(head, barrier):
                continue
            heappop(group.waiting)
            self._current.append((name, barrier))
            return head
        return None

    def end(self) -> None:
        """Groups that still have something to give are open again; empty ones are forgotten."""
        current, self._current = self._current, []
        for name, _ in current:
            self._offer(name)

    def lock(self, message: Message) -> None:
        """What stands behind the message waits while it is in flight."""
        heappush(self._group(message.group or "").flying, message.sequence)

    def unlock(self, message: Message) -> None:
        """What stood behind the message may be free now."""
        self._offer(message.group or "")

    def leave(self, message: Message) -> None:
        """Whoever stood behind it may be the head now."""
        self._offer(message.group or "")

    def _group(self, name: str) -> _Group:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
        return group

    def _offer(self, name: str) -> None:
        group = self._groups.get(name)
        if group is None or any(name == taken for taken, _ in self._current):
            return
        head = self._head(group)
        barrier = self._barrier(group)
        if head is None:
            if barrier is None:
                del self._groups[name]
        elif _may_go(head, barrier) and group.offered != head.sequence:
            group.offered = head.sequence
            heappush(self._open, head.sequence)

    def _head(self, group: _Group) -> Message | None:
        """The first message of the group that still exists."""
        while group.waiting:
            head = self._messages.get(group.waiting[0])
            if head is not None:
                return head
            heappop(group.waiting)
        return None

    def _barrier(self, group: _Group) -> int | None:
        """The first message of the group that is in flight."""
        while group.flying:
            message = self._messages.get(group.flying[0])
            if message is not None and message.state == IN_FLIGHT:
                return message.sequence
            heappop(group.flying)
        return None


def _may_go(head: Message, barrier: int | None) -> bool:
    return head.state == READY and (barrier is None or head.sequence < barrier)
