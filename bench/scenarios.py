"""The scenarios, what each measures, and the ratios to the probe that Stepwell must reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Result = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load scenario.

    `metric` is the number in the harness's result that counts, `unit` how it reads. `floor` is what
    Stepwell must reach and `aim` what it should: ratios to the probe where the probe plays, else
    values. `alone` scenarios are played once, not against the probe. With `lower` less is better.
    `latency` names the latencies that are shown: of the call that waits for the disk, or reads.
    """

    name: str
    metric: str
    unit: str
    count: int
    at_once: int
    floor: float
    aim: float
    alone: bool = False
    lower: bool = False
    latency: str = ""
    not_yet: str = ""

    def value(self, result: Result) -> float | None:
        """The number that counts; None when the run did not give one."""
        found = result.get(self.metric)
        return float(found) if isinstance(found, int | float) else None

    def worst_usual(self, result: Result) -> float | None:
        """The latency that 99 of 100 calls stay below, in milliseconds."""
        found = result.get(self.latency)
        slow = found.get("p99") if isinstance(found, dict) else None
        return float(slow) if isinstance(slow, int | float) else None

    def trouble(self, result: Result) -> str:
        """Why a run's number must not count; empty when it does."""
        if errors := result.get("errors"):
            return f"errors: {errors}"
        if result.get("drained") is False:
            return "executions were still running at the end"
        for lost in ("lost_executions", "lost_tokens"):
            if result.get(lost):
                return f"{lost.replace('_', ' ')}: {result[lost]}"
        if result.get("status") not in (None, "SUCCEEDED"):
            return f"the execution ended {result['status']}"
        return ""


SCENARIOS = (
    Scenario("pass1", "completed_per_s", "executions/s", 5_000, 32, 0.45, 0.8, latency="start_ms"),
    Scenario(
        "chain10", "completed_per_s", "executions/s", 3_000, 32, 0.45, 0.8, latency="start_ms"
    ),
    Scenario(
        "callback",
        "callbacks_per_s",
        "callbacks/s",
        3_000,
        32,
        0.5,
        0.9,
        latency="send_task_success_ms",
    ),
    Scenario(
        "parallel3", "completed_per_s", "executions/s", 3_000, 32, 0.45, 0.8, latency="start_ms"
    ),
    Scenario("history", "pages_per_s", "pages/s", 1_000, 16, 0.5, 0.9, latency="page_ms"),
    Scenario(
        "waiting",
        "bytes_per_waiting",
        "bytes of memory",
        100_000,
        32,
        2_000,
        200,
        alone=True,
        lower=True,
    ),
    Scenario(
        "restart",
        "api_answers_after_s",
        "s to the first answer",
        10_000,
        32,
        2.0,
        0.7,
        alone=True,
        lower=True,
    ),
    Scenario("lambda-callback", "callbacks_per_s", "callbacks/s", 1_000, 8, 60, 200, alone=True),
    Scenario(
        "map1000",
        "items_per_s",
        "items/s",
        5,
        1,
        0.4,
        0.8,
    ),
    Scenario(
        "express",
        "requests_per_s",
        "requests/s",
        3_000,
        32,
        0.35,
        0.6,
    ),
)
"""In the order of the table."""


def named(names: str) -> list[Scenario]:
    """The scenarios of a comma-separated list. Raises ValueError naming an unknown one."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in wanted]
