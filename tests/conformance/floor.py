"""Raises the floor: `make conformance-floor`.

Plays every playable case against a fresh server, twice, adds the ids that pass to `passing.txt`
and writes `not_yet.md`. An id never leaves the floor here: when a case of the floor fails, nothing
is written. Nor is it when a case fails for which `reasons.json` has no reason, or passes although
it has one.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from stepwell.testing.server import ServerProcess
from tests.conformance.cases import (
    FLOOR_PATH,
    NOT_YET_PATH,
    Case,
    Reason,
    floor,
    load,
    reasons,
    runner,
)
from tests.conformance.play import Outcome, play
from tests.shared import ROOT

ROUNDS = 2
"""A case joins the floor when it passes each time: what passes by luck would fail by bad luck."""

RESULTS_PATH = ROOT / ".state" / "conformance" / "results.json"
"""The runner's whole report of the last time, with the first difference of every case."""


def main() -> int:
    """Play, compare, write; the exit status."""
    if not runner().exists():
        return _say("The recorded cases are not there: set STEPWELL_SHARED to their folder.", 1)
    rounds = [play_afresh() for _ in range(ROUNDS)]
    for outcomes in rounds:
        if fallen := fallen_below(outcomes):
            return _say("\n".join(["These cases of the floor fail:", *fallen]), 1)
    passed = set[str].intersection(*({o.id for o in outcomes if o.passed} for outcomes in rounds))
    if wrong := unexplained(load(), passed, reasons()):
        return _say("\n".join(["reasons.json does not tell the truth:", *wrong]), 1)
    added = passed - set(floor())
    FLOOR_PATH.write_text("".join(f"{name}\n" for name in sorted(passed)), encoding="utf-8")
    NOT_YET_PATH.write_text(listing(load(), passed, reasons()), encoding="utf-8")
    return _say(f"{len(passed)} of {len(rounds[0])} played cases pass, {len(added)} are new.", 0)


def play_afresh() -> list[Outcome]:
    """How every playable case ends against a server with no data."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder) / "data") as server:
        return play(server.endpoint, RESULTS_PATH)


def fallen_below(outcomes: Sequence[Outcome]) -> list[str]:
    """The cases of the floor that did not pass, each with its first difference."""
    ended = {o.id: o for o in outcomes}
    return [
        f"{name}\n    {ended[name].outcome} {ended[name].detail}" if name in ended else name
        for name in floor()
        if name not in ended or not ended[name].passed
    ]


def unexplained(known: Sequence[Case], passed: set[str], why: Sequence[Reason]) -> list[str]:
    """What is wrong with the reasons: cases that have none or two, that pass, that nobody knows."""
    failing = {case.id for case in known if case.playable} - passed
    counted = Counter(name for reason in why for name in reason.cases)
    return [
        *(f"no reason yet: {name}" for name in sorted(failing - set(counted))),
        *(f"does not fail: {name}" for name in sorted(set(counted) - failing)),
        *(f"two reasons: {name}" for name, times in sorted(counted.items()) if times > 1),
    ]


def listing(known: Sequence[Case], passed: set[str], why: Sequence[Reason]) -> str:
    """What passes, by category, and what does not and why, as Markdown."""
    parts = (_head(known, passed), _table(known, passed), _rest(why), _not_played(known))
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(known: Sequence[Case], passed: set[str]) -> list[str]:
    playable = sum(case.playable for case in known)
    return [
        "# Recorded AWS cases: what passes and what does not yet",
        "",
        "Written by `make conformance-floor`; do not edit. A case that passes stands in",
        "`passing.txt`, and from then on a test fails when it does not.",
        "",
        f"{len(passed)} of {playable} cases that need only what Stepwell embeds pass;",
        f"{len(known) - playable} more need services that are not embedded yet.",
        "",
    ]


def _table(known: Sequence[Case], passed: set[str]) -> Iterator[str]:
    everything = Counter(case.category for case in known)
    playable = Counter(case.category for case in known if case.playable)
    fine = Counter(case.category for case in known if case.id in passed)
    yield "| category | pass | playable | all |"
    yield "|---|---|---|---|"
    for category in sorted(everything):
        yield f"| {category} | {fine[category]} | {playable[category]} | {everything[category]} |"
    yield f"| **all** | {len(passed)} | {playable.total()} | {everything.total()} |"


def _rest(why: Sequence[Reason]) -> Iterator[str]:
    """The cases that don't pass, with what differs and why that is right."""
    if not why:
        return
    yield "\n## What does not pass, and why"
    for reason in why:
        yield ""
        yield from (f"- `{name}`" for name in reason.cases)
        yield f"\n  **Recorded:** {reason.differs}"
        yield f"\n  **Why:** {reason.reason}"


def _not_played(known: Sequence[Case]) -> Iterator[str]:
    """The cases that need services which are not embedded."""
    others = [case for case in known if not case.playable]
    if others:
        yield f"\n## Not played: needs other services ({len(others)})\n"
        yield from (f"- {', '.join(case.missing)}: `{case.id}`" for case in others)


def _say(text: str, status: int) -> int:
    sys.stdout.write(text + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
