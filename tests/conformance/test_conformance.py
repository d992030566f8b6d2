"""A real server answers the recorded cases as AWS did, at least those of the floor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stepwell.testing.server import ServerProcess
from tests.conformance import cases
from tests.conformance.floor import RESULTS_PATH, fallen_below, listing, unexplained
from tests.conformance.play import ALL_SECONDS_MAX, Outcome, play
from tests.shared import require_shared

pytestmark = pytest.mark.timeout(ALL_SECONDS_MAX + 60)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    """How every playable case ends against a fresh server."""
    require_shared("conformance", "run")
    with ServerProcess(tmp_path_factory.mktemp("conformance") / "data") as server:
        yield play(server.endpoint, RESULTS_PATH)


def test_no_case_falls_below_the_floor(outcomes: list[Outcome]) -> None:
    """Every case of passing.txt passes."""
    fallen = fallen_below(outcomes)
    assert not fallen, "\n" + "\n".join(fallen)


def test_new_passes_are_told(outcomes: list[Outcome]) -> None:
    """Cases that pass and are not in the floor yet are named, with the command that adds them."""
    added = sorted({o.id for o in outcomes if o.passed} - set(cases.floor()))
    if added:
        shown = ", ".join(added[:5]) + (", ..." if len(added) > 5 else "")
        pytest.skip(f"{len(added)} more cases pass: run make conformance-floor ({shown})")


def test_the_floor_is_a_sorted_list_of_playable_cases() -> None:
    """passing.txt holds ids of recorded cases that can be played, sorted, each once."""
    require_shared("conformance", "cases")
    listed = cases.floor()
    assert listed == sorted(set(listed))
    assert set(listed) - {case.id for case in cases.load() if case.playable} == set()


def test_the_listing_of_the_rest_is_true() -> None:
    """not_yet.md is what passing.txt and reasons.json come to, and no case is left out of both."""
    require_shared("conformance", "cases")
    known, passed = cases.load(), set(cases.floor())
    assert unexplained(known, passed, cases.reasons()) == []
    text = cases.NOT_YET_PATH.read_text(encoding="utf-8")
    assert text == listing(known, passed, cases.reasons())
