"""What happens in the demo, step by step, with every promise checked.

`play` does it and tells the stage; how it looks is the stage's business.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from stepwell.cli.client import Client, Credentials
from stepwell.cli.demo.process import Broken, DemoServer, until
from stepwell.cli.demo.workflow import REGION, Message, Refusal, Workflow
from stepwell.values import JsonObject, JsonValue, decode

END_SECONDS = 20.0
WAITING_SECONDS = 10.0
ACK: JsonObject = {"Output": "message", "ack": "success"}


@dataclass(slots=True)
class Story:
    """What there is to tell when it is over. Times are epoch seconds."""

    execution_arn: str = ""
    name: str = ""
    killed_at: float = 0.0
    back_at: float = 0.0
    restart_seconds: float = 0.0
    events: list[JsonObject] = field(default_factory=list)
    tokens: list[JsonObject] = field(default_factory=list)
    refusal: Refusal | None = None
    output: JsonValue = None


class Stage(Protocol):
    """Where the story is told while it happens."""

    def step(self, title: str, *lines: str) -> None:
        """One thing happened; `lines` say more."""

    def waits(self, explanation: JsonObject) -> None:
        """What the server says an execution waits for."""


def play(server: DemoServer, stage: Stage, name: str) -> Story:
    """Deploy, start, kill, start again, answer, look. Raises Broken, or what an SDK raises."""
    story = Story(name=name)
    seconds = server.start()
    data = f"its data in {server.data}"
    stage.step(
        "Start a server of our own",
        f"{server.endpoint}, process {server.pid}, {data}",
        f"ready after {seconds:.1f} s",
    )
    queue_url, token = _begin(server, stage, story)
    _kill_and_start_again(server, stage, story, token)
    message = _answer(server, stage, story, queue_url, token)
    _answer_again(server, stage, story, message)
    _look_back(server, story)
    if Workflow(server.endpoint).left(queue_url):
        raise Broken("the message was sent more than once")
    if server.stop() != 0:
        raise Broken("the server did not end well after SIGTERM")
    return story


def _begin(server: DemoServer, stage: Stage, story: Story) -> tuple[str, str]:
    """Up to the point where the execution waits: the queue's URL and the token it waits on."""
    workflow = Workflow(server.endpoint)
    queue_url, machine_arn = workflow.deploy()
    stage.step(
        "Deploy with boto3: a queue and a state machine",
        "InformOtherQueue (sqs:sendMessage.waitForTaskToken) → WaitSometime → Done",
        "and if nobody answers in time: GracefulFail",
    )
    story.execution_arn = workflow.start(machine_arn, story.name)
    stage.step("Start an execution", story.execution_arn)
    explanation = _waiting(server, story)
    stage.waits(explanation)
    return queue_url, _token(explanation)


def _waiting(server: DemoServer, story: Story) -> JsonObject:
    """The explanation, once the execution waits on its token."""
    found: list[JsonObject] = []

    def waits() -> bool:
        explanation = _client(server).page(
            "/_stepwell/executions/explain",
            {"executionArn": story.execution_arn, "reveal": "true"},
        )
        found[:] = [explanation]
        return any(entry.get("kind") == "token" for entry in _entries(explanation))

    until(waits, "Waiting for an answer to the token", WAITING_SECONDS)
    return found[0]


def _client(server: DemoServer) -> Client:
    return Client(server.endpoint, REGION, Credentials("test", "test"))


def _entries(explanation: JsonObject) -> list[JsonObject]:
    entries = explanation.get("waitsFor")
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _token(explanation: JsonObject) -> str:
    return str(_entries(explanation)[0].get("token"))


def _kill_and_start_again(server: DemoServer, stage: Stage, story: Story, token: str) -> None:
    process = server.pid
    server.kill()
    story.killed_at = time.time()
    stage.step(
        "Kill the server while it waits", f"kill -9 {process}: no goodbye, no chance to save"
    )
    story.restart_seconds = server.start()
    story.back_at = time.time()
    if _token(_waiting(server, story)) != token:
        raise Broken("after the restart the execution waits for another token")
    stage.step(
        "Start it again on the same data",
        f"process {server.pid}, ready after {story.restart_seconds:.1f} s",
        "the execution still waits, for the same token",
    )


def _answer(server: DemoServer, stage: Stage, story: Story, queue_url: str, token: str) -> Message:
    workflow = Workflow(server.endpoint)
    message = workflow.receive(queue_url)
    if message.token != token:
        raise Broken("the message carries another token than the one the execution waits for")
    request = workflow.answer(message.token, ACK)
    workflow.forget(queue_url, message)
    stage.step(
        "A consumer receives the message and answers",
        f"message for {message.input}, sent before the kill, with the token {token[:16]}…",
        f"send_task_success accepted (request {request})",
    )
    described: list[JsonObject] = []

    def ended() -> bool:
        described[:] = [workflow.describe(story.execution_arn)]
        return described[0]["status"] != "RUNNING"

    until(ended, "The end of the execution", END_SECONDS)
    status, output = described[0]["status"], described[0].get("output")
    story.output = decode(output) if isinstance(output, str) else None
    if status != "SUCCEEDED" or not isinstance(story.output, dict):
        raise Broken(f"the execution ended {status}")
    if story.output.get("SQS") != ACK:
        raise Broken(f"the answer is not where ResultPath puts it: {output}")
    stage.step("The execution goes on to its end", f"{status}, output {output}")
    return message


def _answer_again(server: DemoServer, stage: Stage, story: Story, message: Message) -> None:
    refusal = story.refusal = Workflow(server.endpoint).answer_late(message.token)
    if refusal.code != "TaskTimedOut" or "success" not in refusal.reason:
        raise Broken(f"a late answer was refused in an unexpected way: {refusal}")
    stage.step(
        "Answer the same token once more",
        f"refused as AWS does: {refusal.code}: {refusal.text}",
        f"why (x-stepwell-token-reason): {refusal.reason}",
    )


def _look_back(server: DemoServer, story: Story) -> None:
    client = _client(server)
    asked: JsonObject = {"executionArn": story.execution_arn}
    story.events = list(client.every("GetExecutionHistory", "events", asked))
    tokens = client.page(
        "/_stepwell/tokens", {"executionArn": story.execution_arn, "status": "all"}
    ).get("tokens")
    story.tokens = [t for t in tokens if isinstance(t, dict)] if isinstance(tokens, list) else []
    ids = [event.get("id") for event in story.events]
    if ids != list(range(1, len(ids) + 1)):
        raise Broken(f"the history has a gap or a double: {ids}")
    submitted = [e for e in story.events if e.get("type") == "TaskSubmitted"]
    if len(submitted) != 1 or len(story.tokens) != 1:
        raise Broken("the task was scheduled more than once")
