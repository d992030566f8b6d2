"""An event on its way to the targets of a rule."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import DeadLetter, Delivery, Retries
from stepwell.services.events.inputs import BadInput, Matched, shape_input
from stepwell.services.events.names import BusName
from stepwell.services.events.records import RuleRow, TargetRow
from stepwell.services.events.times import timestamp
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf
from stepwell.values import JsonObject, decode, encode_text

_log = logging.getLogger("stepwell.events")

ATTEMPTS_MAX = 185
AGE_SECONDS_MAX = 86_400


@dataclass(frozen=True, slots=True)
class Dispatch:
    """See the module."""

    parts: ServiceParts
    targets: Shelf[TargetRow]

    def send(
        self,
        turn: Turn,
        bus: BusName,
        rule: RuleRow,
        event: JsonObject,
        *,
        forwarded: bool = False,
    ) -> None:
        """Deliver an event to every target of a rule."""
        arn = bus.rule_arn(rule.name)
        matched = Matched(event, arn, rule.name, timestamp(self.parts.clock.now()))
        for row in self.targets.of(bus.rule_path(rule.name)):
            target: Any = decode(row.target)
            if forwarded and is_bus(target["Arn"]):
                continue
            try:
                delivery = _delivery(target, matched, bus)
            except BadInput:
                _log.warning("%s: the input for %s is not JSON", arn, target["Arn"])
                letter = _dead_letter(target, matched)
                if letter is None:
                    continue
                delivery = _bad_input(letter, bus, arn)
            self.parts.deliveries.send(turn, delivery)


def is_bus(arn: str) -> bool:
    """Whether a target is another bus."""
    return ":event-bus/" in arn


def _delivery(target: dict[str, Any], matched: Matched, bus: BusName) -> Delivery:
    arn: str = target["Arn"]
    letter = _dead_letter(target, matched)
    policy = target.get("RetryPolicy") or {}
    retries = Retries(
        attempts_max=policy.get("MaximumRetryAttempts", ATTEMPTS_MAX),
        age_seconds_max=policy.get("MaximumEventAgeInSeconds", AGE_SECONDS_MAX),
    )
    request: JsonObject = {"Event": matched.event}
    if not is_bus(arn):
        request = _request(target, matched)
    return Delivery(arn, request, bus.account, bus.region, matched.rule_arn, retries, letter)


def _bad_input(letter: DeadLetter, bus: BusName, arn: str) -> Delivery:
    """What a template made is not JSON: trying again is of no use."""
    attributes = letter.attributes | {
        "ERROR_CODE": "INVALID_JSON",
        "ERROR_MESSAGE": "The transformed event is not valid JSON.",
    }
    request: JsonObject = {
        "MessageBody": letter.body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
        },
    }
    return Delivery(letter.queue_arn, request, bus.account, bus.region, arn)


def _request(target: dict[str, Any], matched: Matched) -> JsonObject:
    text = shape_input(target, matched)
    service = target["Arn"].split(":", 3)[2]
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        return {"MessageBody": text} | ({"MessageGroupId": group} if group else {})
    if service == "events":
        return {"Body": text, "HttpParameters": target.get("HttpParameters") or {}}
    return {_TEXT_MEMBERS[service]: text}


_TEXT_MEMBERS = {"lambda": "Payload", "sns": "Message", "states": "Input", "logs": "Message"}
"""Where the text stands in the request of a target."""

SERVICES = frozenset({"sqs", "events", *_TEXT_MEMBERS})
"""The services whose resources can be targets."""


def _dead_letter(target: dict[str, Any], matched: Matched) -> DeadLetter | None:
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return None
    return DeadLetter(
        queue,
        encode_text(matched.event),
        {"RULE_ARN": matched.rule_arn, "TARGET_ARN": target["Arn"]},
        with_error=True,
        as_rule=True,
    )
