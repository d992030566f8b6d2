"""What a reader reads from: queues and streams, as somebody else has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from stepwell.runtime.turn import Turn

Records = list[dict[str, Any]]
"""Messages or changes in the form in which functions get them."""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What a reader must know of a queue."""

    visibility_seconds: int
    fifo: bool


class QueueSource(Protocol):
    """Queues: SQS."""

    def facts(self, arn: str) -> QueueFacts | None:
        """About a queue; None when there is none of that ARN."""

    async def receive(self, arn: str, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        """Messages as ReceiveMessage shows them, with all attributes.

        Waits that long for the first one. Raises ServiceError, StorageTrouble.
        """

    async def delete(self, arn: str, handles: Sequence[str]) -> None:
        """Delete messages by their receipt handles. Raises ServiceError, StorageTrouble."""

    async def reach(self, arn: str, handles: Sequence[str]) -> None:
        """Have these messages at hand, for `held` and `discard` without waiting in between.

        Raises ServiceError, StorageTrouble.
        """

    def held(self, arn: str, handles: Sequence[str]) -> set[str]:
        """Those whose message is there and was given to nobody else since."""

    def discard(self, turn: Turn, arn: str, handles: Sequence[str]) -> None:
        """Delete messages that are held, as part of the turn."""


class StreamSource(Protocol):
    """Streams: DynamoDB's, of one shard each."""

    def exists(self, arn: str) -> bool:
        """Whether there is a stream of that ARN."""

    def on_record(self, arn: str, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever new records are there. The answer ends that."""

    async def records(
        self, arn: str, *, after: int, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """Records behind a position, as (position, record in the form that functions get)."""
