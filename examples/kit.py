"""What the example apps share: clients, packaging of functions, waiting for what must come.

Nothing here is needed to use Stepwell: it is boto3 with a few lines around it.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

T = TypeVar("T")

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/example"
PATIENCE_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.02


class NotSeen(AssertionError):
    """Something that had to happen did not."""


def _nothing() -> None:
    """Nothing."""


@dataclass
class World:
    """Where an app runs: an endpoint, the way to put its clock forward, and somebody to tell."""

    endpoint: str
    skip: Callable[[float], None]
    """Puts the server's clock forward by seconds."""
    say: Callable[[str], None]
    on_wait: Callable[[], None] = _nothing
    """Called each time before something is waited for."""
    clients: dict[str, Any] = field(default_factory=dict)

    def aws(self, service: str) -> Any:
        """A client, as in any app: only the endpoint is another."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
            )
        return self.clients[service]

    def function(
        self,
        name: str,
        folder: Path,
        handler: str,
        runtime: str,
        *,
        environment: dict[str, str] | None = None,
        timeout_seconds: int = 120,
    ) -> str:
        """Deploy a folder as a function; its ARN."""
        answer = self.aws("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=ROLE,
            Handler=handler,
            Code={"ZipFile": zipped(folder)},
            Environment={"Variables": environment or {}},
            Timeout=timeout_seconds,
            MemorySize=512,
        )
        return str(answer["FunctionArn"])

    def machine(self, name: str, definition: object, **more: Any) -> str:
        """Create a state machine; its ARN."""
        answer = self.aws("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE, **more
        )
        return str(answer["stateMachineArn"])

    def start(self, machine: str, given: object = None) -> str:
        """Start an execution; its ARN."""
        answer = self.aws("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({} if given is None else given)
        )
        return str(answer["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution, once it is over."""

        def over() -> dict[str, Any] | None:
            seen: dict[str, Any] = self.aws("stepfunctions").describe_execution(
                executionArn=execution
            )
            return None if seen["status"] == "RUNNING" else seen

        return self.until(f"the end of {execution.rsplit(':', 1)[-1]}", over)

    def history(self, execution: str) -> list[dict[str, Any]]:
        """All events of an execution."""
        pages = self.aws("stepfunctions").get_paginator("get_execution_history")
        return [e for page in pages.paginate(executionArn=execution) for e in page["events"]]

    def states(self, execution: str) -> list[str]:
        """The names of the states that were entered, in their order."""
        events = self.history(execution)
        return [e["stateEnteredEventDetails"]["name"] for e in events if _entered(e)]

    def happened(self, execution: str, event_type: str, times: int = 1) -> dict[str, Any]:
        """The last of so many events of a type, once there are that many."""

        def look() -> dict[str, Any] | None:
            found = [e for e in self.history(execution) if e["type"] == event_type]
            return found[times - 1] if len(found) >= times else None

        return self.until(f"{times} {event_type}", look)

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """What `look` finds, once it finds something. Raises NotSeen after a minute."""
        self.on_wait()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise NotSeen(f"not seen within {PATIENCE_SECONDS:.0f} s: {what}")
            time.sleep(_LOOK_AGAIN_SECONDS)


def see(what: str, seen: object, wanted: object) -> None:
    """Raises NotSeen unless both are the same."""
    if seen != wanted:
        raise NotSeen(f"{what}: {wanted!r} was expected, {seen!r} was seen")


def _entered(event: dict[str, Any]) -> bool:
    return "stateEnteredEventDetails" in event


@cache
def zipped(folder: Path) -> bytes:
    """A folder as the archive that CreateFunction wants."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()
