"""SQS behind the real gateway, in a thread, for real clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from stepwell.gateway.app import create_app
from stepwell.gateway.server import run, serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.runtime.clock import SystemClock, SystemIds
from stepwell.runtime.ledger import Ledger
from stepwell.services.sqs import TABLES, Queues, service
from stepwell.services.sqs.moves import keep_going
from stepwell.stores.memory import MemoryStore

ACCOUNT = "123456789012"


class Thread:
    """The server's own loop."""

    def __init__(self) -> None:
        self.port = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._closing: asyncio.Event
        self._thread = threading.Thread(target=lambda: run(self._main()))

    def start(self) -> None:
        """Return once it listens."""
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """Return once it has drained."""
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join(15)
        assert not self._thread.is_alive()

    def _close(self) -> None:
        self._queues.close()
        self._closing.set()

    async def _main(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        store = MemoryStore(TABLES)
        await store.open()
        clock, ids = SystemClock(), SystemIds()
        self._queues = Queues(store, Ledger(store), clock, ids)
        keep_going(self._queues)
        await self._queues.load()
        app = create_app(
            [service(self._queues)],
            settings=GatewaySettings(),
            health=dict,
            clock=clock,
            ids=ids,
        )
        await serve(app, "127.0.0.1", 0, closing=self._closing, on_ready=self._listening)
        await store.close()

    def _listening(self, port: int) -> None:
        self.port = port
        self._ready.set()


@contextmanager
def served() -> Iterator[str]:
    """The address of a running SQS."""
    thread = Thread()
    thread.start()
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.stop()


def client(address: str | None) -> Any:
    """A boto3 client for the account the tests use; None is for moto."""
    return boto3.client(
        "sqs",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )
