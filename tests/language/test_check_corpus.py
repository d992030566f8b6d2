"""Definitions that other people wrote: invalid ones are refused, runnable ones are accepted.

The corpus is shared material beside the working copy. What it calls invalid was classed by its
makers, by inference in most cases; where we differ, the table says why.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from stepwell.language.check import check_definition
from stepwell.language.compile import compile_definition
from stepwell.language.diagnostics import Diagnostic
from stepwell.values import JsonObject, decode
from tests.shared import require_shared, shared_path

OTHER_CLASS = {
    "0025": "SCHEMA_VALIDATION_FAILED",  # asl-validator's own class for a bad ItemReader
    "0026": "DUPLICATE_STATE_NAME",  # AWS's spelling of DUPLICATE_STATE_NAMES
    "0027": "SCHEMA_VALIDATION_FAILED",  # asl-validator's own class for a bad ItemBatcher
    "0032": "SCHEMA_VALIDATION_FAILED",  # asl-validator's own class for two tolerances
    "0042": "INVALID_STATE_NAME",  # AWS lists this code for names that are too long
    "0057": "SCHEMA_VALIDATION_FAILED",  # a catcher that lacks error names still leads to its Next
    "0086": "DUPLICATE_STATE_NAME+MISSING_TRANSITION_TARGET",  # it also repeats a name
    "0089": "DUPLICATE_STATE_NAME+MISSING_TRANSITION_TARGET",  # it also repeats a name
    "0091": "DUPLICATE_STATE_NAME+MISSING_END_STATE",  # it also repeats a name
    "0114": "MISSING_END_STATE+SCHEMA_VALIDATION_FAILED",  # nothing is unreachable without an end
    "0115": "MISSING_END_STATE+SCHEMA_VALIDATION_FAILED",  # without StartAt nothing is unreachable
    # AWS's own code for expressions; the fixture's class is the validator's only one.
    "0001": "INVALID_JSONATA_EXPRESSION+INVALID_VARIABLE_NAME",
    "0022": "INVALID_JSONATA_EXPRESSION",
    "0023": "INVALID_JSONATA_EXPRESSION",
    "0024": "INVALID_JSONATA_EXPRESSION",
    "0016": "",  # blanks around an expression are the validator's opinion
    "0021": "",  # so are missing ones
    "0033": "",  # one validator's opinion on a text as a number: AWS finds it at run time
}
"""What we say instead of the corpus, by the fixture's number."""

INVALID_COUNT = 154
RUNNABLE_COUNT_MIN = 250
FALSE_FRIEND_COUNT_MAX = 156

FALSE_FRIENDS = (
    # What other people's tools take and AWS does not.
    "Value is not a valid resource ARN",
    "is not recognized. The value is not a valid resource ARN",
    "Duplicate State name",
    "Field '",
    "is required",
    "fields are required",
    "Value must be a valid JSONPath.",
    "must be a valid JSONPath or a valid intrinsic function call",
    "QueryLanguage",
    "The field 'Resource' does not match any of the allowed values",
    "[CSV, JSON, JSONL, PARQUET, MANIFEST]",
    "Invalid Label name",
    "Invalid variable name 'top-level'",
    "Reference to '",
    "Expected value of type Array",  # a placeholder for Items
    "Syntax error: ",  # a program's text with %% for %
)


def fixtures(folder: str) -> list[Path]:
    """The folder's fixtures; nothing when the corpus is not there."""
    return sorted(shared_path("corpus", folder).glob("*.json"))


def load(path: Path) -> JsonObject:
    """A fixture."""
    value = decode(path.read_bytes())
    assert isinstance(value, dict)
    return value


def recorded_fixtures() -> list[Path]:
    """The invalid fixtures that hold AWS's own answer."""
    return [path for path in fixtures("invalid") if "recorded from AWS" in path.read_text()]


def text_of(fixture: JsonObject) -> str:
    """The definition's text."""
    text = fixture.get("definition_text")
    return text if isinstance(text, str) else json.dumps(fixture["definition"])


def findings(fixture: JsonObject) -> list[Diagnostic]:
    """What is found in the fixture's definition."""
    machine_type = fixture.get("type")
    return check_definition(text_of(fixture), machine_type=str(machine_type or "STANDARD"))


def classes(diagnostics: list[Diagnostic]) -> str:
    """The codes of the errors, joined as the corpus joins them."""
    return "+".join(sorted({entry.code for entry in diagnostics if entry.severity == "ERROR"}))


def test_the_corpus_is_whole() -> None:
    """The fixtures are there, all of them."""
    require_shared("corpus", "invalid")
    assert len(fixtures("invalid")) == INVALID_COUNT


@pytest.mark.parametrize("path", fixtures("invalid"), ids=lambda path: path.stem[:60])
def test_an_invalid_fixture_is_refused_with_the_right_class(path: Path) -> None:
    """The codes are the corpus's, but for the listed differences."""
    fixture = load(path)
    expected = OTHER_CLASS.get(path.name[:4], fixture["error_class"])
    assert classes(findings(fixture)) == expected


@pytest.mark.parametrize("path", recorded_fixtures(), ids=lambda path: path.stem[:60])
def test_recorded_diagnostics_are_met_to_the_letter(path: Path) -> None:
    """Where the fixture holds AWS's own answer, code, text and place are equal."""
    fixture = load(path)
    expected = fixture["expected"]
    assert isinstance(expected, dict)
    recorded = expected["diagnostics"]
    assert isinstance(recorded, list)
    ours: list[JsonObject] = []
    for finding in findings(fixture):
        entry: JsonObject = {
            "code": finding.code,
            "message": finding.message.replace("arn:aws:", "arn:<partition>:"),
            "severity": finding.severity,
        }
        if finding.location:
            entry["location"] = finding.location
        ours.append(entry)
    assert ours == recorded


def test_definitions_that_use_what_is_there_are_accepted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every definition is run, refused as not run here yet, or refused for a listed AWS reason."""
    require_shared("corpus", "definitions")
    table: Counter[str] = Counter()
    surprises: list[str] = []
    for path in fixtures("definitions"):
        fixture = load(path)
        errors = [finding for finding in findings(fixture) if finding.severity == "ERROR"]
        if not errors:
            compile_definition(text_of(fixture))
            table["runs"] += 1
        elif all(is_not_yet(finding) for finding in errors):
            table["not run here yet"] += 1
        elif all(is_false_friend(finding) for finding in errors):
            table["AWS refuses it too"] += 1
        else:
            surprises += [f"{path.name}: {finding.message}" for finding in errors]
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in table.most_common()))  # noqa: T201
    assert surprises == []
    assert table["runs"] >= RUNNABLE_COUNT_MIN
    assert table["AWS refuses it too"] <= FALSE_FRIEND_COUNT_MAX


def is_not_yet(finding: Diagnostic) -> bool:
    """Whether AWS would take what is refused here."""
    return "This server does not run" in finding.message


def is_false_friend(finding: Diagnostic) -> bool:
    """Whether this is one of the known differences between AWS and the tools the corpus is from."""
    return any(words in finding.message for words in FALSE_FRIENDS)
