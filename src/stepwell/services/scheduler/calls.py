"""The call of a schedule's target.

`<aws.scheduler.…>` in an input stands for the schedule, the time it is due, the execution and the
attempt. Without an input the target gets a small event.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stepwell.runtime.ports import Ids
from stepwell.services.deliveries.delivery import DeadLetter, Delivery, Retries
from stepwell.services.scheduler.names import GroupName, group_at
from stepwell.services.scheduler.records import ScheduleRow
from stepwell.values import JsonObject, decode, encode_text

UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
ATTEMPTS_MAX = 185
AGE_SECONDS_MAX = 86_400
_TEXT_MEMBERS = {"lambda": "Payload", "sns": "Message", "sqs": "MessageBody", "states": "Input"}
TEMPLATED = frozenset({"events", *_TEXT_MEMBERS})
"""The services with a target of their own kind."""


def delivery_of(row: ScheduleRow, due: int, ids: Ids) -> Delivery:
    """What is sent because the schedule is due."""
    group = group_at(row.group_path)
    arn = group.schedule_arn(row.name)
    target: Any = decode(row.target)
    text = _text(target, group, arn, due, ids)
    policy = target.get("RetryPolicy") or {}
    return Delivery(
        target["Arn"],
        _request(target, arn, text),
        group.account,
        group.region,
        arn,
        Retries(
            attempts_max=policy.get("MaximumRetryAttempts", ATTEMPTS_MAX),
            age_seconds_max=policy.get("MaximumEventAgeInSeconds", AGE_SECONDS_MAX),
        ),
        _dead_letter(target, arn, text, due),
    )


def _text(target: dict[str, Any], group: GroupName, arn: str, due: int, ids: Ids) -> str:
    execution = ids.uuid()
    given = target.get("Input")
    if given is None:
        return _default(group, arn, due, execution, universal=target["Arn"].startswith(UNIVERSAL))
    for name, value in (
        ("schedule-arn", arn),
        ("scheduled-time", _time(due)),
        ("execution-id", execution),
        ("attempt-number", "1"),
    ):
        given = given.replace(f"<aws.scheduler.{name}>", value)
    return str(given)


def _default(group: GroupName, arn: str, due: int, execution: str, *, universal: bool) -> str:
    if universal:
        return "{}"
    event: JsonObject = {
        "version": "0",
        "id": execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": group.account,
        "time": _time(due),
        "region": group.region,
        "resources": [arn],
        "detail": "{}",
    }
    return encode_text(event)


def _request(target: dict[str, Any], arn: str, text: str) -> JsonObject:
    if target["Arn"].startswith(UNIVERSAL):
        return {"Input": text}
    service = target["Arn"].split(":", 3)[2]
    if service == "events":
        bus = target["EventBridgeParameters"]
        return {
            "Entries": [
                {
                    "Source": bus["Source"],
                    "DetailType": bus["DetailType"],
                    "Detail": text,
                    "Resources": [arn],
                }
            ]
        }
    request: JsonObject = {_TEXT_MEMBERS[service]: text}
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    return {**request, "MessageGroupId": group} if group else request


def _dead_letter(target: dict[str, Any], arn: str, text: str, due: int) -> DeadLetter | None:
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return None
    attributes = {"SCHEDULE_ARN": arn, "TARGET_ARN": target["Arn"], "SCHEDULED_TIME": _time(due)}
    return DeadLetter(queue, text, attributes, with_error=True)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
