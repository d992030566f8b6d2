"""What somebody may have meant by a Resource that AWS does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from stepwell.language import sdk_actions
from stepwell.language.hints import Nearest

_OPTIMISED = re.compile(r"arn:[a-z-]+:states:[^:]*:[^:]*:([A-Za-z0-9-]+):([^:.]+)(?:\.(.+))?")
_SDK = re.compile(r"arn:[a-z-]+:states:[^:]*:[^:]*:aws-sdk:([^:.]+):([^:.]+)(?:\.(.+))?")
_OWN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):")
_STARTS = "a Task starts a state machine with arn:aws:states:::states:startExecution"
_SENDS = {
    "sqs": "a Task sends to a queue with arn:aws:states:::sqs:sendMessage",
    "sns": "a Task publishes to a topic with arn:aws:states:::sns:publish",
    "dynamodb": "a Task writes to a table with arn:aws:states:::dynamodb:putItem",
    "events": "a Task sends events with arn:aws:states:::events:putEvents",
    "s3": "a Task reads an object with arn:aws:states:::aws-sdk:s3:getObject",
}


class Row(Protocol):
    """What is known of an optimised integration."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """How it can be waited for."""


def no_arn(text: str) -> str:
    """About a text that is no ARN at all."""
    if "${" in text or "{{" in text:
        return "this placeholder is still to be filled in"
    if text.startswith(("$", "{%", "States.")):
        return "a Resource is fixed: it cannot be a path or an expression"
    if not text:
        return ""
    return "for example arn:aws:states:::lambda:invoke with the FunctionName in Parameters"


def unknown_arn(arn: str, catalogue: Mapping[tuple[str, str], Row], find: Nearest) -> str:
    """About an ARN: another form of the action, or the action that looks most like it."""
    if sdk := _SDK.fullmatch(arn):
        return _sdk_hint(sdk[1], sdk[2], sdk[3] or "", find)
    if named := _OPTIMISED.fullmatch(arn):
        return _optimised_hint(named[1], named[2], catalogue, find)
    if own := _OWN.match(arn):
        service = own[1]
        if service == "lambda":
            return "arn:aws:lambda:REGION:ACCOUNT:function:NAME, with region and account"
        return _SENDS.get(service, "")
    return ""


def _optimised_hint(
    service: str, action: str, catalogue: Mapping[tuple[str, str], Row], find: Nearest
) -> str:
    if service == "stateMachine":
        return _STARTS
    row = catalogue.get((service, action))
    if row is not None:
        named = [f".{pattern}" if pattern else "without a suffix" for pattern in row.patterns]
        return f"this action can be used: {', '.join(named)}"
    if sdk_actions.aws_has(service, action):
        return f"did you mean 'arn:aws:states:::aws-sdk:{service}:{action}'?"
    return find(f"{service}:{action}", [f"{s}:{a}" for s, a in catalogue])


def _sdk_hint(service: str, action: str, pattern: str, find: Nearest) -> str:
    """Services are written in small letters, actions in camel case."""
    known = sdk_actions.services()
    if service not in known:
        return find(service.replace("-", ""), known)
    camel = action[:1].lower() + action[1:]
    actions = sdk_actions.ACTIONS.get(service, {})
    if pattern not in ("", "waitForTaskToken"):
        return f"this action can be used: without a suffix, .waitForTaskToken; not .{pattern}"
    if camel != action and (not actions or camel in actions):
        return f"did you mean '{camel}'? Actions begin with a small letter here"
    return find(action, actions)
