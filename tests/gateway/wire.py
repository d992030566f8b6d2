"""One connection to a server, byte by byte, and requests to put on it."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.gateway.served import MACHINE, Served

START = b'{"stateMachineArn":"%s"}' % MACHINE.encode()
TARGET = b"X-Amz-Target: AWSStepFunctions.StartExecution\r\n"


class Wire:
    """One connection, and whole answers read from it."""

    def __init__(self, server: Served) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Puts bytes on the wire."""
        self.socket.sendall(data)

    def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with small names, body."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head else int(headers.get("content-length", 0))
        return status, headers, self._file.read(length)

    def closed(self) -> bool:
        """True when the server has hung up."""
        return self._file.peek(1) == b""

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self.socket.close()


def post(body: bytes, *headers: bytes, target: bytes = TARGET, path: bytes = b"/") -> bytes:
    """A whole POST with a length."""
    lines = b"".join(header + b"\r\n" for header in headers)
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + target + lines + length + b"\r\n" + body


def document(body: bytes) -> dict[str, Any]:
    """The JSON object in a body."""
    value = json.loads(body)
    assert isinstance(value, dict)
    return value
