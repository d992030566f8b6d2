"""The review: errors first, what is not run here as a warning, the lint last."""

from __future__ import annotations

import dataclasses

from stepwell.language.check import check_definition
from stepwell.language.diagnostics import is_not_run, not_run, schema_error
from stepwell.language.review import NOT_RUN_HERE, _told, review_definition
from stepwell.values import JsonObject
from tests.language.definitions import ACTIVITY, machine

ATHENA = "arn:aws:states:::athena:getQueryResults"
UNBOUNDED: JsonObject = {"Type": "Task", "Resource": ACTIVITY, "End": True}


def test_errors_come_first_and_all_have_a_place() -> None:
    """A wrong field and an unbounded wait are told together."""
    found = review_definition(machine({**UNBOUNDED, "Nonsense": 1}))
    assert [(finding.severity, finding.code) for finding in found] == [
        ("ERROR", "SCHEMA_VALIDATION_FAILED"),
        ("WARNING", "ACTIVITY_UNBOUNDED"),
    ]
    assert all(finding.line and finding.column for finding in found)


def test_what_is_not_run_here_is_told_beside_errors() -> None:
    """One look finds both; AWS's own refusal leaves it out."""
    text = machine(
        {"Type": "Task", "Resource": ATHENA, "Parameters": {"QueryExecutionId": "q"}, "Nonsense": 1}
    )
    assert [finding.code for finding in review_definition(text)] == [
        "SCHEMA_VALIDATION_FAILED",
        "SCHEMA_VALIDATION_FAILED",
        "MISSING_END_STATE",
        NOT_RUN_HERE,
    ]
    assert not any(map(is_not_run, check_definition(text)))


def test_text_that_is_no_json_has_its_one_finding() -> None:
    """Nothing is linted that cannot be read."""
    assert [finding.code for finding in review_definition("{")] == ["INVALID_JSON_DESCRIPTION"]


def test_what_aws_takes_and_this_server_does_not_run_is_a_warning() -> None:
    """With a code of its own; every other error stays one."""
    mine = schema_error(not_run("Fairy states"), "/States/X")
    told = _told(mine)
    assert (told.severity, told.code) == ("WARNING", NOT_RUN_HERE)
    assert told == dataclasses.replace(mine, severity="WARNING", code=NOT_RUN_HERE, hint=told.hint)
    theirs = schema_error("Value cannot be empty", "/States")
    assert _told(theirs) is theirs


def test_the_queue_is_asked_for_its_retention() -> None:
    """The port reaches the lint."""
    url = "http://localhost:4566/000000000000/jobs"
    state: JsonObject = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "TimeoutSeconds": 61,
        "End": True,
    }
    found = review_definition(machine(state), find_retention={url: 60}.get)
    assert [finding.code for finding in found] == ["WAIT_OUTLIVES_MESSAGE"]
