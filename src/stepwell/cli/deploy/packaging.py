"""The files that a template names by a path, put where the server finds them.

A path in a template becomes the place of an object whose key is the hash of the content: so an
unchanged file is an unchanged template. Nothing is sent from here; `Packaged.uploads` says what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stepwell.cli.deploy.archives import read_file, zipped
from stepwell.cli.deploy.sources import Artifact, BadProject, StackSource
from stepwell.deploy.reading import read_template
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, encode, encode_text

NESTING_MAX = 10

Place = Callable[[str, str], JsonValue]
"""(bucket, key) -> how a property names an object."""


def _uri(bucket: str, key: str) -> JsonValue:
    return f"s3://{bucket}/{key}"


def _code(bucket: str, key: str) -> JsonValue:
    return {"S3Bucket": bucket, "S3Key": key}


def _object(bucket: str, key: str) -> JsonValue:
    return {"Bucket": bucket, "Key": key}


def template_url(bucket: str, key: str) -> str:
    """The address of a template in a bucket, as stacks take it."""
    return f"https://{bucket}.s3.amazonaws.com/{key}"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A property that may name a file: `whole_folder` ones are archives."""

    place: Place
    whole_folder: bool = False


_PROPERTIES: Mapping[tuple[str, str], _Kind] = {
    ("AWS::Serverless::Function", "CodeUri"): _Kind(_uri, True),
    ("AWS::Serverless::LayerVersion", "ContentUri"): _Kind(_uri, True),
    ("AWS::Serverless::Api", "DefinitionUri"): _Kind(_uri),
    ("AWS::Serverless::HttpApi", "DefinitionUri"): _Kind(_uri),
    ("AWS::Serverless::StateMachine", "DefinitionUri"): _Kind(_uri),
    ("AWS::Lambda::Function", "Code"): _Kind(_code, True),
    ("AWS::Lambda::LayerVersion", "Content"): _Kind(_code, True),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"): _Kind(_object),
    ("AWS::ApiGateway::RestApi", "BodyS3Location"): _Kind(_object),
    ("AWS::ApiGatewayV2::Api", "BodyS3Location"): _Kind(_object),
}

_NESTED = {
    ("AWS::CloudFormation::Stack", "TemplateURL"),
    ("AWS::Serverless::Application", "Location"),
}


@dataclass(frozen=True, slots=True)
class Packaged:
    """A stack ready to be sent."""

    source: StackSource
    document: JsonObject
    uploads: Mapping[str, bytes] = field(default_factory=dict)
    """Key -> content."""
    read: tuple[Path, ...] = ()
    """Every file and folder that went into it."""

    @property
    def text(self) -> str:
        """The template."""
        return encode_text(self.document)


class _Packager:
    """Packages one stack and those inside of it."""

    def __init__(self, stack: str, bucket: str, *, reads: bool = True) -> None:
        """Without `reads` it only looks whether everything is there."""
        self.stack = stack
        self.bucket = bucket
        self._reads = reads
        self.uploads: dict[str, bytes] = {}
        self.read: list[Path] = []
        self._zips: dict[Path, bytes] = {}

    def put(self, data: bytes, ending: str) -> str:
        """The key under which that content will stand."""
        key = f"{self.stack}/{hashlib.sha256(data).hexdigest()[:32]}{ending}"
        self.uploads[key] = data
        return key

    def path(self, path: Path, *, archive: bool) -> str:
        """The key of a file, or of a folder's archive."""
        self.read.append(path)
        if not self._reads:
            return path.name
        if path.is_dir() and archive:
            if path not in self._zips:
                self._zips[path] = zipped(path)
            return self.put(self._zips[path], ".zip")
        return self.put(read_file(path), path.suffix)

    def document(self, document: JsonObject, folder: Path, depth: int = 0) -> JsonObject:
        """The template with its paths replaced."""
        if depth > NESTING_MAX:
            raise BadProject(f"stacks are nested deeper than {NESTING_MAX}: does one hold itself?")
        resources = document.get("Resources")
        if not isinstance(resources, dict):
            return document
        code_of_all = _shared(document, "Function").get("CodeUri")
        packaged: JsonObject = {}
        for name, resource in resources.items():
            packaged[name] = (
                self._resource(name, resource, folder, depth, code_of_all)
                if isinstance(resource, dict)
                else resource
            )
        changed = {**document, "Resources": packaged}
        if isinstance(code_of_all, str) and not _is_remote(code_of_all):
            changed["Globals"] = _without_code(document["Globals"])
        included = self._included(changed, folder)
        return included if isinstance(included, dict) else changed

    def _resource(
        self, name: str, resource: JsonObject, folder: Path, depth: int, code_of_all: JsonValue
    ) -> JsonObject:
        kind = str(resource.get("Type"))
        given = resource.get("Properties")
        properties = given if isinstance(given, dict) else {}
        if kind == "AWS::Serverless::Function" and _is_zip_function(properties):
            # Without a path AWS's tools take the template's own folder.
            properties = {**properties, "CodeUri": properties.get("CodeUri", code_of_all) or "."}
        changed = dict(properties)
        for prop, value in properties.items():
            if not isinstance(value, str) or _is_remote(value):
                continue
            if (kind, prop) in _NESTED:
                changed[prop] = self._nested(_found(folder, value, name, prop), depth)
            elif (kind, prop) in _PROPERTIES:
                how = _PROPERTIES[kind, prop]
                path = _found(folder, value, name, prop)
                key = self.path(path, archive=how.whole_folder)
                changed[prop] = how.place(self.bucket, key)
        return {**resource, "Properties": changed} if changed or given is not None else resource

    def _nested(self, path: Path, depth: int) -> str:
        self.read.append(path)
        document = read_document(path)
        packaged = self.document(document, path.parent, depth + 1)
        return template_url(self.bucket, self.put(encode(packaged), ".json"))

    def _included(self, value: JsonValue, folder: Path) -> JsonValue:
        """The value with the files of `AWS::Include` replaced."""
        if isinstance(value, list):
            return [self._included(item, folder) for item in value]
        if not isinstance(value, dict):
            return value
        macro = value.get("Fn::Transform")
        if isinstance(macro, dict) and macro.get("Name") == "AWS::Include":
            parameters = macro.get("Parameters")
            place = parameters.get("Location") if isinstance(parameters, dict) else None
            if isinstance(place, str) and not _is_remote(place):
                path = _found(folder, place, "Fn::Transform", "Location")
                uri = _uri(self.bucket, self.path(path, archive=False))
                return {**value, "Fn::Transform": {**macro, "Parameters": {"Location": uri}}}
        return {name: self._included(item, folder) for name, item in value.items()}


