"""Real pipes under `kill -9`: every message has its effect once, however often the power goes."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until

ROLE = "arn:aws:iam::000000000000:role/any"
QUEUES = "arn:aws:sqs:us-east-1:000000000000:"
MESSAGES = 150
KILLS = 3


def _prepare(server: ServerProcess) -> tuple[str, str]:
    """A pipe from one queue to another; their URLs."""
    sqs = client(server, "sqs")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("jobs", "done")]
    client(server, "pipes").create_pipe(
        Name="p",
        RoleArn=ROLE,
        Source=QUEUES + "jobs",
        Target=QUEUES + "done",
        TargetParameters={"InputTemplate": '{"id": <$.messageId>}'},
    )
    return urls[0], urls[1]


def _send(server: ServerProcess, url: str, sent: set[str]) -> None:
    """Batches of ten, as many as it takes; what was not answered is not counted."""
    sqs = client(server, "sqs")
    while len(sent) < MESSAGES:
        entries = [{"Id": str(number), "MessageBody": "m"} for number in range(10)]
        try:
            answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        except (BotoCoreError, ClientError):
            continue
        sent.update(entry["MessageId"] for entry in answer["Successful"])


def _until_sent(sent: set[str], goal: int) -> None:
    until(lambda: len(sent) >= goal, f"{goal} messages")


def _arrived(sqs: Any, url: str) -> list[str]:
    """The ids that the messages of a queue tell, which are deleted."""
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    found = answer.get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["id"] for message in found]


def test_every_message_arrives_once(tmp_path: Path) -> None:
    """What was acknowledged is there, and nothing is there twice."""
    sent: set[str] = set()
    arrived: list[str] = []
    with ServerProcess(tmp_path / "data") as server:
        source, target = _prepare(server)
        sender = threading.Thread(target=_send, args=(server, source, sent))
        sender.start()
        for kill in range(1, KILLS + 1):
            _until_sent(sent, kill * MESSAGES // (KILLS + 1))
            server.kill()
            server.start()
        sender.join()
        sqs = client(server, "sqs")
        while batch := _arrived(sqs, target):
            arrived += batch
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=names)["Attributes"]
        assert told == dict.fromkeys(names, "0")
    assert len(arrived) == len(set(arrived))
    assert sent <= set(arrived)
