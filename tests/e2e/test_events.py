"""EventBridge and Scheduler through boto3, with a server that is killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client

_ROLE = "arn:aws:iam::000000000000:role/r"


def _taken(sqs: Any, url: str, count: int) -> list[Any]:
    """So many bodies, taken out of the queue."""
    bodies: list[Any] = []
    while len(bodies) < count:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        messages = answer["Messages"]
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def test_what_events_set_off_survives_a_kill(tmp_path: Path) -> None:
    """What PutEvents answered is in the queue; rules, targets and schedules go on."""
    with ServerProcess(tmp_path / "data") as server:
        events, sqs, scheduler = (client(server, s) for s in ("events", "sqs", "scheduler"))
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:000000000000:q"
        events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
        target = {"Id": "q", "Arn": arn, "InputPath": "$.detail"}
        events.put_targets(Rule="r", Targets=[target])
        entry = {"Source": "shop", "DetailType": "d"}
        events.put_events(Entries=[{**entry, "Detail": '{"n":1}'}])
        server.kill()
        server.start()
        assert _taken(sqs, url, 1) == [{"n": 1}]
        events.put_events(Entries=[{**entry, "Detail": '{"n":2}'}])
        assert _taken(sqs, url, 1) == [{"n": 2}]
        scheduler.create_schedule(
            Name="s",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": _ROLE, "Input": '{"n":3}'},
        )
        server.kill()
        server.start()
        assert _taken(sqs, url, 1) == [{"n": 3}]
        assert scheduler.get_schedule(Name="s")["State"] == "ENABLED"
