"""What AWS runs and this server does not yet is refused by name, after all that AWS refuses."""

from __future__ import annotations

import json

import pytest

from stepwell.values import JsonObject
from tests.language.definitions import BRANCH, found, machine, task

ATHENA = "arn:aws:states:::athena:getQueryResults"
OUTSIDE = (
    "`stepwell start --integrations FILE` can send it to an upstream (upstream.athena), or"
    ' answer it with a mock (mocks."athena:getQueryResults")'
)
ONE_OF = "This object should have only one of the following fields: [{}]"

MAP: JsonObject = {"Type": "Map", "ItemProcessor": BRANCH, "End": True}

INVALID_MAPS: list[tuple[JsonObject, list[tuple[str, str]]]] = [
    (
        {"Type": "Map", "End": True},
        [(ONE_OF.format("ItemProcessor, Iterator"), "/States/X")],
    ),
    ({**MAP, "MaxConcurrency": -1}, [("Minimum value is 0", "/States/X/MaxConcurrency")]),
    (
        {**MAP, "ToleratedFailurePercentage": 101},
        [("Maximum value is 100.0", "/States/X/ToleratedFailurePercentage")],
    ),
    (
        {**MAP, "ToleratedFailurePercentage": -0.5},
        [("Minimum value is 0.0", "/States/X/ToleratedFailurePercentage")],
    ),
    (
        {**MAP, "ToleratedFailurePercentage": "5"},
        [("Expected value of type Number", "/States/X/ToleratedFailurePercentage")],
    ),
    (
        {"Type": "Map", "Iterator": {"StartAt": "Y", "States": {}}, "End": True},
        [("Value cannot be empty", "/States/X/Iterator/States")],
    ),
    (
        {"Type": "Map", "ItemProcessor": 1, "End": True},
        [("Expected value of type Object", "/States/X/ItemProcessor")],
    ),
    (MAP, []),
    ({**MAP, "ToleratedFailurePercentage": 5.5}, []),
]


@pytest.mark.parametrize(
    ("state", "expected"), INVALID_MAPS, ids=lambda value: json.dumps(value)[:70]
)
def test_map_states_are_checked(state: JsonObject, expected: list[tuple[str, str]]) -> None:
    """AWS's findings about a Map state's own parts."""
    assert found(machine(state)) == expected


NOT_YET: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        machine(task(Resource=ATHENA, Parameters={"QueryExecutionId": "q"})),
        "STANDARD",
        [
            (
                f"This server does not run the resource {ATHENA} yet; {OUTSIDE}",
                "/States/X/Resource",
            )
        ],
    ),
]


@pytest.mark.parametrize(("text", "machine_type", "expected"), NOT_YET)
def test_what_is_not_run_yet_is_refused_by_name(
    text: str, machine_type: str, expected: list[tuple[str, str]]
) -> None:
    """Nothing is accepted and then ignored."""
    assert found(text, machine_type) == expected
