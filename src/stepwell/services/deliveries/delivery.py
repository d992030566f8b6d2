"""What one service sends to another: where to, what, and what happens when it does not arrive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from stepwell.runtime.turn import Turn
from stepwell.values import JsonObject, decode, encode_text


@dataclass(frozen=True, slots=True)
class Retries:
    """When a delivery that was refused is tried again, and when it is given up.

    The pauses are those of `pauses`, then always `pause_seconds_max`. Without any, the pause begins
    with `first_seconds` and doubles up to `pause_seconds_max`.
    """

    attempts_max: int = 185
    """How often it is tried again after the first time."""
    age_seconds_max: int = 86_400
    first_seconds: float = 1.0
    pause_seconds_max: float = 1_200.0
    pauses: Sequence[float] = ()
    """Seconds before the first, second, ... further attempt."""

    def pause_seconds(self, refused: int) -> float:
        """How long to wait after it was refused so many times before."""
        if refused < len(self.pauses):
            return self.pauses[refused]
        if self.pauses:
            return self.pause_seconds_max
        return min(self.first_seconds * 2.0 ** min(refused, 30), self.pause_seconds_max)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The message that goes to a queue instead, once a delivery is given up."""

    queue_arn: str
    body: str
    attributes: dict[str, str] = field(default_factory=dict)
    """Message attributes, all of them texts."""
    with_error: bool = False
    """Adds the attributes ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and EXHAUSTED_RETRY_CONDITION
    (EventBridge); the last two only if it was tried again."""
    further: JsonObject = field(default_factory=dict)
    """More members of SendMessage: a group, attributes that are no texts."""
    as_rule: bool = False
    """ERROR_CODE is one of those that rules have (`NO_RESOURCE`), not the target's own."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing for one target.

    `target` is an ARN or a URL. The `request` is that of the target's own operation, without the
    name of the target: SendMessage (sqs), Publish (sns), PutEvents (events), `{"Payload": text}`
    (lambda), `{"Input": text}` (states), `{"Message": text}` (logs), `{"Method", "Headers",
    "Body"}` (http and https), `{"Subject", "Body"}` (mailto), and so on; blobs are in base 64.
    `account` and `region` are those of the source.
    """

    target: str
    request: JsonObject
    account: str
    region: str
    source: str
    """The ARN of what sends it: a rule, a subscription, a bucket, a function."""
    retries: Retries = Retries()
    dead_letter: DeadLetter | None = None


def named(target: str) -> str:
    """A target as logs and dead letters may show it: a URL without password and query.

    Both may hold secrets: `https://user:password@host/`, and the parameters of a connection.
    """
    if not target.startswith(("http://", "https://")):
        return target
    try:
        parts = urlsplit(target)
    except ValueError:
        return target.partition(":")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


Work = Callable[[], Awaitable[None]]
"""Carries a delivery out of the process. Raises ServiceError when the target refuses."""


class Carrier(Protocol):
    """The way to the targets of one service."""

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work | None:
        """Hand it over as part of the turn (None), or say how to do it after the commit.

        `identity` is the same whenever the same delivery is tried again. Raises ServiceError when
        the target refuses, before anything is changed; a `retryable` field of False in the error
        says that trying again is of no use.
        """


def delivery_text(delivery: Delivery) -> str:
    """A delivery as the JSON that its row keeps."""
    return encode_text(asdict(delivery))


def read_delivery(text: str) -> Delivery:
    """The delivery of that JSON."""
    kept = cast("dict[str, Any]", decode(text))
    letter = kept.pop("dead_letter")
    return Delivery(
        **(kept | {"retries": Retries(**kept["retries"])}),
        dead_letter=None if letter is None else DeadLetter(**letter),
    )
