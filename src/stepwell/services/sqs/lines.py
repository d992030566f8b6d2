"""In which order the messages of a mailbox are handed out.

A line holds sequences only; what they stand for is looked up in the mailbox's messages, so a
message that is gone leaves a stale sequence that is skipped when its turn comes.

    Arrivals   standard queues: first come, first served; a returned message goes to the end
    Groups     FIFO queues: each group in order of sequence, none while some of it is in flight
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Protocol

from stepwell.services.sqs.messages import READY, Message


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
    __slots__ = ("in_flight", "offered", "waiting")

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.in_flight = 0
        self.offered = 0
        """The sequence under which the group stands among the open ones; 0 for none."""


class Groups:
    """The line of a FIFO queue.

    `_open` orders the groups that can be received by the sequence of their first message. One
    receive takes as many messages of one group as it can before it goes on to the next group.
    """

    __slots__ = ("_current", "_groups", "_messages", "_open")

    def __init__(self, messages: Mapping[int, Message]) -> None:
        self._messages = messages
        self._groups: dict[str, _Group] = {}
        self._open: list[int] = []
        self._current: list[str] = []

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
            group = self._groups[self._current[-1]]
            head = self._head(group)
            if head is not None and head.state == READY:
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
            if group.in_flight or head.state != READY or self._head(group) is not head:
                continue
            heappop(group.waiting)
            self._current.append(name)
            return head
        return None

    def end(self) -> None:
        """Groups of which nothing went into flight are open again, or forgotten."""
        current, self._current = self._current, []
        for name in current:
            self._offer(name)

    def lock(self, message: Message) -> None:
        """The group is closed while the message is in flight."""
        self._group(message.group or "").in_flight += 1

    def unlock(self, message: Message) -> None:
        """The group may be open again."""
        name = message.group or ""
        self._groups[name].in_flight -= 1
        self._offer(name)

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
        if group is None or group.in_flight:
            return
        head = self._head(group)
        if head is None:
            if name not in self._current:
                del self._groups[name]
        elif head.state == READY and group.offered != head.sequence:
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
