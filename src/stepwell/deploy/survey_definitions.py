"""The definitions of a template's state machines, reviewed as far as they are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stepwell.deploy.definitions import inline_definition, of_file, substitutions_of
from stepwell.deploy.findings import DEFINITION, REFUSED, WARNING, Finding, pointer
from stepwell.deploy.refusals import refused
from stepwell.deploy.scope import Scope
from stepwell.deploy.shaping import as_text
from stepwell.deploy.transforms.unpackaged import BUCKET
from stepwell.errors import ServiceError
from stepwell.language.diagnostics import ERROR
from stepwell.language.review import for_this_server, review_definition
from stepwell.values import JsonObject

MACHINE = "AWS::StepFunctions::StateMachine"
QUEUE = "AWS::SQS::Queue"
RETENTION_SECONDS = 345_600
"""So long a queue keeps messages unless it says otherwise."""

CHARACTERS_MAX = 1_048_576

ReadFile = Callable[[str], "str | None"]
"""A file beside the template, by the path that it gives; None when it can't be read."""


def definition_findings(
    scope: Scope,
    properties: Mapping[str, JsonObject],
    read_file: ReadFile,
) -> list[Finding]:
    """What is wrong with them, and what is valid on AWS and not run here."""
    kept = _retentions(scope, properties)
    return [
        finding
        for name, resource in scope.declared.items()
        if resource.type == MACHINE
        for finding in _of_machine(name, properties[name], read_file, kept)
    ]


def _retentions(scope: Scope, properties: Mapping[str, JsonObject]) -> dict[str, int]:
    """How many seconds each queue of the template keeps its messages, by its URL."""
    kept = {}
    for name, resource in scope.declared.items():
        made = scope.resources.get(name)
        if resource.type == QUEUE and made is not None and name in properties:
            seconds = as_text(properties[name].get("MessageRetentionPeriod", RETENTION_SECONDS))
            if seconds.isdecimal():
                kept[made.id] = int(seconds)
    return kept


def _of_machine(
    name: str, properties: JsonObject, read_file: ReadFile, kept: Mapping[str, int]
) -> Iterator[Finding]:
    place = pointer("Resources", name, "Properties")
    try:
        definition = _definition(properties, read_file)
    except ServiceError as error:
        yield Finding(DEFINITION, error.message, name, place)
        return
    if definition is None:
        return
    machine_type = as_text(properties.get("StateMachineType")) or "STANDARD"
    review = review_definition(definition, machine_type=machine_type, find_retention=kept.get)
    for found in for_this_server(review):
        severity = REFUSED if found.severity == ERROR else WARNING
        message = f"{found.code}: {found.message} at {found.place or '/'}"
        yield Finding(DEFINITION, message, name, place, severity, found.hint)


def _definition(properties: JsonObject, read_file: ReadFile) -> str | None:
    """The definition's text; None when it is in S3 already, where its creation looks at it."""
    definition = inline_definition(properties)
    location = properties.get("DefinitionS3Location")
    if definition is None and isinstance(location, dict) and location.get("Bucket") == BUCKET:
        path = as_text(location.get("Key"))
        content = read_file(path)
        if content is None:
            raise refused(f"The definition {path} can't be read")
        definition = of_file(content, substitutions_of(properties))
    if definition is not None and len(definition) > CHARACTERS_MAX:
        raise refused(f"The definition is longer than {CHARACTERS_MAX:,} characters")
    return definition
