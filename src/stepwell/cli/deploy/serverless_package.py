"""A package of the Serverless Framework: what `osls package` writes to `.serverless`.

The template names its archives by keys with the time of packaging in them, in a bucket that the
stack itself makes. Here they go to our own bucket under their hash, so that packaging again
without a change is no change; the stack's own bucket is made all the same, and stays empty.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from stepwell.cli.deploy.archives import read_json
from stepwell.cli.deploy.sources import Artifact, BadProject, Project, StackSource
from stepwell.values import JsonObject, JsonValue

TEMPLATE = "cloudformation-template-update-stack.json"
STATE = "serverless-state.json"
_OWN_BUCKET = "stepwell-packages"
"""Stands for the bucket until it is known."""


def read_serverless(folder: Path) -> Project:
    """The one stack of a package."""
    state = read_json(folder / STATE)
    template = folder / TEMPLATE
    if not template.is_file():
        raise BadProject(f"{folder} has no {TEMPLATE}: run `osls package` again")
    document = read_json(template)
    artifacts: dict[str, Artifact] = {}
    moved = _code_moved(document, folder, artifacts)
    assert isinstance(moved, dict)
    region = _provider(state).get("region")
    source = StackSource(
        _stack_name(state),
        moved,
        folder,
        read=(template, folder / STATE),
        tags=_tags(state),
        artifacts=tuple(artifacts.values()),
        region=None if region is None else str(region),
    )
    return Project("Serverless Framework", folder, (source,))


def _code_moved(value: JsonValue, folder: Path, artifacts: dict[str, Artifact]) -> JsonValue:
    """The template with the archives of its functions and layers in our bucket."""
    if isinstance(value, list):
        return [_code_moved(item, folder, artifacts) for item in value]
    if not isinstance(value, dict):
        return value
    key = value.get("S3Key")
    if isinstance(key, str) and "S3Bucket" in value:
        path = folder / PurePosixPath(key).name
        if not path.is_file():
            raise BadProject(f"{folder} has no {path.name}, which the template names: {key}")
        artifacts[key] = Artifact(path, _OWN_BUCKET, key)
        return {**value, "S3Bucket": _OWN_BUCKET}
    return {name: _code_moved(item, folder, artifacts) for name, item in value.items()}


def _stack_name(state: JsonObject) -> str:
    service = state.get("service")
    provider = _provider(state)
    if isinstance(service, dict):
        if provider.get("stackName"):
            return str(provider["stackName"])
        return f"{service.get('service')}-{provider.get('stage', 'dev')}"
    raise BadProject(f"{STATE} does not name a service: run `osls package` again")


def _provider(state: JsonObject) -> JsonObject:
    service = state.get("service")
    provider = service.get("provider") if isinstance(service, dict) else None
    return provider if isinstance(provider, dict) else {}


def _tags(state: JsonObject) -> dict[str, str]:
    provider = _provider(state)
    tags: dict[str, str] = {"STAGE": str(provider.get("stage", "dev"))}
    for name in ("tags", "stackTags"):
        given = provider.get(name)
        if isinstance(given, dict):
            tags |= {key: str(value) for key, value in given.items()}
    return tags
