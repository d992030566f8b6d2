"""Clients that keep a server busy while it is killed again and again, and write down every answer.

Rules: what was answered with 200 is a promise of the server; what got lost may or may not have
happened. A client repeats what got lost, as the SDKs do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.e2e.machines import (
    ACTIVITY,
    DEFINITIONS,
    FIFO_NAME,
    KINDS,
    MACHINES,
    PLAIN_NAME,
    QUEUE_NAME,
    ROLE,
    queue_url,
)
from tests.e2e.wire import Client, Lost, Outage, Refused

VISIBILITY_SECONDS = 8
STARTERS = 4
ROUNDS = 13
CONSUMERS = 4
WORKERS = 2
SENDERS = 2
MESSAGES = 240
GROUPS = 3
ROUNDS_MAX = 100_000
LOOK_AGAIN_SECONDS = 0.1


@dataclass(slots=True)
class Record:
    """What the clients were told, and what they tried."""

    started: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Execution name -> machine and what is to be done."""
    tried: set[str] = field(default_factory=set)
    """Every output and cause that was ever sent as an answer to a token."""
    answered: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """Token -> execution and output (or cause) of each answer that was acknowledged."""
    messages_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Token -> ids of the messages that carried it."""
    sent: set[str] = field(default_factory=set)
    """Bodies of plain messages that were acknowledged."""
    received: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Body of a plain message -> ids in the order in which they first came."""
    groups: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """FIFO group -> numbers in the order in which they first came."""
    deleted: dict[str, float] = field(default_factory=dict)
    """Message id -> when its deletion was acknowledged, inside its visibility."""
    problems: list[str] = field(default_factory=list)
    over: bool = False


