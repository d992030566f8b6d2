"""Lines on their way to functions that subscribe to them: part of the turn that writes them.

A function gets them as on AWS: JSON, compressed, in base 64, below `awslogs.data`.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache

from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.logs.filters import Matches, compile_filter
from stepwell.services.logs.names import group_arn
from stepwell.services.logs.records import GroupRow, LogEventRow, SubscriptionRow
from stepwell.values import encode, encode_text

SUBSCRIPTIONS_MAX = 2
"""Of one group, as on AWS."""
BATCH_BYTES_MAX = 512 * 1024
"""Before they are compressed: one line more than that goes alone."""
_COMPRESSION = 1
_ID_DIGITS = 56


def forward(
    deliveries: Deliveries,
    turn: Turn,
    place: tuple[GroupRow, str],
    subscriptions: Sequence[SubscriptionRow],
    events: Sequence[LogEventRow],
) -> None:
    """Send the lines just written to a group (and the stream of that name) to who wants them."""
    for subscription in subscriptions:
        matches = matcher(subscription.pattern)
        wanted = [event for event in events if matches(event.message)]
        for batch in _batches(wanted):
            deliveries.send(turn, _delivery(place, subscription, batch))


@lru_cache(maxsize=256)
def matcher(pattern: str) -> Matches:
    """Whether a line is wanted. Raises ServiceError InvalidParameterException."""
    return compile_filter(pattern)


def _batches(events: Sequence[LogEventRow]) -> Iterator[list[LogEventRow]]:
    batch: list[LogEventRow] = []
    size = 0
    for event in events:
        length = len(event.message.encode())
        if batch and size + length > BATCH_BYTES_MAX:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch


def _delivery(
    place: tuple[GroupRow, str], subscription: SubscriptionRow, batch: Sequence[LogEventRow]
) -> Delivery:
    group, stream = place
    account, region = group.scope.split(":")
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": group.name,
        "logStream": stream,
        "subscriptionFilters": [subscription.name],
        "logEvents": [
            {
                "id": f"{event.at:020d}{event.sequence:0{_ID_DIGITS - 20}d}",
                "timestamp": event.at,
                "message": event.message,
            }
            for event in batch
        ],
    }
    data = b64encode(gzip.compress(encode(document), _COMPRESSION, mtime=0)).decode()
    payload = encode_text({"awslogs": {"data": data}})
    target = subscription.destination
    return Delivery(target, {"Payload": payload}, account, region, group_arn(group))
