"""How findings are joined for the API and shown in a terminal."""

from __future__ import annotations

import json

import pytest

from stepwell.language.check import check_definition
from stepwell.language.diagnostics import (
    LINE_WIDTH_MAX,
    Diagnostic,
    InvalidDefinition,
    has_errors,
    render,
    schema_error,
)
from stepwell.language.source import scan_places
from stepwell.values import JsonObject


def test_the_refusal_joins_the_errors_as_aws_does() -> None:
    """Code, text and place of each, parted by commas, within quotes."""
    refused = InvalidDefinition(
        [
            Diagnostic(
                "ERROR",
                "MISSING_TRANSITION_TARGET",
                "Missing 'Next' target: b",
                "/States/a/Next",
            ),
            Diagnostic("WARNING", "NO_DOLLAR", "Not of interest", "/States/a"),
            schema_error("Value cannot be empty", "/States/c/Branches"),
        ]
    )
    assert refused.code == "InvalidDefinition"
    assert refused.status == 400
    assert refused.message == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: b "
        "at /States/a/Next, SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/c/Branches'"
    )
    assert len(refused.diagnostics) == 3


def test_a_finding_without_a_place_is_at_null() -> None:
    """AWS writes it so."""
    missing = Diagnostic("ERROR", "MISSING_END_STATE", "Workflow has no terminal state")
    assert InvalidDefinition([missing]).message == (
        "Invalid State Machine Definition: "
        "'MISSING_END_STATE: Workflow has no terminal state at null'"
    )


def test_warnings_are_no_errors() -> None:
    """Only errors forbid a definition."""
    warning = Diagnostic("WARNING", "NO_PATH", "x")
    assert not has_errors([warning])
    assert has_errors([warning, schema_error("x", "/")])


def test_a_finding_is_shown_with_its_line_a_caret_and_a_hint() -> None:
    """What, where, what was seen, what would be right."""
    finding = Diagnostic(
        "ERROR", "SCHEMA_VALIDATION_FAILED", "No such type", "/States/A/Type", 2, 3, "say Pass"
    )
    assert render(finding, '{\r\n\t "Type": "Pas"\r\n}') == (
        "error[SCHEMA_VALIDATION_FAILED]: No such type\n"
        "  at line 2, column 3 /States/A/Type\n"
        '    2 |   "Type": "Pas"\n'
        "      |   ^\n"
        "  hint: say Pass"
    )


def test_a_finding_is_shown_without_what_is_not_known() -> None:
    """No line, no place, no hint: the sentence alone; a line past the text shows no excerpt."""
    assert render(Diagnostic("WARNING", "X", "Y"), "") == "warning[X]: Y"
    assert render(Diagnostic("ERROR", "X", "Y", "", 9, 1), "{}") == (
        "error[X]: Y\n  at line 9, column 1"
    )


def test_only_a_window_of_a_long_line_is_shown() -> None:
    """A definition in one line of a megabyte still shows the place under the caret."""
    text = "a" * 1000 + "X" + "b" * 1000
    shown = render(Diagnostic("ERROR", "X", "Y", "/", 1, 1001), text).split("\n")
    assert len(shown[2]) == len("    1 | ") + LINE_WIDTH_MAX
    assert shown[2][shown[3].index("^")] == "X"


@pytest.mark.parametrize(
    ("definition", "place", "hint"),
    [
        ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Nxt": "B"}}}, "/States/A/Nxt", "Next"),
        ({"StartAt": "A", "States": {}, "Statez": 1}, "/Statez", "States"),
        ({"StartAt": "Ask", "States": {"Aks": {"Type": "Succeed"}}}, "/StartAt", "Aks"),
        (
            {
                "StartAt": "A",
                "States": {
                    "A": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::sqs:sendMesage",
                        "End": True,
                    }
                },
            },
            "/States/A/Resource",
            "sqs:sendMessage",
        ),
    ],
)
def test_the_nearest_valid_name_is_offered_where_the_wrong_one_stands(
    definition: JsonObject, place: str, hint: str
) -> None:
    """Line and column are those of the wrong name, also where AWS only names what is around it."""
    text = json.dumps(definition, indent=1)
    [found] = [f for f in check_definition(text) if f.hint == f"did you mean '{hint}'?"]
    line, column = scan_places(text).line_and_column(place)
    assert found.place == place
    assert (found.line, found.column) == (line, column)
    assert text.split("\n")[line - 1][column - 1 :].startswith('"')
