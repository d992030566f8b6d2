"""Where the result of an asynchronous invocation goes: destinations and dead letters."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.feeds.batch_info import iso_time
from stepwell.services.lambda_ import invoke_configs
from stepwell.services.lambda_.names import LATEST, function_arn
from stepwell.services.lambda_.ports import Outcome
from stepwell.services.lambda_.records import EventRow
from stepwell.services.lambda_.registry import Found, Registry
from stepwell.values import JsonObject, JsonValue, decode, encode_text

_log = logging.getLogger("stepwell.lambda")
_ERROR_MESSAGE_MAX = 1_024
Tell = Callable[[Turn], None]


def succeeded(
    functions: Registry, found: Found, row: EventRow, version: str, outcome: Outcome
) -> Tell | None:
    """What is sent when the function answered."""
    rules = invoke_configs.rules(functions, row.function, row.qualifier)
    if rules.on_success is None:
        return None
    record = _record(functions, row, "Success", outcome, version)
    return _to(functions, found, rules.on_success, record, "Success")


def gave_up(
    functions: Registry,
    found: Found,
    row: EventRow,
    outcome: Outcome | None,
    version: str,
    *,
    too_old: bool = False,
) -> Tell | None:
    """What is sent when the event is given up: to the destination, to the dead-letter queue."""
    rules = invoke_configs.rules(functions, row.function, row.qualifier)
    condition = "EventAgeExceeded" if too_old else "RetriesExhausted"
    told: list[Tell] = []
    if rules.on_failure is not None:
        record = _record(functions, row, condition, outcome, version)
        told.append(_to(functions, found, rules.on_failure, record, "Failure"))
    members = cast("dict[str, Any]", decode(found.version.configuration))
    letter = (members.get("DeadLetterConfig") or {}).get("TargetArn")
    if letter:
        told.append(_dead_letter(functions, found, letter, row, outcome))

    def tell(turn: Turn) -> None:
        for one in told:
            one(turn)

    return tell


def _record(
    functions: Registry,
    row: EventRow,
    condition: str,
    outcome: Outcome | None,
    version: str,
) -> JsonObject:
    """The document that destinations get."""
    now = functions.parts.clock.now()
    record: JsonObject = {
        "version": "1.0",
        "timestamp": iso_time(now),
        "requestContext": {
            "requestId": row.request_id,
            "functionArn": function_arn(row.function, row.qualifier or LATEST),
            "condition": condition,
            "approximateInvokeCount": row.attempts,
        },
        "requestPayload": _parsed(row.payload),
    }
    if outcome is not None:
        context: JsonObject = {"statusCode": 200, "executedVersion": version}
        if outcome.error is not None:
            context["functionError"] = outcome.error
        record["responseContext"] = context
        record["responsePayload"] = _parsed(outcome.payload)
    return record


def _parsed(payload: bytes) -> JsonValue:
    try:
        return decode(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _to(functions: Registry, found: Found, target: str, record: JsonObject, end: str) -> Tell:
    source = function_arn(found.place)
    return lambda turn: send(functions, turn, target, record, found, source, end)


def send(
    functions: Registry,
    turn: Turn,
    target: str,
    record: JsonObject,
    found: Found,
    source: str,
    end: str,
) -> None:
    """Send a record to a queue, a topic, a function or a bus."""
    text = encode_text(record)
    service = target.split(":")[2]
    request: JsonObject
    if service == "sqs":
        request = {"MessageBody": text}
    elif service == "sns":
        request = {"Message": text}
    elif service == "lambda":
        request = {"Payload": text}
    else:
        entry: JsonObject = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {end}",
            "Detail": text,
            "Resources": [target, function_arn(found.place, found.named.qualifier or LATEST)],
            "EventBusName": target,
        }
        request = {"Entries": [entry]}
    if not functions.parts.deliveries.reaches(target):
        _log.error("%s: nothing here delivers to %s", source, target)
    functions.parts.deliveries.send(
        turn, Delivery(target, request, found.named.account, found.named.region, source)
    )


def error_message(outcome: Outcome) -> str:
    """What a function said when it failed; empty when it said nothing."""
    document = _parsed(outcome.payload)
    if not isinstance(document, dict):
        return ""
    return str(document.get("errorMessage", ""))[:_ERROR_MESSAGE_MAX]


def _dead_letter(
    functions: Registry, found: Found, target: str, row: EventRow, outcome: Outcome | None
) -> Tell:
    """The event as it came, and what was wrong in attributes."""
    message = "" if outcome is None else error_message(outcome)
    attributes: JsonObject = {
        "RequestID": {"DataType": "String", "StringValue": row.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
    }
    if message:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message}
    body = "MessageBody" if target.split(":")[2] == "sqs" else "Message"
    request: JsonObject = {body: row.payload.decode(), "MessageAttributes": attributes}
    source = function_arn(found.place)
    delivery = Delivery(target, request, found.named.account, found.named.region, source)
    return lambda turn: functions.parts.deliveries.send(turn, delivery)
