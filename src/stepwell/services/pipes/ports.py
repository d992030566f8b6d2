"""What Pipes needs from outside: what it reads, whom it asks, to whom it hands over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.ports import QueueSource, StreamSource
from stepwell.values import JsonObject

Wait = Callable[[], Awaitable[None]]
"""What must have happened before a parcel can be handed over in a further turn."""


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What a request to an API gets besides its body."""

    path_values: Sequence[str] = ()
    """For the stars of the path, one after another."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A synchronous call of an enrichment or a target."""

    arn: str
    body: str
    account: str
    region: str
    pipe_arn: str
    http: HttpParts = HttpParts()


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing for a target that takes it as part of a turn.

    `request` is that of deliveries (`services.deliveries.delivery.Delivery`).
    """

    arn: str
    request: JsonObject
    account: str
    region: str
    pipe_arn: str


class Ways(Protocol):
    """The ways to enrichments and targets."""

    async def ask(self, question: Question) -> bytes:
        """The answer. Raises ServiceError when there is none, or the asked one failed."""

    def take(self, turn: Turn, parcel: Parcel, number: int) -> Wait | None:
        """Hand a parcel over as part of the turn (None), or say what to wait for first.

        `number` is the same whenever the same parcel is tried again. Raises ServiceError,
        StorageTrouble before anything is changed.
        """

    def has_room(self, arn: str, under_way: int) -> bool:
        """Whether it can be asked once more now, beside so many questions of the same pipe.

        What is not there is told when it is asked.
        """

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever there may be room again. The answer ends that."""

    def is_express(self, machine_arn: str) -> bool | None:
        """Whether a state machine is an express one; None when there is none of that ARN."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All of it."""

    queues: QueueSource
    streams: StreamSource
    ways: Ways
