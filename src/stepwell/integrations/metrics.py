"""Counters and gauges for Prometheus, at `/_stepwell/metrics`.

Executions are counted as they happen, by watching them, with nothing but whole numbers; everything
else is done when somebody asks. Counters begin at zero with the process. Only so many machines have
labels of their own; the rest is counted together as `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from stepwell.engine.events import HistoryEvent
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.live import Live
from stepwell.runtime.turn import Turn
from stepwell.services.api import Door, HttpAnswer, HttpRequest
from stepwell.services.sqs.queues import Queues

PATH = "/_stepwell/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MACHINES_MAX = 500
QUEUES_MAX = 1_000
OTHER = "other"

_BOUNDS = (10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000, 604_800_000)
"""Of the durations, in milliseconds."""
_STARTED = "ExecutionStarted"
_ENDS = {
    "ExecutionSucceeded": "succeeded",
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "timed_out",
    "ExecutionAborted": "aborted",
}
_TROUBLE = frozenset(
    f"{what}{how}"
    for what in ("Task", "Activity", "LambdaFunction")
    for how in ("Failed", "TimedOut", "ScheduleFailed", "StartFailed", "SubmitFailed")
)
_NOTED = frozenset((_STARTED, *_ENDS, *_TROUBLE))


class Metrics(Collector):
    """A watcher of executions, and the page of what it saw.

    What is counted was staged; should its commit fail, it was counted all the same.
    """

    def __init__(
        self,
        queues: Queues,
        ledger: Ledger,
        now: Callable[[], int],
        throttled: Callable[[], int] = lambda: 0,
    ) -> None:
        self._queues = queues
        self._ledger = ledger
        self._now = now
        self._throttled = throttled
        self._counts: dict[str, Counter[str]] = {}
        self._durations = [0] * (len(_BOUNDS) + 1)
        self._duration_ms = 0
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def happened(self, turn: Turn, live: Live, events: Sequence[HistoryEvent]) -> None:
        """Count beginnings, ends and failed tasks."""
        for event in events:
            if event.type in _NOTED:
                self._of(live.execution.identity.machine_name)[event.type] += 1
                if event.type in _ENDS:
                    took = self._now() - live.row.started_at
                    self._durations[bisect_left(_BOUNDS, took)] += 1
                    self._duration_ms += took

    def _of(self, machine: str) -> Counter[str]:
        counts = self._counts.get(machine)
        if counts is None:
            name = machine if len(self._counts) < MACHINES_MAX else OTHER
            counts = self._counts.setdefault(name, Counter())
        return counts

    def door(self) -> Door:
        """The way in for Prometheus; it needs no credentials."""
        return Door((), (PATH,), self._answer)

    async def _answer(self, request: HttpRequest) -> HttpAnswer | None:
        if request.path != PATH or request.method != "GET":
            return None
        return HttpAnswer(200, [("content-type", CONTENT_TYPE)], generate_latest(self._registry))

    def collect(self) -> Iterator[Metric]:
        """Everything as it is now."""
        yield from self._executions()
        yield self._messages()
        throttled = _counter(
            "execution_throttled", "Transitions and retries that waited for AWS's rate"
        )
        throttled.add_metric([], self._throttled())
        yield throttled
        yield GaugeMetricFamily(
            "stepwell_commits", "Transactions written since the start", value=self._ledger.commits
        )

    def _executions(self) -> Iterator[Metric]:
        started = _counter("executions_started", "Executions begun", "machine")
        ended = _counter("executions_ended", "Executions ended", "machine", "status")
        trouble = _counter(
            "task_failures", "Tasks that failed or timed out, tried again or not", "machine"
        )
        for machine, counts in self._counts.items():
            started.add_metric([machine], counts[_STARTED])
            trouble.add_metric([machine], sum(counts[kind] for kind in _TROUBLE))
            for kind, status in _ENDS.items():
                ended.add_metric([machine, status], counts[kind])
        yield started
        yield ended
        yield trouble
        yield self._took()

    def _took(self) -> Metric:
        buckets, total = [], 0
        for bound, count in zip((*_BOUNDS, None), self._durations, strict=True):
            total += count
            buckets.append(("+Inf" if bound is None else str(bound / 1000), total))
        family = HistogramMetricFamily("stepwell_execution_seconds", "How long executions took")
        family.add_metric([], buckets, self._duration_ms / 1000)
        return family

    def _messages(self) -> Metric:
        messages = GaugeMetricFamily(
            "stepwell_queue_messages",
            "Messages by queue and state",
            labels=["account", "region", "queue", "state"],
        )
        for number, queue in enumerate(self._queues.everyone()):
            if number == QUEUES_MAX:
                break
            box, where = queue.mailbox, [queue.account, queue.region, queue.name]
            messages.add_metric([*where, "visible"], box.visible)
            messages.add_metric([*where, "in_flight"], box.in_flight)
            messages.add_metric([*where, "delayed"], box.delayed)
        return messages


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"stepwell_{name}", text, labels=list(labels))
