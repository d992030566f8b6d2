"""Deliveries to log groups: the line joins the turn of its source."""

from __future__ import annotations

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.integrations.carriers.sqs import for_good
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.names import parse_arn


class LogsCarrier:
    """Writes to the embedded log groups."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> None:
        """Append the line; `request` is `{"Message": text}`.

        The stream is named after the source, and the time is now, unless the request says
        otherwise (`LogStreamName`, `Timestamp` in epoch milliseconds).
        """
        logs = self._logs
        if not (logs.groups.is_ready and logs.streams.is_ready):
            raise StorageTrouble("The log groups are being read again.")
        place = parse_arn(delivery.target)
        if place is None or not logs.has_group(delivery.target):
            raise for_good(
                ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
            )
        request = delivery.request
        named = request.get("LogStreamName") or delivery.source.rpartition(":")[2]
        at = request.get("Timestamp")
        when = at if isinstance(at, int) else logs.parts.clock.now()
        stream = str(named).replace("*", "-").replace(":", "-")
        logs.write(turn, *place, stream, [(when, str(request.get("Message", "")))])
