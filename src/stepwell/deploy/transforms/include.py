"""`AWS::Include`: snippets of templates, read from S3.

A macro stands as a member `Fn::Transform` of any object, or in the section `Transform`; what the
snippet holds takes its place among the object's other members. Snippets include no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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


async def included(document: JsonObject, scope: Scope, cloud: Cloud) -> JsonObject:
    """The document with every snippet in its place. Raises ServiceError."""
    reader = _Reader(scope, cloud)
    whole = await reader.value(document)
    assert isinstance(whole, dict)
    transforms = whole.get("Transform", [])
    kept: list[JsonValue] = []
    for transform in transforms if isinstance(transforms, list) else [transforms]:
        if isinstance(transform, dict) and transform.get("Name") == NAME:
            whole = {**whole, **await reader.snippet(transform)}
        else:
            kept.append(transform)
    without = {name: section for name, section in whole.items() if name != "Transform"}
    return {"Transform": kept, **without} if kept else without


class _Reader:
    """Reads snippets, so many and no more."""

    def __init__(self, scope: Scope, cloud: Cloud) -> None:
        self._scope = scope
        self._cloud = cloud
        self._read = 0

    async def value(self, value: JsonValue) -> JsonValue:
        """The value with its snippets."""
        if isinstance(value, list):
            return [await self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        members: JsonObject = {}
        for name, item in value.items():
            if name == MACRO:
                members.update(await self.snippet(item))
            else:
                members[name] = await self.value(item)
        return members

    async def snippet(self, macro: JsonValue) -> JsonObject:
        """The object that a macro stands for."""
        self._read += 1
        if self._read > SNIPPETS_MAX:
            raise refused(f"A template can include at most {SNIPPETS_MAX} snippets")
        parameters = macro.get("Parameters") if isinstance(macro, dict) else None
        if not isinstance(parameters, dict) or "Location" not in parameters:
            raise _failed("The location parameter must be specified")
        location = resolve_text(
            parameters["Location"], self._scope, "the location of AWS::Include must be a string"
        )
        bucket, key = bucket_and_key(location)
        try:
            data = await read_object(self._cloud, bucket, key, None)
            text = data.decode("utf-8-sig")
        except (ServiceError, UnicodeDecodeError) as error:
            raise _failed(f"The snippet {location} could not be read: {error}") from error
        if len(data) > STORED_BYTES_MAX:
            raise _failed(f"The snippet {location} is longer than {STORED_BYTES_MAX} bytes")
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


def _failed(reason: str) -> ServiceError:
    return refused(f"Transform {NAME} failed with: {reason}")
