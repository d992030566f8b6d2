"""The mailbox against a model that is too simple to be wrong.

The model keeps every message in one list and looks at all of it each time. What is asked: no
message is lost or seen twice at once, counts agree, FIFO groups keep their order and hold back what
stands behind a message in flight, and dead letters arrive exactly once.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stepwell.services.sqs import Settings
from stepwell.services.sqs.sweeping import sweep
from tests.services.sqs.world import World

VISIBILITY = 10
RECEIVES_MAX = 2


@dataclass
class Expected:
    """One message as the model sees it."""

    number: int
    group: str
    visible_at: int
    receives: int = 0
    dead: bool = False
    handle: str = ""

    def flies(self, now: int) -> bool:
        """Received, and its time is not over."""
        return self.receives > 0 and self.visible_at > now and not self.dead


class Machine(RuleBasedStateMachine):
    """Random sends, receives, deletes, changes, waits, crashes and sweeps."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.messages: list[Expected] = []
        self.sent = 0

    def run(self, work: Any) -> Any:
        """Run to the end."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        """Close the loop."""
        self.run(self.world.stop())
        self.loop.close()

    @initialize(fifo=st.booleans(), window=st.sampled_from([2, 5, 1000]))
    def start(self, fifo: bool, window: int) -> None:
        """A queue with a dead-letter queue, and a window that may be tiny."""
        self.fifo = fifo
        self.world = World(Settings(window_messages=window, page_messages=2))
        self.run(self._create(".fifo" if fifo else ""))

    async def _create(self, suffix: str) -> None:
        await self.world.start()
        self.dead = await self.world.queue("dead" + suffix)
        policy = {
            "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:000000000000:dead{suffix}",
            "maxReceiveCount": RECEIVES_MAX,
        }
        self.url = await self.world.queue(
            "q" + suffix, RedrivePolicy=json.dumps(policy), VisibilityTimeout=str(VISIBILITY)
        )

    @property
    def now(self) -> int:
        """The virtual time."""
        return self.world.time.now()

    @rule(group=st.sampled_from("abc"), delay=st.sampled_from([0, 0, 0, 3]))
    def send(self, group: str, delay: int) -> None:
        """One more message."""
        self.sent += 1
        params: dict[str, Any] = {"DelaySeconds": delay}
        if self.fifo:
            delay = 0
            params = {"MessageGroupId": group, "MessageDeduplicationId": str(self.sent)}
        self.run(self.world.send(self.url, str(self.sent), **params))
        self.messages.append(Expected(self.sent, group, self.now + delay * 1000))

    @rule(most=st.integers(1, 10))
    def receive(self, most: int) -> None:
        """Whatever comes must be allowed to come, and something comes when something can."""
        now = self.now
        can_come = [m for m in self.messages if self._may_come(m, now)]
        before = {m.number for m in self.messages if m.flies(now)}
        got = self.run(self.world.receive(self.url, most))
        assert len(got) <= most
        self._die_for_want_of_receives(got, now)
        for message in got:
            expected = self._live(int(message["Body"]))
            assert expected.visible_at <= now
            assert expected.number not in before
            assert expected.receives < RECEIVES_MAX
            expected.receives += 1
            expected.visible_at = now + VISIBILITY * 1000
            expected.handle = message["ReceiptHandle"]
        if any(m.receives < RECEIVES_MAX for m in can_come):
            assert got
        if self.fifo:
            self._check_order([int(message["Body"]) for message in got], now)

    def _may_come(self, message: Expected, now: int) -> bool:
        if message.dead or message.visible_at > now:
            return False
        ahead = (m for m in self.messages if m.number < message.number and not m.dead)
        return not self.fifo or all(m.group != message.group or m.visible_at <= now for m in ahead)

    def _die_for_want_of_receives(self, got: list[dict[str, Any]], now: int) -> None:
        """What was received often enough and is gone from the queue is in the other one."""
        letters = self.run(self._letters())
        for number in letters:
            expected = next(m for m in self.messages if m.number == number)
            if not expected.dead:
                assert expected.receives == RECEIVES_MAX
                assert expected.visible_at <= now
                expected.dead = True

    async def _letters(self) -> list[int]:
        found = []
        while messages := await self.world.receive(self.dead):
            for message in messages:
                found.append(int(message["Body"]))
                await self.world.delete(self.dead, message)
        return found

    def _check_order(self, numbers: list[int], now: int) -> None:
        for group in "abc":
            mine = [n for n in numbers if self._live(n).group == group]
            assert mine == sorted(mine)
            if mine:
                ahead = [
                    m
                    for m in self.messages
                    if m.group == group and m.number < mine[-1] and not m.dead
                ]
                assert {m.number for m in ahead} <= set(mine)

    @rule(pick=st.randoms(use_true_random=False))
    def delete(self, pick: Any) -> None:
        """A message in flight is done."""
        flying = [m for m in self.messages if m.flies(self.now)]
        if flying:
            message = pick.choice(flying)
            handle = {"ReceiptHandle": message.handle}
            self.run(self.world.delete(self.url, handle))
            self.messages.remove(message)

    @rule(pick=st.randoms(use_true_random=False), seconds=st.sampled_from([0, 2, 30]))
    def change(self, pick: Any, seconds: int) -> None:
        """A message in flight comes back at another time."""
        flying = [m for m in self.messages if m.flies(self.now)]
        if flying:
            message = pick.choice(flying)
            self.run(
                self.world.call(
                    "ChangeMessageVisibility",
                    QueueUrl=self.url,
                    ReceiptHandle=message.handle,
                    VisibilityTimeout=seconds,
                )
            )
            message.visible_at = self.now + seconds * 1000

    @rule(seconds=st.sampled_from([1, 5, 11]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.run(self.world.time.advance(seconds))

    @rule()
    def crash(self) -> None:
        """Everything in memory is lost after the last commit."""
        self.run(self.world.settle())
        self.run(self.world.restart())

    @rule()
    def sweep(self) -> None:
        """Housekeeping changes nothing that can be seen."""
        self.run(sweep(self.world.queues, self.now))

    @invariant()
    def nothing_is_lost(self) -> None:
        """The queue and the model count the same messages."""
        if not hasattr(self, "url"):
            return
        alive = [m for m in self.messages if not m.dead]
        counts = self.run(self.world.counts(self.url))
        assert sum(counts) == len(alive)

    def _live(self, number: int) -> Expected:
        message = next(m for m in self.messages if m.number == number)
        assert not message.dead
        return message


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
