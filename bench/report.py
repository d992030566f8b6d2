"""The table of ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.scenarios import Scenario

HEAD = (
    "scenario",
    "Stepwell",
    "probe",
    "ratio",
    "floor",
    "aim",
    "CPU ms",
    "probe",
    "p99 ms",
    "probe",
    "",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario: medians of Stepwell and the probe, CPU milliseconds per operation, the
    latency that 99 of 100 calls stay below, remarks."""

    scenario: Scenario
    ours: float | None = None
    probes: float | None = None
    our_cpu: float | None = None
    probes_cpu: float | None = None
    our_slow: float | None = None
    probes_slow: float | None = None
    note: str = ""

    @property
    def judged(self) -> float | None:
        """What is compared with the floor: the ratio to the probe, or our own value."""
        if self.ours is None or self.scenario.alone:
            return self.ours
        return self.ours / self.probes if self.probes else None

    @property
    def missed(self) -> bool:
        """Whether the floor is not reached; a scenario that is not there yet misses none."""
        if self.scenario.not_yet:
            return False
        if self.judged is None:
            return True
        return self._short_of(self.scenario.floor)

    @property
    def verdict(self) -> str:
        """One word, or the reason why there is no number."""
        if self.scenario.not_yet:
            return self.note
        if self.judged is None:
            return f"no result: {self.note}"
        word = "BELOW THE FLOOR" if self.missed else "ok"
        if not self._short_of(self.scenario.aim):
            word = "aim reached"
        return f"{word} ({self.note})" if self.note else word

    def _short_of(self, mark: float) -> bool:
        assert self.judged is not None
        return self.judged > mark if self.scenario.lower else self.judged < mark

    def facts(self) -> dict[str, object]:
        """The numbers, for a file."""
        return {
            "scenario": self.scenario.name,
            "unit": self.scenario.unit,
            "stepwell": self.ours,
            "probe": self.probes,
            "judged": self.judged,
            "floor": self.scenario.floor,
            "aim": self.scenario.aim,
            "cpu_ms": self.our_cpu,
            "probe_cpu_ms": self.probes_cpu,
            "p99_ms": self.our_slow,
            "probe_p99_ms": self.probes_slow,
            "note": self.note,
        }

    def cells(self) -> tuple[str, ...]:
        """The line of the table."""
        ratio = "" if self.scenario.alone or self.judged is None else f"{self.judged:.2f}"
        return (
            f"{self.scenario.name} [{self.scenario.unit}]",
            number(self.ours),
            number(self.probes),
            ratio,
            number(self.scenario.floor),
            number(self.scenario.aim),
            number(self.our_cpu),
            number(self.probes_cpu),
            number(self.our_slow),
            number(self.probes_slow),
            self.verdict,
        )


def number(value: float | None) -> str:
    """Three figures are enough for a load test."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def render(lines: Sequence[Line]) -> str:
    """The table as Markdown, which also reads well in a terminal."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    shown = [
        "| " + " | ".join(_cell(i, cell, widths[i]) for i, cell in enumerate(row)) + " |"
        for row in rows
    ]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)


def _cell(column: int, text: str, width: int) -> str:
    return text.ljust(width) if column in (0, len(HEAD) - 1) else text.rjust(width)
