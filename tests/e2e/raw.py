"""Requests as no SDK would send them: any bytes in, status and document out."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from stepwell.testing.server import ServerProcess

START = "AWSStepFunctions.StartExecution"
CREATE = "AWSStepFunctions.CreateStateMachine"
SUCCEED = "AWSStepFunctions.SendTaskSuccess"
DESCRIBE = "AWSStepFunctions.DescribeExecution"
SEND = "AmazonSQS.SendMessage"
TAKE = "AWSStepFunctions.GetActivityTask"
RECEIVE = "AmazonSQS.ReceiveMessage"
ANSWER_SECONDS_MAX = 20


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value

    @property
    def code(self) -> str:
        """The error's code without its namespace."""
        return str(self.document["__type"]).rpartition("#")[2]

    @property
    def text(self) -> str:
        """The error's message."""
        return str(self.document.get("message", self.document.get("Message", "")))


def ask(
    server: ServerProcess,
    body: bytes | str | None,
    target: str | None = START,
    *,
    method: str = "POST",
    path: str = "/",
    headers: dict[str, str] | None = None,
) -> Told:
    """One request on a connection of its own."""
    return Sent(server, body, target, method=method, path=path, headers=headers).answer()


class Sent:
    """A request that is on its way; its bytes have left, and its answer can be waited for."""

    def __init__(
        self,
        server: ServerProcess,
        body: bytes | str | None,
        target: str | None = START,
        *,
        method: str = "POST",
        path: str = "/",
        headers: dict[str, str] | None = None,
    ) -> None:
        known = {"Content-Type": "application/x-amz-json-1.0"}
        if target is not None:
            known["X-Amz-Target"] = target
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=ANSWER_SECONDS_MAX
        )
        sent = body.encode() if isinstance(body, str) else body
        try:
            self._connection.request(method, path, body=sent, headers={**known, **(headers or {})})
        except BaseException:
            self._connection.close()
            raise

    def answer(self) -> Told:
        """The answer; the connection is closed."""
        try:
            response = self._connection.getresponse()
            shown = {name.lower(): value for name, value in response.getheaders()}
            return Told(response.status, shown, response.read())
        finally:
            self._connection.close()


def call(server: ServerProcess, target: str, **params: Any) -> Told:
    """One JSON operation."""
    return ask(server, json.dumps(params), target)
