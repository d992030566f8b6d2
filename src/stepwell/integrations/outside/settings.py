"""The file that says what becomes of resources that are not embedded. TOML, or JSON of that shape.

[upstream]                      # service of the SDK -> endpoint; "aws" is AWS itself
glue = "aws"
"*" = "http://localhost:5000"

[mocks."bedrock:invokeModel"]   # as in a Resource, with or without its pattern
return = { Body = { text = "hello" } }

[[mocks."glue:startJobRun.sync"]]     # several: one after the other, the last for good
throw = { error = "Glue.ConcurrentRunsExceededException", cause = "busy" }
[[mocks."glue:startJobRun.sync"]]
return = { JobRunState = "SUCCEEDED" }

[commands."ecs:runTask"]        # task definition, or job definition -> command
nightly-report = ["python", "report.py"]
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from stepwell.errors import StepwellError
from stepwell.values import BadJson, JsonObject, JsonValue, decode

ANY = "*"
AWS = "aws"
COMMAND_RESOURCES = ("ecs:runTask", "batch:submitJob")
FILE_BYTES_MAX = 4 * 1024 * 1024
_KEY = re.compile(r"(aws-sdk:)?[a-z0-9-]+:[A-Za-z0-9]+(\.(sync|sync:2|waitForTaskToken))?|arn:\S+")


class BadIntegrations(StepwellError):
    """The file can't be used. The message says where and why."""


@dataclass(frozen=True, slots=True)
class Mock:
    """One answer: a result, or an error with its cause."""

    result: JsonValue
    error: str | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class OutsideSettings:
    """What the file says."""

    upstream: dict[str, str] = field(default_factory=dict)
    mocks: dict[str, tuple[Mock, ...]] = field(default_factory=dict)
    commands: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


def read_settings(path: Path) -> OutsideSettings:
    """Read and check a file. Raises BadIntegrations."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadIntegrations(f"{path} can't be read: {error.strerror or error}") from error
    if len(data) > FILE_BYTES_MAX:
        raise BadIntegrations(f"{path} is longer than {FILE_BYTES_MAX} bytes")
    try:
        if path.suffix == ".json":
            document = decode(data)
        else:
            document = cast("JsonValue", tomllib.loads(data.decode()))
    except (BadJson, ValueError) as error:
        raise BadIntegrations(f"{path}: {error}") from error
    try:
        return _settings(document)
    except BadIntegrations as error:
        raise BadIntegrations(f"{path}: {error}") from None


def _settings(document: JsonValue) -> OutsideSettings:
    whole = _object(document, "the file")
    unknown = set(whole) - {"upstream", "mocks", "commands"}
    if unknown:
        raise BadIntegrations(
            f"unknown part {sorted(unknown)[0]!r}; there are upstream, mocks and commands"
        )
    return OutsideSettings(
        _upstream(_object(whole.get("upstream", {}), "upstream")),
        _mocks(_object(whole.get("mocks", {}), "mocks")),
        _commands(_object(whole.get("commands", {}), "commands")),
    )


def _object(value: JsonValue, place: str) -> JsonObject:
    if not isinstance(value, dict):
        raise BadIntegrations(f"{place} must be a table")
    return value


def _upstream(given: JsonObject) -> dict[str, str]:
    for service, url in given.items():
        good = isinstance(url, str) and (url == AWS or url.startswith(("http://", "https://")))
        if not good:
            raise BadIntegrations(f"upstream.{service} must be {AWS!r} or begin with http(s)://")
    return {service: str(url) for service, url in given.items()}


def _mocks(given: JsonObject) -> dict[str, tuple[Mock, ...]]:
    mocks = {}
    for key, value in given.items():
        if not _KEY.fullmatch(key):
            raise BadIntegrations(f"mocks: {key!r} is no service:action and no ARN")
        answers = value if isinstance(value, list) else [value]
        if not answers:
            raise BadIntegrations(f"mocks.{key} has no answer")
        mocks[key] = tuple(_mock(answer, f"mocks.{key}") for answer in answers)
    return mocks


def _mock(value: JsonValue, place: str) -> Mock:
    given = _object(value, place)
    if len(given) != 1 or not given.keys() <= {"return", "throw"}:
        raise BadIntegrations(f"{place} must have either return or throw")
    if "return" in given:
        return Mock(given["return"])
    thrown = _object(given["throw"], f"{place}.throw")
    error, cause = thrown.get("error"), thrown.get("cause", "")
    if not isinstance(error, str) or not isinstance(cause, str):
        raise BadIntegrations(f"{place}.throw needs error and cause as texts")
    return Mock(None, error, cause)


def _commands(given: JsonObject) -> dict[str, dict[str, tuple[str, ...]]]:
    commands: dict[str, dict[str, tuple[str, ...]]] = {}
    for resource, table in given.items():
        if resource not in COMMAND_RESOURCES:
            known = " and ".join(COMMAND_RESOURCES)
            raise BadIntegrations(f"commands: {resource!r} can't be a command; {known} can")
        names = _object(table, f"commands.{resource}")
        commands[resource] = {
            name: _command(value, f"commands.{resource}.{name}") for name, value in names.items()
        }
    return commands


def _command(value: JsonValue, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(it, str) for it in value):
        raise BadIntegrations(f"{place} must be a list of texts")
    return tuple(str(it) for it in value)
