"""Definitions and functions without any other tool: a `stepwell.toml`, or one definition alone.

    stack = "orders"                      # else the folder's name

    [machines.orders]
    definition = "orders.asl.json"        # JSON or YAML
    type = "STANDARD"
    substitutions = { Jobs = "queue:jobs", Worker = "function:worker" }

    [functions.worker]
    handler = "worker.handler"
    runtime = "python3.11"
    code = "functions"                    # a folder, a zip, a jar
    timeout_seconds = 30
    memory_mb = 256
    environment = { TABLE = "table:orders" }
    queue = "jobs"                        # called with batches of that queue's messages
    batch_size = 10

    [queues.jobs]
    visibility_timeout_seconds = 60
    dead_letters = "failed"               # another queue
    receives_max = 3

    [topics.news]
    [tables.orders]
    key = "id"                            # a text; sort_key likewise

It becomes a template, so everything that is true of stacks is true of it. Where a value is
`queue:`, `topic:`, `table:`, `function:` or `machine:` and a name, it stands for that resource: a
queue by its URL, a table by its name, the others by their ARN.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepwell.cli.deploy.archives import read_file
from stepwell.cli.deploy.sources import BadProject, Project, StackSource
from stepwell.values import JsonObject, JsonValue

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFERENCE = re.compile(r"(queue|topic|table|function|machine):([A-Za-z0-9_-]+)")
_KINDS = {
    "queue": "Queue",
    "topic": "Topic",
    "table": "Table",
    "function": "Function",
    "machine": "Machine",
}
_BY_ARN = frozenset({"function"})
"""What `Ref` gives only the name of."""

ROLE = "arn:aws:iam::${AWS::AccountId}:role/stepwell"
"""Roles are kept and not enforced; templates have to name one."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a table in the file."""

    type: type | tuple[type, ...]
    required: bool = False


_FIELDS: Mapping[str, Mapping[str, _Field]] = {
    "machines": {
        "definition": _Field(str, required=True),
        "type": _Field(str),
        "substitutions": _Field(dict),
    },
    "functions": {
        "handler": _Field(str, required=True),
        "runtime": _Field(str, required=True),
        "code": _Field(str, required=True),
        "timeout_seconds": _Field(int),
        "memory_mb": _Field(int),
        "environment": _Field(dict),
        "queue": _Field(str),
        "batch_size": _Field(int),
    },
    "queues": {
        "fifo": _Field(bool),
        "visibility_timeout_seconds": _Field(int),
        "delay_seconds": _Field(int),
        "retention_seconds": _Field(int),
        "dead_letters": _Field(str),
        "receives_max": _Field(int),
    },
    "topics": {},
    "tables": {"key": _Field(str, required=True), "sort_key": _Field(str)},
}


def read_asl_file(path: Path, stack: str | None) -> Project:
    """One definition, which becomes a machine of the file's name."""
    name = path.name.split(".", 1)[0]
    if not _NAME.fullmatch(name):
        raise BadProject(f"{path.name}: a machine can't have that name; rename the file")
    return _project({"machines": {name: {"definition": path.name}}}, path, stack or name, "ASL")


