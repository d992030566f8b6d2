"""Definitions that others call valid are valid here, but for those that are argued for.

Two validators that know nothing of this project have judged each definition of the corpus, and some
are fixtures that their own project asserts to be valid. Where we find an error all the same, the
reason is listed here, and one by one in docs/reference/other-validators.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from stepwell.language.diagnostics import ERROR
from stepwell.language.review import NOT_RUN_HERE, review_definition
from tests.language.test_check_corpus import OTHER_CLASS
from tests.shared import ROOT, require_shared, shared_path

NOT_A_RESOURCE = "the Resource is no ARN of AWS's (placeholders and made-up services)"
LOWER_CASE = "an AWS SDK action is written in camelCase on AWS"
NO_REGION = "an ARN of a Lambda function has a region and an account"
NEEDED = "AWS requires parameters of that integration, or of Credentials"
MEANT_TO_FAIL = "the fixture tests a definition that AWS refuses"
PIECE = "the fixture is a piece of a definition, or a template that is filled in later"
RECORDED = "AWS documents or was recorded refusing this"
PATH = "a path begins with `$`, also in a sample of AWS's"

ARGUED: dict[str, str] = {
    NOT_A_RESOURCE: (
        "0052 0055 0480 0650 0652 0672 0673 0674 0675 0679 0680 0681 0682 0684 0685 0686 0687 0688"
        " 0706 0707 0730 0731 0732 0733 0735 0739 0741 0745 0746 0748 0762 0891 1071 1192 1224"
        " 1283 1465"
    ),
    LOWER_CASE: "1242 1270 1277 1294 1295 1363",
    NO_REGION: "0041 0376",
    NEEDED: "0683 1462 1466 1482 1483 1484",
    MEANT_TO_FAIL: "0827 0829 0831 0832 1135 1621",
    PIECE: "0893 1130 1212 1213",
    RECORDED: "0002 0024 0479",
    PATH: "0183",
}
"""By reason, the numbers of the fixtures."""

CALLED_VALID_MIN = 1_000

PAGE = ROOT / "docs" / "reference" / "other-validators.md"
INVALID_HEADING = "## Called invalid by others"


def called_valid() -> list[Path]:
    """The definitions that both validators take, or that their project asserts to be valid."""
    found = []
    for path in sorted(shared_path("corpus", "definitions").glob("*.json")):
        fixture = json.loads(path.read_text())
        verdicts = fixture["oracles"].values()
        if fixture.get("asserted_valid_by") or all(verdict == "ok" for verdict in verdicts):
            found.append(path)
    return found


def test_what_others_call_valid_is_valid_here(capsys: pytest.CaptureFixture[str]) -> None:
    """But for the fixtures that are argued for, which are few."""
    require_shared("corpus", "definitions")
    reasons = {number: reason for reason, listed in ARGUED.items() for number in listed.split()}
    table: Counter[str] = Counter()
    surprises = []
    for path in called_valid():
        fixture = json.loads(path.read_text())
        text = fixture.get("definition_text") or json.dumps(fixture["definition"])
        found = review_definition(text, machine_type=fixture.get("type") or "STANDARD")
        errors = [finding for finding in found if finding.severity == ERROR]
        reason = reasons.get(path.name[:4])
        if errors and reason is None:
            surprises += [f"{path.name}: {e.message} at {e.location}" for e in errors]
        elif errors:
            table[f"refused: {reason}"] += 1
        elif any(finding.code == NOT_RUN_HERE for finding in found):
            table["valid, not run here yet"] += 1
        else:
            table["valid"] += 1
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in table.most_common()))  # noqa: T201
    assert surprises == []
    assert sum(table.values()) >= CALLED_VALID_MIN


def test_what_the_corpus_doubts_is_refused() -> None:
    """But for one deployed definition that retries after 0 seconds."""
    folder = require_shared("corpus", "doubtful")
    valid = []
    for path in sorted(folder.glob("*.json")):
        fixture = json.loads(path.read_text())
        text = fixture.get("definition_text") or json.dumps(fixture["definition"])
        found = review_definition(text, machine_type=fixture.get("type") or "STANDARD")
        valid += [] if any(finding.severity == ERROR for finding in found) else [path.name[:4]]
    assert valid == ["0037"]


def argued() -> list[str]:
    """The numbers of all definitions that are argued for."""
    return [number for listed in ARGUED.values() for number in listed.split()]


def test_each_fixture_is_argued_for_once() -> None:
    """No number stands in two lists."""
    assert len(argued()) == len(set(argued()))


def test_what_is_argued_for_is_still_refused() -> None:
    """An argument that is not needed any more goes; and the page says what is really found."""
    folder = require_shared("corpus", "definitions")
    page = PAGE.read_text(encoding="utf-8")
    for number in argued():
        (path,) = folder.glob(f"{number}-*.json")
        fixture = json.loads(path.read_text())
        text = fixture.get("definition_text") or json.dumps(fixture["definition"])
        found = review_definition(text, machine_type=fixture.get("type") or "STANDARD")
        assert found[0].severity == ERROR, number
        (row,) = re.findall(rf"^\| {number} .*$", page.split(INVALID_HEADING)[0], re.MULTILINE)
        assert found[0].message.split(". ")[0].rstrip(".") in row


def test_the_page_lists_every_difference() -> None:
    """Every one that the tests allow, and no other."""
    valid, invalid = PAGE.read_text(encoding="utf-8").split(INVALID_HEADING)
    assert sorted(re.findall(r"^\| (\d{4}) ", valid, re.MULTILINE)) == sorted(argued())
    rows = re.findall(r"^\| (\d{4}) [^|]*\|[^|]*\| `?([^`|]*?)`? \|", invalid, re.MULTILINE)
    assert {number: "" if code == "valid" else code for number, code in rows} == OTHER_CLASS
