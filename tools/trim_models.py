"""Trims botocore's service models to what the gateway reads, as compact JSON.

    python tools/trim_models.py            rewrite the package data
    python tools/trim_models.py --check    exit 1 when the package data is not what botocore gives

Documentation, examples and endpoint hints go; shapes, traits, errors and protocols stay. The
queue service's model no longer carries the names its Query protocol uses on the wire, though
that protocol still works; they are put back here as the trait `queryName`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudformation",
    "dynamodb",
    "dynamodbstreams",
    "ecr",
    "events",
    "iam",
    "lambda",
    "logs",
    "pipes",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
TARGET = Path(__file__).parent.parent / "src/stepwell/models/data"

DROPPED = frozenset(
    {
        "documentation",
        "documentationUrl",
        "deprecatedMessage",
        "deprecatedSince",
        "endpoint",
        "endpointoperation",
        "endpointdiscovery",
        "staticContextParams",
        "operationContextParams",
        "contextParam",
        "clientContextParams",
    }
)

QUEUE_LIST_NAMES = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}

QUEUE_MAP_NAMES = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}


def trimmed(service: str) -> dict[str, Any]:
    """The trimmed model of one service from the installed botocore."""
    model = Loader().load_service_model(service, "service-2")
    result = {
        "metadata": dict(model["metadata"]),
        "operations": {name: _without_prose(op) for name, op in model["operations"].items()},
        "shapes": {name: _shape(shape) for name, shape in model["shapes"].items()},
    }
    if service == "sqs":
        _name_for_query(result["shapes"])
    return result


def text(service: str) -> str:
    """The file content for one service."""
    return json.dumps(trimmed(service), separators=(",", ":"), ensure_ascii=False) + "\n"


def _shape(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape without prose; member names are data, so only their traits are filtered."""
    kept: dict[str, Any] = _without_prose({k: v for k, v in shape.items() if k != "members"})
    if "members" in shape:
        kept["members"] = {name: _without_prose(ref) for name, ref in shape["members"].items()}
    return kept


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_prose(item) for key, item in value.items() if key not in DROPPED}
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    return value


def _name_for_query(shapes: dict[str, Any]) -> None:
    for name, item in QUEUE_LIST_NAMES.items():
        shapes[name]["member"]["queryName"] = item
        shapes[name]["flattened"] = True
    for name, (entry, key, value) in QUEUE_MAP_NAMES.items():
        shapes[name]["queryName"] = entry
        shapes[name]["key"]["queryName"] = key
        shapes[name]["value"]["queryName"] = value
        shapes[name]["flattened"] = True


def main() -> int:
    """Writes or checks every service's file."""
    checking = "--check" in sys.argv[1:]
    stale = []
    for service in SERVICES:
        path = TARGET / f"{service}.json"
        content = text(service)
        if checking:
            if not path.exists() or path.read_text(encoding="utf-8") != content:
                stale.append(path.name)
        else:
            path.write_text(content, encoding="utf-8")
            print(f"{path.name}: {len(content)} bytes")
    if stale:
        print("not what the installed botocore gives:", ", ".join(stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
