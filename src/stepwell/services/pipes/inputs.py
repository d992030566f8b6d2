"""What an enrichment or a target gets of an event: all of it, or a template filled in.

In a template `<$.body.id>` stands for a part of the event and `<aws.pipes.pipe-name>` for something
about the pipe. The text of a queue's message is taken for the JSON that it is, so paths lead into
it. A path that leads nowhere becomes an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from stepwell.errors import ServiceError
from stepwell.services.templates.filling import TooLong, fill, written
from stepwell.services.templates.paths import NoPath, Nothing, look_up
from stepwell.values import BadJson, JsonValue, decode, encode_text

_VARIABLE = re.compile(r"<(\$[^<>]*|aws\.pipes\.[A-Za-z.-]+)>")
_PARSED = "aws.pipes.event.json"
_WHOLE = frozenset({"aws.pipes.event", _PARSED})
_QUEUE = "aws:sqs"


@dataclass(frozen=True)
class Item:
    """One event on its way."""

    event: JsonValue

    @cached_property
    def parsed(self) -> JsonValue:
        """The same with the text of a message as the JSON that it is."""
        event = self.event
        if not isinstance(event, dict) or event.get("eventSource") != _QUEUE:
            return event
        body = event.get("body")
        if not isinstance(body, str):
            return event
        try:
            return {**event, "body": decode(body)}
        except BadJson:
            return event

    def at(self, path: str) -> JsonValue | Nothing:
        """What stands at a path. Raises ServiceError for what is no path."""
        try:
            return look_up(self.parsed, path)
        except NoPath as error:
            raise ServiceError("InvalidTemplate", f"{path} is no path.") from error


def shape(item: Item, template: str | None, variables: Mapping[str, JsonValue]) -> str:
    """The text for an enrichment or a target. `variables` are those about the pipe."""
    if not template:
        return encode_text(item.event)

    def write(name: str, quoted: bool) -> str:
        value = _value(item, name, variables)
        return written(value, quoted=quoted, whole=name in _WHOLE)

    try:
        return fill(template, _VARIABLE, write)
    except TooLong as error:
        raise ServiceError("InvalidTemplate", str(error)) from error


def _value(item: Item, name: str, variables: Mapping[str, JsonValue]) -> JsonValue:
    if name == "aws.pipes.event":
        return item.event
    if name == _PARSED:
        return item.parsed
    if name in variables:
        return variables[name]
    found = item.at(name) if name.startswith("$") else ""
    return "" if isinstance(found, Nothing) else found


def as_json(text: str) -> str:
    """A text for whom only JSON will do. Raises ServiceError for half of a document.

    What does not even begin like an object or a list is a text of its own.
    """
    try:
        decode(text)
    except BadJson as error:
        if text.lstrip()[:1] in ("{", "["):
            message = f"The input template does not make valid JSON: {error}"
            raise ServiceError("InvalidTemplate", message) from error
        return encode_text(text)
    return text


def resolved(given: str, item: Item) -> str:
    """A parameter: a path stands for what is there in the event, anything else for itself."""
    if not given.startswith("$"):
        return given
    found = item.at(given)
    if isinstance(found, Nothing):
        return ""
    return found if isinstance(found, str) else encode_text(found)