def read_toml(path: Path, stack: str | None) -> Project:
    """The project of a `stepwell.toml`. Raises BadProject with the place."""
    try:
        document = tomllib.loads(read_file(path).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProject(f"{path}: {error}") from error
    given = document.pop("stack", None)
    if given is not None and not isinstance(given, str):
        raise BadProject(f"{path}: stack must be a text")
    name = stack or given or path.parent.name
    _check(path, document)
    return _project(document, path, name, "stepwell.toml")


def _check(path: Path, document: Mapping[str, Any]) -> None:
    """Refuse what no part of the file may hold, with its place."""
    for section, entries in document.items():
        fields = _FIELDS.get(section)
        if fields is None:
            raise BadProject(f"{path}: there is no [{section}]; there are: {', '.join(_FIELDS)}")
        if not isinstance(entries, dict):
            raise BadProject(f"{path}: [{section}] must hold tables, as in [{section}.name]")
        for name, entry in entries.items():
            place = f"{path}: [{section}.{name}]"
            if not _NAME.fullmatch(name):
                raise BadProject(f"{place}: names are letters, digits, - and _, 64 at most")
            if not isinstance(entry, dict):
                raise BadProject(f"{place} must be a table")
            _check_fields(place, fields, entry)


def _check_fields(place: str, fields: Mapping[str, _Field], entry: Mapping[str, Any]) -> None:
    for field, value in entry.items():
        if field not in fields:
            known = ", ".join(fields) or "none"
            raise BadProject(f"{place} has no field {field}; there are: {known}")
        wanted = fields[field].type
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
            name = wanted.__name__ if isinstance(wanted, type) else "another type"
            raise BadProject(f"{place}: {field} must be of type {name}")
    missing = [name for name, one in fields.items() if one.required and name not in entry]
    if missing:
        raise BadProject(f"{place} lacks {', '.join(missing)}")


class _Writer:
    """Writes the template of one file."""

    def __init__(self, document: Mapping[str, Any], path: Path) -> None:
        self.document = document
        self.path = path
        self.resources: JsonObject = {}
        self.ids: dict[tuple[str, str], str] = {}

    def write(self) -> JsonObject:
        """The resources."""
        makers: Mapping[str, Callable[[str, str, Mapping[str, Any]], None]] = {
            "queues": self._queue,
            "topics": self._topic,
            "tables": self._table,
            "functions": self._function,
            "machines": self._machine,
        }
        for section in makers:
            for name in self.document.get(section, {}):
                self._name(section, name)
        for section, make in makers.items():
            for name, entry in self.document.get(section, {}).items():
                make(self.ids[section, name], name, entry)
        return self.resources

    def _name(self, section: str, name: str) -> None:
        """Choose a logical id: letters and digits, another one for each name."""
        stem = "".join(part.capitalize() for part in re.split(r"[-_]", name))
        logical = f"{stem}{_KINDS[section[:-1]]}"
        while logical in self.ids.values():
            logical += "X"
        self.ids[section, name] = logical

    def _add(self, logical: str, kind: str, properties: JsonObject) -> None:
        self.resources[logical] = {"Type": kind, "Properties": properties}

    def _queue(self, logical: str, name: str, entry: Mapping[str, Any]) -> None:
        fifo = bool(entry.get("fifo"))
        properties: JsonObject = {"QueueName": f"{name}.fifo" if fifo else name}
        names = {
            "visibility_timeout_seconds": "VisibilityTimeout",
            "delay_seconds": "DelaySeconds",
            "retention_seconds": "MessageRetentionPeriod",
        }
        properties |= {aws: entry[ours] for ours, aws in names.items() if ours in entry}
        if fifo:
            properties["FifoQueue"] = True
        if "dead_letters" in entry:
            properties["RedrivePolicy"] = {
                "deadLetterTargetArn": self._arn("queue", entry["dead_letters"], name),
                "maxReceiveCount": entry.get("receives_max", 3),
            }
        self._add(logical, "AWS::SQS::Queue", properties)

    def _topic(self, logical: str, name: str, entry: Mapping[str, Any]) -> None:
        self._add(logical, "AWS::SNS::Topic", {"TopicName": name})

    def _table(self, logical: str, name: str, entry: Mapping[str, Any]) -> None:
        keys = [(entry["key"], "HASH")]
        if "sort_key" in entry:
            keys.append((entry["sort_key"], "RANGE"))
        self._add(
            logical,
            "AWS::DynamoDB::Table",
            {
                "TableName": name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": key, "AttributeType": "S"} for key, _ in keys
                ],
                "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            },
        )

    def _function(self, logical: str, name: str, entry: Mapping[str, Any]) -> None:
        properties: JsonObject = {
            "FunctionName": name,
            "Handler": entry["handler"],
            "Runtime": entry["runtime"],
            "Code": entry["code"],
            "Role": {"Fn::Sub": ROLE},
        }
        names = {"timeout_seconds": "Timeout", "memory_mb": "MemorySize"}
        properties |= {aws: entry[ours] for ours, aws in names.items() if ours in entry}
        if "environment" in entry:
            variables = {
                key: self._value(value, name) for key, value in entry["environment"].items()
            }
            properties["Environment"] = {"Variables": variables}
        self._add(logical, "AWS::Lambda::Function", properties)
        if "queue" in entry:
            trigger: JsonObject = {
                "FunctionName": {"Ref": logical},
                "EventSourceArn": self._arn("queue", entry["queue"], name),
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            }
            if "batch_size" in entry:
                trigger["BatchSize"] = entry["batch_size"]
            self._add(f"{logical}Trigger", "AWS::Lambda::EventSourceMapping", trigger)
        elif "batch_size" in entry:
            raise BadProject(f"{self.path}: [functions.{name}] has a batch_size and no queue")

    def _machine(self, logical: str, name: str, entry: Mapping[str, Any]) -> None:
        properties: JsonObject = {
            "StateMachineName": name,
            "StateMachineType": entry.get("type", "STANDARD"),
            "DefinitionS3Location": entry["definition"],
            "RoleArn": {"Fn::Sub": ROLE},
        }
        if "substitutions" in entry:
            properties["DefinitionSubstitutions"] = {
                key: self._value(value, name) for key, value in entry["substitutions"].items()
            }
        self._add(logical, "AWS::StepFunctions::StateMachine", properties)

    def _value(self, value: Any, place: str) -> JsonValue:
        """A text, or the resource that it names."""
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return str(value)
        kind, name = found.groups()
        logical = self._logical(kind, name, place)
        return {"Fn::GetAtt": [logical, "Arn"]} if kind in _BY_ARN else {"Ref": logical}

    def _arn(self, kind: str, name: str, place: str) -> JsonValue:
        return {"Fn::GetAtt": [self._logical(kind, name, place), "Arn"]}

    def _logical(self, kind: str, name: str, place: str) -> str:
        logical = self.ids.get((f"{kind}s", name))
        if logical is None:
            raise BadProject(f"{self.path}: {place} names the {kind} {name}, which is not there")
        return logical


def _project(document: Mapping[str, Any], path: Path, stack: str, kind: str) -> Project:
    resources = _Writer(document, path).write()
    if not resources:
        raise BadProject(f"{path} has nothing to deploy")
    template: JsonObject = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    return Project(kind, path, (StackSource(stack, template, path.parent, read=(path,)),))
