"""Raises the floor: `make conformance-floor`.

Plays every playable case against a fresh server, twice, adds the ids that pass to `passing.txt`
and writes `not_yet.md`. An id never leaves the floor here: when a case of the floor fails, nothing
is written.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from stepwell.testing.server import ServerProcess
from tests.conformance.cases import FLOOR_PATH, NOT_YET_PATH, Case, floor, load, runner
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
    added = passed - set(floor())
    FLOOR_PATH.write_text("".join(f"{name}\n" for name in sorted(passed)), encoding="utf-8")
    NOT_YET_PATH.write_text(listing(load(), passed), encoding="utf-8")
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


def listing(known: Sequence[Case], passed: set[str]) -> str:
    """What passes and what does not yet, by category, as Markdown."""
    return "\n".join([*_head(known, passed), *_table(known, passed), *_rest(known, passed)]) + "\n"


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


def _rest(known: Sequence[Case], passed: set[str]) -> Iterator[str]:
    """Not yet, by reason: a feature or service to come, or a difference that is a defect."""
    reasons: dict[str, list[Case]] = {}
    for case in known:
        if case.id not in passed:
            reasons.setdefault(case.reason, []).append(case)
    for reason in sorted(reasons, key=lambda r: (r != "differs", r.startswith("needs"), r)):
        yield f"\n## Not yet: {reason} ({len(reasons[reason])})\n"
        for case in reasons[reason]:
            yield f"- {case.category}: `{case.id}`"


def _say(text: str, status: int) -> int:
    sys.stdout.write(text + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
