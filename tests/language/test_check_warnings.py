"""What is only warned of."""

from __future__ import annotations

import pytest

from stepwell.language.check import check_definition
from stepwell.values import JsonObject
from tests.language.definitions import choosing, machine, passing

WARNINGS: list[tuple[JsonObject, str, str]] = [
    (passing(Result=[{"a.$": "$.b"}]), "PASS_RESULT_IS_STATIC", "/States/X/Result"),
    (passing(Parameters={"a": "$.b"}), "NO_DOLLAR", "/States/X/Parameters"),
    (
        passing(Parameters={"a": ["$.b", {"c": "States.UUID()"}]}),
        "NO_DOLLAR",
        "/States/X/Parameters",
    ),
    ({"Type": "Fail", "Error": "$.error"}, "NO_PATH", "/States/X"),
    (
        choosing([{"Variable": "$.a", "StringEquals": "$.b", "Next": "X"}]),
        "NO_PATH",
        "/States/X/Choices[0]",
    ),
]


@pytest.mark.parametrize(("state", "code", "location"), WARNINGS)
def test_what_looks_like_a_path_and_is_none_is_warned_of(
    state: JsonObject, code: str, location: str
) -> None:
    """AWS's three warnings, which do not forbid the definition."""
    warnings = [
        (finding.code, finding.location)
        for finding in check_definition(machine(state))
        if finding.severity == "WARNING"
    ]
    assert warnings == [(code, location)]
