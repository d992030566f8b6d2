"""EventBridge Pipes through boto3: the control plane on both, the carrying on Stepwell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import REGION, Aws

_ROLE = "arn:aws:iam::123456789012:role/r"


def _queue(aws: Aws, name: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, answer["Attributes"]["QueueArn"]


def _pipe(aws: Aws, name: str, **more: Any) -> dict[str, Any]:
    """A stopped pipe between two queues of its own; what CreatePipe answered."""
    given = {
        "Source": _queue(aws, f"{name}-from")[1],
        "Target": _queue(aws, f"{name}-to")[1],
        "RoleArn": _ROLE,
        "DesiredState": "STOPPED",
        **more,
    }
    made = dict(aws("pipes").create_pipe(Name=name, **given))
    if aws.is_moto:
        # It shows a pipe as RUNNING that was wanted STOPPED.
        aws("pipes").stop_pipe(Name=name)
    return made


def test_the_life_of_a_pipe(aws: Aws) -> None:
    """Created, shown, started, stopped, changed, deleted."""
    pipes = aws("pipes")
    made = _pipe(aws, "life", Description="first", Tags={"a": "1"})
    assert made["Arn"].endswith(":pipe/life")
    assert f":pipes:{REGION}:" in made["Arn"]
    assert (made["Name"], made["DesiredState"]) == ("life", "STOPPED")
    assert made["CurrentState"] == "CREATING"
    shown = pipes.describe_pipe(Name="life")
    assert shown["Arn"] == made["Arn"]
    assert shown["CurrentState"] == "STOPPED"
    assert (shown["Description"], shown["RoleArn"]) == ("first", _ROLE)
    assert shown["Source"].endswith(":life-from")
    assert shown["Target"].endswith(":life-to")
    assert shown["Tags"] == {"a": "1"}
    assert shown["CreationTime"] == made["CreationTime"]
    started = pipes.start_pipe(Name="life")
    assert (started["DesiredState"], started["CurrentState"]) == ("RUNNING", "STARTING")
    assert pipes.describe_pipe(Name="life")["CurrentState"] == "RUNNING"
    stopped = pipes.stop_pipe(Name="life")
    assert (stopped["DesiredState"], stopped["CurrentState"]) == ("STOPPED", "STOPPING")
    assert pipes.describe_pipe(Name="life")["CurrentState"] == "STOPPED"
    pipes.update_pipe(Name="life", RoleArn=_ROLE + "2", Description="second")
    shown = pipes.describe_pipe(Name="life")
    assert (shown["Description"], shown["RoleArn"]) == ("second", _ROLE + "2")
    gone = pipes.delete_pipe(Name="life")
    assert (gone["DesiredState"], gone["CurrentState"]) == ("DELETED", "DELETING")
    with pytest.raises(pipes.exceptions.NotFoundException):
        pipes.describe_pipe(Name="life")


def test_pipes_are_listed_by_name_and_state(aws: Aws) -> None:
    """Prefixes and states choose."""
    pipes = aws("pipes")
    for name in ("list-a1", "list-a2", "list-b"):
        _pipe(aws, name)
    pipes.start_pipe(Name="list-a2")

    def listed(**given: Any) -> list[str]:
        found = pipes.list_pipes(NamePrefix="list-", **given)["Pipes"]
        return sorted(pipe["Name"] for pipe in found)

    assert listed() == ["list-a1", "list-a2", "list-b"]
    assert listed(CurrentState="RUNNING") == ["list-a2"]
    assert listed(DesiredState="STOPPED") == ["list-a1", "list-b"]
    source = pipes.describe_pipe(Name="list-b")["Source"]
    assert listed(SourcePrefix=source) == ["list-b"]
    first = pipes.list_pipes(NamePrefix="list-", Limit=2)
    second = pipes.list_pipes(NamePrefix="list-", Limit=2, NextToken=first["NextToken"])
    names = [pipe["Name"] for page in (first, second) for pipe in page["Pipes"]]
    assert sorted(names) == ["list-a1", "list-a2", "list-b"]


def test_tags(aws: Aws) -> None:
    """Added, replaced, taken away; of what is not there none."""
    pipes = aws("pipes")
    arn = _pipe(aws, "tagged", Tags={"a": "1"})["Arn"]
    pipes.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3"})
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "2", "b": "3"}
    pipes.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3"}
    with pytest.raises(pipes.exceptions.NotFoundException):
        pipes.list_tags_for_resource(resourceArn=arn + "-none")


@pytest.mark.parametrize("operation", ["delete_pipe", "describe_pipe", "start_pipe", "stop_pipe"])
def test_what_is_not_there(aws: Aws, operation: str) -> None:
    """A 404 of the same code everywhere."""
    with pytest.raises(ClientError) as refused:
        getattr(aws("pipes"), operation)(Name="none")
    assert refused.value.response["Error"]["Code"] == "NotFoundException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_name_is_taken_once(stepwell: Aws) -> None:
    """The conflict says what is taken; the other implementation replaces the pipe."""
    pipes = stepwell("pipes")
    _pipe(stepwell, "twice")
    with pytest.raises(pipes.exceptions.ConflictException) as refused:
        _pipe(stepwell, "twice")
    assert refused.value.response["resourceId"] == "twice"
    assert refused.value.response["resourceType"] == "Pipe"


def test_messages_are_carried(stepwell: Aws) -> None:
    """Filtered, shaped, and gone from where they came from."""
    pattern = json.dumps({"body": {"kind": ["order"]}})
    _pipe(
        stepwell,
        "carried",
        DesiredState="RUNNING",
        SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
        TargetParameters={"InputTemplate": '{"n": <$.body.n>}'},
    )
    sqs = stepwell("sqs")
    source = sqs.get_queue_url(QueueName="carried-from")["QueueUrl"]
    target = sqs.get_queue_url(QueueName="carried-to")["QueueUrl"]
    for body in ({"kind": "news"}, {"kind": "order", "n": 7}):
        sqs.send_message(QueueUrl=source, MessageBody=json.dumps(body))
    (message,) = sqs.receive_message(QueueUrl=target, WaitTimeSeconds=10)["Messages"]
    assert json.loads(message["Body"]) == {"n": 7}
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=names)["Attributes"]
    assert told == dict.fromkeys(names, "0")
