"""A gateway on loopback in a thread of its own, with services made of plain functions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from stepwell.gateway.app import Clock, create_app
from stepwell.gateway.messages import Request
from stepwell.gateway.server import run, serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.gateway.temporary import TemporaryKeys
from stepwell.runtime.clock import SystemClock
from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.sts import sts_service

NOW_MS = 1_790_000_000_000
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:one"


@dataclass
class FixedTime:
    """A clock that a test sets."""

    milliseconds: int = NOW_MS

    def now(self) -> int:
        """Epoch milliseconds."""
        return self.milliseconds


class CountedIds:
    """Chance that is none: it counts."""

    def __init__(self) -> None:
        self.count = 0

    def secret(self, size: int) -> bytes:
        """The next number."""
        self.count += 1
        return self.count.to_bytes(size)


@dataclass
class Fake:
    """Answers what the test says and remembers what it was asked."""

    answers: dict[str, Answer | Exception | Operation] = field(default_factory=dict)
    asked: list[tuple[str, Call, Params]] = field(default_factory=list)

    def service(self, name: str, *operations: str, **flags: Any) -> Service:
        """A service whose operations are all this fake."""
        return Service(name, {each: self._operation(each) for each in operations}, **flags)

    def _operation(self, name: str) -> Operation:
        async def answer(call: Call, params: Params) -> Answer:
            self.asked.append((name, call, params))
            prepared = self.answers.get(name)
            if isinstance(prepared, Exception):
                raise prepared
            return await prepared(call, params) if callable(prepared) else prepared

        return answer


def request_of(
    method: str,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes = b"",
    *,
    path: str = "/",
    query: bytes = b"",
) -> Request:
    """A request as a connection on 127.0.0.1:4566 hands it over."""
    pairs = list(headers)
    own = "http://127.0.0.1:4566"
    return Request(method, path, query, dict(pairs), body, body, own, None, pairs)


class Served:
    """The running server. Stops when the block ends."""

    def __init__(
        self,
        fake: Fake,
        settings: GatewaySettings | None = None,
        *,
        real_clock: bool = False,
        loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self.fake = fake
        self.clock: Clock = SystemClock() if real_clock else FixedTime()
        self.health: dict[str, object] = {"version": "1.2.3", "services": {"sqs": "running"}}
        self.closing: asyncio.Event
        self.port = 0
        self._settings = settings or GatewaySettings()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: self._serve(loop))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that talks to it."""
        known = {
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": Config(retries={"max_attempts": 0}),
        }
        return boto3.client(service, endpoint_url=self.url, **{**known, **options})

    def close(self) -> None:
        """Asks the server to stop, without waiting for it."""
        self._loop.call_soon_threadsafe(self.closing.set)

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self.close()
        self.join()

    def join(self) -> None:
        """Waits until the server has stopped."""
        self._thread.join(15)
        assert not self._thread.is_alive()

    def _serve(self, loop: Callable[[], asyncio.AbstractEventLoop] | None) -> None:
        if loop is None:
            run(self._run())
            return
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        self._loop, self.closing = asyncio.get_running_loop(), asyncio.Event()
        keys = TemporaryKeys(b"root", CountedIds().secret)
        services = [
            self.fake.service("stepfunctions", *STATES, long_polls=frozenset({"GetActivityTask"})),
            self.fake.service("sqs", *QUEUES, checks_itself=True),
            sts_service(issue=keys.issue, now=self.clock.now),
        ]
        app = create_app(
            services,
            settings=self._settings,
            health=lambda: self.health,
            clock=self.clock,
            ids=CountedIds(),
            temporary=keys,
        )
        await serve(app, "127.0.0.1", 0, closing=self.closing, on_ready=self._is_ready)

    def _is_ready(self, port: int) -> None:
        self.port = port
        self._ready.set()


STATES = (
    "StartExecution",
    "DescribeExecution",
    "ListExecutions",
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "GetActivityTask",
    "TagResource",
    "SendTaskSuccess",
)
QUEUES = (
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "GetQueueUrl",
    "GetQueueAttributes",
    "CreateQueue",
    "ListQueues",
    "ChangeMessageVisibilityBatch",
    "TagQueue",
    "ListQueueTags",
    "AddPermission",
    "UntagQueue",
)
