"""What a target gets: the event, a part of it, a constant, or a template filled in.

In a template `<name>` stands for a variable. Outside quotes it becomes JSON; within quotes a text
is put in as it is, anything else as JSON without its quotes. A variable whose path leads nowhere
vanishes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwell.services.templates.filling import TooLong, fill, written
from stepwell.services.templates.paths import NoPath, Nothing, look_up, parse_path
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode_text

_VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_OWN = "aws.events."
_WHOLE = frozenset({"aws.events.event", "aws.events.event.json"})


class BadInput(ValueError):
    """What was made of an event is not JSON."""


@dataclass(frozen=True, slots=True)
class Matched:
    """An event and the rule that wants it."""

    event: JsonObject
    rule_arn: str
    rule_name: str
    received: str
    """When, as a timestamp."""


def shape_input(target: Mapping[str, Any], matched: Matched) -> str:
    """The text for a target. Raises BadInput."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = look_up(matched.event, target["InputPath"])
        return "" if isinstance(found, Nothing) else encode_text(found)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return encode_text(matched.event)
    return _fill(transformer["InputTemplate"], _variables(transformer, matched))


def input_trouble(target: Mapping[str, Any]) -> str | None:
    """Why a target's input can never be made, as AWS says it; None when it can."""
    name = target["Id"]
    given = [k for k in ("Input", "InputPath", "InputTransformer") if target.get(k)]
    if len(given) > 1:
        return (
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if given == ["Input"]:
        return _json_trouble(target["Input"], name)
    if given == ["InputPath"]:
        return _path_trouble([target["InputPath"]], name)
    return _transformer_trouble(target["InputTransformer"], name) if given else None


def _json_trouble(text: str, name: str) -> str | None:
    try:
        decode(text)
    except BadJson as error:
        return f"JSON syntax error in input for target {name}: {error}."
    return None


def _path_trouble(paths: list[str], name: str) -> str | None:
    for path in paths:
        try:
            parse_path(path)
        except NoPath:
            return f"Invalid JSON path {path} for target {name}."
    return None


def _transformer_trouble(transformer: Mapping[str, Any], name: str) -> str | None:
    paths = transformer.get("InputPathsMap") or {}
    own = [key for key in paths if key.lower().startswith("aws")]
    if own:
        return f"Invalid input paths map for target {name}: {own[0]} is reserved."
    trouble = _path_trouble(list(paths.values()), name)
    if trouble:
        return trouble
    for variable in _VARIABLE.findall(transformer["InputTemplate"]):
        if variable not in paths and not variable.startswith(_OWN):
            return (
                f"InputTemplate for target {name} contains placeholder {variable} that has no"
                " path in InputPathsMap."
            )
    try:
        _fill(transformer["InputTemplate"], dict.fromkeys(paths, "x"))
    except BadInput:
        return f"Invalid InputTemplate for target {name} : JSON syntax error."
    return None


def _variables(transformer: Mapping[str, Any], matched: Matched) -> dict[str, JsonValue]:
    variables: dict[str, JsonValue] = {
        "aws.events.rule-arn": matched.rule_arn,
        "aws.events.rule-name": matched.rule_name,
        "aws.events.event.ingestion-time": matched.received,
        "aws.events.event": {k: v for k, v in matched.event.items() if k != "detail"},
        "aws.events.event.json": matched.event,
    }
    for name, path in (transformer.get("InputPathsMap") or {}).items():
        found = look_up(matched.event, path)
        if not isinstance(found, Nothing):
            variables[name] = found
    return variables


def _fill(template: str, variables: Mapping[str, JsonValue]) -> str:
    def write(name: str, quoted: bool) -> str:
        if name in variables:
            return written(variables[name], quoted=quoted, whole=name in _WHOLE)
        if name in _WHOLE and not quoted:
            return "{}"
        return '""' if name.startswith(_OWN) and not quoted else ""

    try:
        return _checked(fill(template, _VARIABLE, write))
    except TooLong as error:
        raise BadInput(str(error)) from error


def _checked(text: str) -> str:
    """One JSON value, or one JSON text a line, as templates of several lines make."""
    try:
        decode(text)
    except BadJson:
        for line in filter(None, map(str.strip, text.splitlines())):
            try:
                if not isinstance(decode(line), str):
                    raise BadInput(text)
            except BadJson as error:
                raise BadInput(text) from error
    return text
