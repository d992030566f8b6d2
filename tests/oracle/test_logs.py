"""CloudWatch Logs through boto3."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws


def now() -> int:
    """Epoch milliseconds: both endpoints refuse what is too old."""
    return int(time.time() * 1000)


def group_of(logs: Any, name: str, *streams: str) -> str:
    """A new group with streams."""
    logs.create_log_group(logGroupName=name)
    for stream in streams:
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return name


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """The error's code."""
    return str(error.value.response["Error"]["Code"])


def test_lines_come_back_in_order(aws: Aws) -> None:
    """GetLogEvents from the head shows what was put, oldest first."""
    logs = aws("logs")
    group_of(logs, "order", "s")
    at = now()
    events = [{"timestamp": at + n, "message": f"line {n}"} for n in range(5)]
    logs.put_log_events(logGroupName="order", logStreamName="s", logEvents=events)
    shown = logs.get_log_events(logGroupName="order", logStreamName="s", startFromHead=True)
    assert [event["message"] for event in shown["events"]] == [f"line {n}" for n in range(5)]


def test_pages_go_on_where_the_last_one_ended(aws: Aws) -> None:
    """Forward tokens walk through a stream without gaps, and stay where it ends."""
    logs = aws("logs")
    group_of(logs, "pages", "s")
    at = now()
    events = [{"timestamp": at + n, "message": str(n)} for n in range(7)]
    logs.put_log_events(logGroupName="pages", logStreamName="s", logEvents=events)
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(
            logGroupName="pages", logStreamName="s", startFromHead=True, limit=3, **token
        )
        seen += [event["message"] for event in page["events"]]
        if not page["events"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == [str(n) for n in range(7)]
    assert page["nextForwardToken"] == token["nextToken"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ERROR", ["ERROR disk", "ERROR net WARN"]),
        ("ERROR disk", ["ERROR disk"]),
        ('"all fine"', ["all fine"]),
    ],
)
def test_terms_filter(aws: Aws, pattern: str, found: list[str]) -> None:
    """FilterLogEvents shows the lines with the pattern's terms."""
    logs = aws("logs")
    name = group_of(logs, f"terms-{abs(hash(pattern))}", "s")
    at = now()
    lines = ["ERROR disk", "ERROR net WARN", "all fine"]
    events = [{"timestamp": at, "message": line} for line in lines]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    shown = logs.filter_log_events(logGroupName=name, filterPattern=pattern)
    assert [event["message"] for event in shown["events"]] == found


def test_what_is_missing_or_there_is_told(aws: Aws) -> None:
    """Unknown groups and streams, and names that are taken."""
    logs = aws("logs")
    group_of(logs, "taken", "s")
    with pytest.raises(ClientError) as group:
        logs.create_log_group(logGroupName="taken")
    with pytest.raises(ClientError) as stream:
        logs.create_log_stream(logGroupName="taken", logStreamName="s")
    with pytest.raises(ClientError) as missing:
        logs.get_log_events(logGroupName="taken", logStreamName="none")
    with pytest.raises(ClientError) as nowhere:
        logs.filter_log_events(logGroupName="nowhere")
    assert code_of(group) == code_of(stream) == "ResourceAlreadyExistsException"
    assert code_of(missing) == code_of(nowhere) == "ResourceNotFoundException"


def test_retention_and_tags_are_kept(aws: Aws) -> None:
    """Both are shown as they were set, and can be taken away."""
    logs = aws("logs")
    group_of(logs, "kept")
    logs.put_retention_policy(logGroupName="kept", retentionInDays=7)
    logs.tag_log_group(logGroupName="kept", tags={"team": "a", "stage": "x"})
    logs.untag_log_group(logGroupName="kept", tags=["stage"])
    shown = logs.describe_log_groups(logGroupNamePrefix="kept")["logGroups"][0]
    assert shown["retentionInDays"] == 7
    assert logs.list_tags_log_group(logGroupName="kept")["tags"] == {"team": "a"}
    logs.delete_retention_policy(logGroupName="kept")
    assert (
        "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix="kept")["logGroups"][0]
    )


def test_a_deleted_group_takes_its_lines_along(aws: Aws) -> None:
    """A new group of that name is empty."""
    logs = aws("logs")
    group_of(logs, "again", "s")
    event = {"timestamp": now(), "message": "old"}
    logs.put_log_events(logGroupName="again", logStreamName="s", logEvents=[event])
    logs.delete_log_group(logGroupName="again")
    group_of(logs, "again", "s")
    assert logs.filter_log_events(logGroupName="again")["events"] == []
