"""Messages of SQS in the form in which functions get them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from stepwell.values import JsonObject


def queue_record(message: Mapping[str, Any], arn: str) -> JsonObject:
    """The record of a message that ReceiveMessage gave."""
    record: JsonObject = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {
            name: _attribute(value)
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record | {
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _attribute(value: Mapping[str, Any]) -> JsonObject:
    shown: JsonObject = {}
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        binary = value["BinaryValue"]
        is_bytes = isinstance(binary, bytes)
        shown["binaryValue"] = base64.b64encode(binary).decode() if is_bytes else binary
    return shown | {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
