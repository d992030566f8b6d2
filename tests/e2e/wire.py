"""A small HTTP client that speaks AWS's JSON protocols and says exactly what became of a request:
answered, refused, or lost with its connection. Only an answer counts as an acknowledgement."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

STATES = "AWSStepFunctions"
QUEUES = "AmazonSQS"
QUEUE_OPERATIONS = frozenset(
    {
        "CreateQueue",
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "PurgeQueue",
    }
)
ATTEMPTS_MAX = 10_000
ANSWER_BYTES_MAX = 64 * 1024 * 1024
ANSWER_SECONDS_MAX = 40


class Lost(Exception):
    """The connection ended before the answer; nobody knows what became of the request."""


class Refused(Exception):
    """The server answered with an error document."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.code = str(document.get("__type", "")).rpartition("#")[2]
        self.message = str(document.get("message", document.get("Message", "")))


def request_bytes(operation: str, params: dict[str, Any], *, host: str = "localhost") -> bytes:
    """The whole request of one JSON operation."""
    service = QUEUES if operation in QUEUE_OPERATIONS else STATES
    body = json.dumps(params).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: {service}.{operation}\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(slots=True)
class Outage:
    """What the clients share: whether the server is up, and how many calls it has answered."""

    up: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0
    lost: int = 0
    _waiting: list[tuple[int, asyncio.Event]] = field(default_factory=list)

    def count(self) -> None:
        """One more answer has arrived."""
        self.answered += 1
        for number, event in self._waiting:
            if self.answered >= number:
                event.set()

    async def until_answered(self, number: int) -> None:
        """Return when that many calls have been answered."""
        event = asyncio.Event()
        self._waiting.append((number, event))
        if self.answered < number:
            await event.wait()


class Client:
    """One keep-alive connection, made again when it breaks."""

    def __init__(self, port: int, outage: Outage) -> None:
        self._port = port
        self._outage = outage
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def insist(self, operation: str, **params: Any) -> dict[str, Any]:
        """Repeat the call until it is answered, as a client with retries does. Raises Refused."""
        for _ in range(ATTEMPTS_MAX):
            await self._outage.up.wait()
            with contextlib.suppress(Lost):
                return await self.call(operation, **params)
            await asyncio.sleep(0)
        raise AssertionError(f"{operation} is never answered")

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """One attempt. Raises Lost and Refused."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                status, document = await self._exchange(request_bytes(operation, params))
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self._outage.lost += 1
            self.close()
            raise Lost(operation) from error
        self._outage.count()
        if status != 200:
            raise Refused(status, document)
        return document

    async def _exchange(self, request: bytes) -> tuple[int, dict[str, Any]]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=ANSWER_BYTES_MAX
            )
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        body = await reader.readexactly(length)
        return status, json.loads(body) if body else {}

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
