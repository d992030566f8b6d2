"""Callers who behave badly on the wire: the others do not notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.wire import request_bytes

IDLE = 500
PIPELINED = 50
HANG_UPS = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all of them; at the end it is well."""
    with ServerProcess(tmp_path_factory.mktemp("wire") / "data") as server:
        yield server
        assert server.healthy()
        assert "Traceback" not in server.log()


@contextlib.contextmanager
def connected(server: ServerProcess) -> Iterator[tuple[socket.socket, BinaryIO]]:
    """A connection, and its incoming side as a file."""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection,
        connection.makefile("rb") as incoming,
    ):
        yield connection, incoming


def answer(incoming: BinaryIO) -> tuple[int, bytes]:
    """The next whole answer: status and body."""
    status = int(incoming.readline().split()[1])
    length = 0
    while line := incoming.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return status, incoming.read(length)


def made_queue(server: ServerProcess, name: str) -> str:
    """The URL of a new queue."""
    return str(client(server, "sqs").create_queue(QueueName=name)["QueueUrl"])


def messages(server: ServerProcess, url: str) -> int:
    """How many messages a queue holds."""
    asked = client(server, "sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def test_pipelined_requests_are_answered_in_their_order(server: ServerProcess) -> None:
    """Many requests in one piece are all answered, in order, good and bad ones."""
    url = made_queue(server, "pipelined")
    batch = b"".join(
        request_bytes("SendMessage", {"QueueUrl": url, "MessageBody": "x" if n % 5 else ""})
        for n in range(PIPELINED)
    )
    with connected(server) as (connection, incoming):
        connection.sendall(batch)
        assert [answer(incoming)[0] for _ in range(PIPELINED)] == [
            200 if n % 5 else 400 for n in range(PIPELINED)
        ]
    assert messages(server, url) == PIPELINED - PIPELINED // 5


def test_half_a_request_does_nothing(server: ServerProcess) -> None:
    """A request whose end never came has no effect, wherever it was cut."""
    url = made_queue(server, "half")
    whole = request_bytes("SendMessage", {"QueueUrl": url, "MessageBody": "x" * 1000})
    for end in range(1, len(whole), len(whole) // 25):
        with connected(server) as (connection, _):
            connection.sendall(whole[:end])
    with connected(server) as (connection, incoming):
        connection.sendall(whole)
        assert answer(incoming)[0] == 200
    assert messages(server, url) == 1


def test_callers_who_hang_up_at_once(server: ServerProcess) -> None:
    """A whole request counts even when nobody waits for its answer."""
    url = made_queue(server, "hang-up")
    request = request_bytes("SendMessage", {"QueueUrl": url, "MessageBody": "x"})
    for _ in range(HANG_UPS):
        with connected(server) as (connection, _):
            connection.sendall(request)
    until(lambda: messages(server, url) == HANG_UPS, "every message has arrived")


def test_a_poller_who_hangs_up_takes_nothing_for_good(server: ServerProcess) -> None:
    """A long poll whose caller went away does not swallow the next message."""
    sqs = client(server, "sqs")
    visible = {"VisibilityTimeout": "2"}
    url = sqs.create_queue(QueueName="gone", Attributes=visible)["QueueUrl"]
    poll = request_bytes("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
    for _ in range(10):
        with connected(server) as (connection, _):
            connection.sendall(poll)
    sqs.send_message(QueueUrl=url, MessageBody="for the living")
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert [message["Body"] for message in received["Messages"]] == ["for the living"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"\x00" * 1000,
        b"x" * 200_000,
        b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
    ],
    ids=lambda garbage: repr(garbage[:20]),
)
def test_garbage_is_cut_off(server: ServerProcess, garbage: bytes) -> None:
    """What is no HTTP gets an error at most, and the connection ends; others are served."""
    with connected(server) as (connection, incoming):
        with contextlib.suppress(ConnectionError):
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            told = incoming.read(100_000)
            assert not told or told.split(b" ", 2)[1][:1] == b"4"
            assert b"Traceback" not in told
    assert server.healthy()


async def test_idle_connections_cost_nobody_anything(server: ServerProcess) -> None:
    """With 500 connections that say nothing, or half a line, requests are answered as ever."""
    writers = []
    try:
        for number in range(IDLE):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST / HT" if number % 2 else b"")
            writers.append(writer)
        states = client(server, "stepfunctions")
        told = await asyncio.to_thread(states.list_state_machines)
        assert told["stateMachines"] == []
        _, writer = writers[1], writers[1]
        body = json.dumps({}).encode()
        writer.write(b"TP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.ListActivities\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        assert server.healthy()
    finally:
        for writer in writers:
            writer.close()