def package(source: StackSource, bucket: str, *, reads: bool = True) -> Packaged:
    """The stack with its files under keys of that bucket. Raises BadProject for what is missing.

    Without `reads` it is only looked for; what comes back can't be sent.
    """
    packager = _Packager(source.name, bucket, reads=reads)
    document = packager.document(source.document, source.folder)
    for artifact in source.artifacts:
        if not artifact.path.exists():
            raise BadProject(f"there is no {artifact.path}")
        document = _moved(document, artifact, packager)
    read = (*source.read, *packager.read, *(artifact.path for artifact in source.artifacts))
    return Packaged(source, document, packager.uploads, tuple(dict.fromkeys(read)))


def read_document(path: Path) -> JsonObject:
    """The template of a file as JSON, short forms written out. Raises BadProject."""
    try:
        text = read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadProject(f"{path}: it is not UTF-8 text") from error
    try:
        return read_template(text).document
    except ServiceError as error:
        raise BadProject(f"{path}: {error.message}") from error


def _moved(document: JsonObject, artifact: Artifact, packager: _Packager) -> JsonObject:
    """The template with that artifact in our bucket."""
    key = packager.path(artifact.path, archive=True)
    changed = _replaced(document, {artifact.key: key, artifact.bucket: packager.bucket})
    return changed if isinstance(changed, dict) else document


def _replaced(value: JsonValue, texts: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        for old, new in texts.items():
            if old and old in value:
                value = value.replace(old, new)
        return value
    if isinstance(value, list):
        return [_replaced(item, texts) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, texts) for name, item in value.items()}
    return value


def _shared(document: JsonObject, section: str) -> JsonObject:
    """One section of SAM's `Globals`."""
    everything = document.get("Globals")
    found = everything.get(section) if isinstance(everything, dict) else None
    return found if isinstance(found, dict) else {}


def _without_code(everything: JsonValue) -> JsonValue:
    """`Globals` without the code's path: each function has its own by now."""
    assert isinstance(everything, dict)
    functions = everything["Function"]
    assert isinstance(functions, dict)
    kept = {name: value for name, value in functions.items() if name != "CodeUri"}
    return {**everything, "Function": kept}


def _is_zip_function(properties: JsonObject) -> bool:
    other = ("InlineCode", "ImageUri", "ImageConfig")
    return properties.get("PackageType") != "Image" and not any(
        name in properties for name in other
    )


def _is_remote(value: str) -> bool:
    return value.startswith(("s3://", "https://", "http://", "arn:"))


def _found(folder: Path, value: str, name: str, prop: str) -> Path:
    path = (folder / value).resolve()
    if not path.exists():
        raise BadProject(f"{name}.{prop}: there is no {value} in {folder}")
    return path