class Load:
    """All clients of one run."""

    def __init__(self, port: int, outage: Outage) -> None:
        self.record = Record()
        self.outage = outage
        self._port = port
        self._numbers = itertools.count(1)
        self._clients: list[Client] = []

    def client(self) -> Client:
        """A connection of its own."""
        made = Client(self._port, self.outage)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Hang up everywhere."""
        for client in self._clients:
            client.close()

    async def prepare(self) -> None:
        """Make queues, the activity and the machines."""
        client = self.client()
        visible = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        for name in (QUEUE_NAME, PLAIN_NAME):
            await client.insist("CreateQueue", QueueName=name, Attributes=visible)
        fifo = {**visible, "FifoQueue": "true"}
        await client.insist("CreateQueue", QueueName=FIFO_NAME, Attributes=fifo)
        await client.insist("CreateActivity", name=ACTIVITY.rpartition(":")[2])
        for name, definition in DEFINITIONS.items():
            text = json.dumps(definition)
            await client.insist("CreateStateMachine", name=name, definition=text, roleArn=ROLE)

    async def run(self) -> None:
        """Start, send, receive and answer until all executions have ended and queues are empty."""
        async with asyncio.TaskGroup() as serving:
            servants = [
                serving.create_task(work)
                for work in (
                    *(self._forever(self._consume) for _ in range(CONSUMERS)),
                    *(self._forever(self._work) for _ in range(WORKERS)),
                    self._forever(self._take_plain),
                    self._forever(self._take_fifo),
                )
            ]
            async with asyncio.TaskGroup() as asking:
                for number in range(STARTERS):
                    asking.create_task(self._start(number))
                for number in range(SENDERS):
                    asking.create_task(self._send(number))
                for number in range(GROUPS):
                    asking.create_task(self._send_in_order(f"group{number}"))
            await self._until_over()
            self.record.over = True
            for servant in servants:
                servant.cancel()

    async def _forever(self, work: Callable[[Client], Awaitable[None]]) -> None:
        client = self.client()
        for _ in range(ROUNDS_MAX):
            if self.record.over:
                return
            await self.outage.up.wait()
            try:
                await work(client)
            except Lost:
                await asyncio.sleep(0)
        raise AssertionError("a client never came to its end")

    async def _start(self, number: int) -> None:
        client = self.client()
        for turn in range(ROUNDS):
            for machine, do in KINDS:
                name = f"{machine}-{do}-{number}-{turn}"
                try:
                    await client.insist(
                        "StartExecution",
                        stateMachineArn=MACHINES + machine,
                        name=name,
                        input=json.dumps({"do": do}),
                    )
                except Refused as refusal:
                    # It had been started by a call that got lost, and has ended meanwhile.
                    if refusal.code != "ExecutionAlreadyExists":
                        raise
                self.record.started[name] = (machine, do)

    async def _send(self, number: int) -> None:
        client = self.client()
        for index in range(0, MESSAGES, 4):
            bodies = [f"plain-{number}-{index + more}" for more in range(4)]
            url = queue_url(PLAIN_NAME)
            await client.insist("SendMessage", QueueUrl=url, MessageBody=bodies[0])
            self.record.sent.add(bodies[0])
            entries = [{"Id": body, "MessageBody": body} for body in bodies[1:]]
            done = await client.insist("SendMessageBatch", QueueUrl=url, Entries=entries)
            self.record.sent.update(entry["Id"] for entry in done["Successful"])

    async def _send_in_order(self, group: str) -> None:
        client = self.client()
        for index in range(MESSAGES // GROUPS):
            await client.insist(
                "SendMessage",
                QueueUrl=queue_url(FIFO_NAME),
                MessageBody=f"{group}/{index}",
                MessageGroupId=group,
                MessageDeduplicationId=f"{group}/{index}",
            )
            self.record.sent.add(f"{group}/{index}")

    async def _receive(self, client: Client, name: str) -> list[dict[str, Any]]:
        received = await client.call(
            "ReceiveMessage",
            QueueUrl=queue_url(name),
            MaxNumberOfMessages=5,
            WaitTimeSeconds=1,
        )
        messages: list[dict[str, Any]] = received.get("Messages", [])
        return messages

    def _came_back(self, message: dict[str, Any], asked_at: float) -> None:
        gone_at = self.record.deleted.get(message["MessageId"])
        if gone_at is not None and gone_at < asked_at:
            self.record.problems.append(f"came back after its deletion: {message}")

    async def _delete(
        self, client: Client, name: str, message: dict[str, Any], asked_at: float
    ) -> None:
        try:
            await client.insist(
                "DeleteMessage",
                QueueUrl=queue_url(name),
                ReceiptHandle=message["ReceiptHandle"],
            )
        except Refused:
            return  # A FIFO queue refuses handles that have expired; the message comes again.
        now = asyncio.get_running_loop().time()
        if now - asked_at < VISIBILITY_SECONDS - 1:
            self.record.deleted[message["MessageId"]] = now

    async def _consume(self, client: Client) -> None:
        asked_at = asyncio.get_running_loop().time()
        for message in await self._receive(client, QUEUE_NAME):
            self._came_back(message, asked_at)
            body = json.loads(message["Body"])
            self.record.messages_of[body["token"]].add(message["MessageId"])
            await self._answer(client, body)
            await self._delete(client, QUEUE_NAME, message, asked_at)

    async def _answer(self, client: Client, body: dict[str, Any]) -> None:
        do = body["do"]
        if do == "silent":
            return
        if do == "no":
            await self._fail(client, body, "Worker.No")
        elif do == "busy" and body["attempt"] < 1:
            await self._fail(client, body, "Worker.Busy")
        elif do == "double":
            await asyncio.gather(self._succeed(client, body), self._succeed(self.client(), body))
        else:
            await self._succeed(client, body)

    async def _succeed(self, client: Client, body: dict[str, Any]) -> None:
        output = f'{{"answer": {next(self._numbers)}}}'
        await self._say(client, body, output, "SendTaskSuccess", output=output)

    async def _fail(self, client: Client, body: dict[str, Any], error: str) -> None:
        cause = f"answer {next(self._numbers)}"
        await self._say(client, body, cause, "SendTaskFailure", error=error, cause=cause)

    async def _say(
        self, client: Client, body: dict[str, Any], said: str, operation: str, **params: Any
    ) -> None:
        self.record.tried.add(said)
        try:
            await client.insist(operation, taskToken=body["token"], **params)
        except Refused as refusal:
            if refusal.code != "TaskTimedOut":
                raise
        else:
            self.record.answered[body["token"]].append((body["execution"], said))

    async def _work(self, client: Client) -> None:
        task = await client.call("GetActivityTask", activityArn=ACTIVITY, workerName="worker")
        token = task.get("taskToken")
        if not token:
            return
        try:
            await client.insist("SendTaskSuccess", taskToken=token, output=task["input"])
        except Refused as refusal:
            if refusal.code != "TaskTimedOut":
                raise

    async def _take_plain(self, client: Client) -> None:
        asked_at = asyncio.get_running_loop().time()
        for message in await self._receive(client, PLAIN_NAME):
            self._came_back(message, asked_at)
            self._note(message)
            await self._delete(client, PLAIN_NAME, message, asked_at)

    async def _take_fifo(self, client: Client) -> None:
        asked_at = asyncio.get_running_loop().time()
        for message in await self._receive(client, FIFO_NAME):
            self._came_back(message, asked_at)
            if self._note(message):
                group, number = message["Body"].split("/")
                self.record.groups[group].append(int(number))
            await self._delete(client, FIFO_NAME, message, asked_at)

    def _note(self, message: dict[str, Any]) -> bool:
        ids = self.record.received[message["Body"]]
        if message["MessageId"] in ids:
            return False
        ids.append(message["MessageId"])
        return True

    async def _until_over(self) -> None:
        client = self.client()
        for machine in DEFINITIONS:
            await self._until_not(partial(self._running, client, machine))
        for name in (QUEUE_NAME, PLAIN_NAME, FIFO_NAME):
            await self._until_not(partial(self._filled, client, name))

    async def _until_not(self, holds: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(ROUNDS_MAX):
            if not await holds():
                return
            # Nobody sets this: it is how often another process is asked.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await asyncio.Event().wait()
        raise AssertionError("the executions or messages do not come to an end")

    async def _running(self, client: Client, machine: str) -> bool:
        listed = await client.insist(
            "ListExecutions",
            stateMachineArn=MACHINES + machine,
            statusFilter="RUNNING",
            maxResults=1,
        )
        return bool(listed["executions"])

    async def _filled(self, client: Client, name: str) -> bool:
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = await client.insist(
            "GetQueueAttributes", QueueUrl=queue_url(name), AttributeNames=asked
        )
        return any(int(number) for number in found["Attributes"].values())
