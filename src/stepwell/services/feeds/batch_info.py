"""What a dead letter says about the part of a stream that it stands for."""

from __future__ import annotations

from datetime import UTC, datetime

from stepwell.services.feeds.ports import Records
from stepwell.services.feeds.stream_reader import made_at
from stepwell.values import JsonObject


def iso_time(milliseconds: int) -> str:
    """A time with milliseconds, in UTC."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def batch_info(records: Records, arn: str) -> JsonObject:
    """The member DDBStreamBatchInfo for records of that stream."""
    first, last = records[0], records[-1]
    return {
        "shardId": f"shardId-{int(first['dynamodb']['SequenceNumber']):021d}",
        "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
        "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
        "approximateArrivalOfFirstRecord": iso_time(int(made_at(first) * 1000)),
        "approximateArrivalOfLastRecord": iso_time(int(made_at(last) * 1000)),
        "batchSize": len(records),
        "streamArn": arn,
    }
