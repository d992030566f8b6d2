"""`AWS::Include`: snippets of templates, read from S3.

A macro stands as a member `Fn::Transform` of any object, or in the section `Transform`; what the
snippet holds takes its place among the object's other members. Snippets include no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from stepwell.deploy.calling import read_object
from stepwell.deploy.intrinsics import resolve_text
from stepwell.deploy.reading import STORED_BYTES_MAX, read_document
from stepwell.deploy.refusals import refused
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.scope import Scope
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

NAME = "AWS::Include"
MACRO = "Fn::Transform"
SNIPPETS_MAX = 100

_VIRTUAL_HOST = re.compile(r"(.+?)\.s3[.-]")


def has_macros(document: JsonValue) -> bool:
    """Whether any object has a macro."""
    return next(_macros(document), None) is not None


def macro_names(document: JsonValue) -> set[str]:
    """The names of all macros among the values."""
    found = (macro.get("Name") if isinstance(macro, dict) else None for macro in _macros(document))
    return {name if isinstance(name, str) else MACRO for name in found}


def _macros(document: JsonValue) -> Iterator[JsonValue]:
    pending = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if MACRO in part:
                yield part[MACRO]
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)


async def read_snippets(document: JsonObject, scope: Scope, cloud: Cloud) -> dict[str, JsonObject]:
    """Every snippet that the document wants, by its location. Raises ServiceError."""
    return {location: await _read(location, cloud) for location in locations(document, scope)}


def locations(document: JsonObject, scope: Scope) -> list[str]:
    """Where the wanted snippets are, each once. Raises ServiceError."""
    listed = document.get("Transform", [])
    top = [item for item in (listed if isinstance(listed, list) else [listed]) if is_include(item)]
    found = dict.fromkeys(_location(macro, scope) for macro in [*top, *_macros(document)])
    if len(found) > SNIPPETS_MAX:
        raise refused(f"A template can include at most {SNIPPETS_MAX} snippets")
    return list(found)


def is_include(transform: JsonValue) -> bool:
    """Whether a listed transform is a snippet for the top of the document."""
    return isinstance(transform, dict) and transform.get("Name") == NAME


def placed(document: JsonObject, scope: Scope, snippets: Mapping[str, JsonObject]) -> JsonObject:
    """The document with every snippet in its place."""
    whole = _placed(document, scope, snippets)
    assert isinstance(whole, dict)
    listed = whole.pop("Transform", [])
    kept: list[JsonValue] = []
    for transform in listed if isinstance(listed, list) else [listed]:
        if is_include(transform):
            whole.update(snippets[_location(transform, scope)])
        else:
            kept.append(transform)
    return {"Transform": kept, **whole} if kept else whole


def _placed(value: JsonValue, scope: Scope, snippets: Mapping[str, JsonObject]) -> JsonValue:
    if isinstance(value, list):
        return [_placed(item, scope, snippets) for item in value]
    if not isinstance(value, dict):
        return value
    members: JsonObject = {}
    for name, item in value.items():
        if name == MACRO:
            members.update(snippets[_location(item, scope)])
        else:
            members[name] = _placed(item, scope, snippets)
    return members


def _location(macro: JsonValue, scope: Scope) -> str:
    parameters = macro.get("Parameters") if isinstance(macro, dict) else None
    if not isinstance(parameters, dict) or "Location" not in parameters:
        raise failed("The location parameter must be specified")
    refusal = "the location of AWS::Include must be a string"
    return resolve_text(parameters["Location"], scope, refusal)


async def _read(location: str, cloud: Cloud) -> JsonObject:
    bucket, key = bucket_and_key(location)
    try:
        data = await read_object(cloud, bucket, key, None)
        text = data.decode("utf-8-sig")
    except (ServiceError, UnicodeDecodeError) as error:
        raise failed(f"The snippet {location} could not be read: {error}") from error
    if len(data) > STORED_BYTES_MAX:
        raise failed(f"The snippet {location} is longer than {STORED_BYTES_MAX} bytes")
    return read_document(text)


def bucket_and_key(location: str) -> tuple[str, str]:
    """The place in S3 that a location names: `s3://bucket/key`, or a URL with the bucket in the
    host name or at the head of the path. Raises ServiceError."""
    parts = urlsplit(location)
    path = unquote(parts.path).removeprefix("/")
    bucket, key = parts.netloc, path
    if parts.scheme in ("http", "https"):
        virtual = _VIRTUAL_HOST.match(parts.hostname or "")
        if virtual:
            bucket = virtual[1]
        else:
            bucket, _, key = path.partition("/")
    elif parts.scheme != "s3":
        bucket = ""
    if not bucket or not key:
        raise refused(f"The location parameter is not a valid S3 uri: {location}")
    return bucket, key


def failed(reason: str) -> ServiceError:
    """What a snippet that can't be included is refused with."""
    return refused(f"Transform {NAME} failed with: {reason}")
