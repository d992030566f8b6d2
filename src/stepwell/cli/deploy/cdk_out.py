"""A cloud assembly: what `cdk synth` writes to `cdk.out`.

Assets are told apart by the hash in their keys, so they go to a bucket of our own and the account
need not be bootstrapped; the parameter and the rule by which a template checks for that are left
out. Format: https://docs.aws.amazon.com/cdk/v2/guide/deploy.html and the manifest's own schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stepwell.cli.deploy.archives import read_json
from stepwell.cli.deploy.sources import Artifact, BadProject, Project, StackSource
from stepwell.values import JsonObject

STACK = "aws:cloudformation:stack"
ASSETS = "cdk:asset-manifest"
ASSEMBLY = "cdk:cloud-assembly"
ASSEMBLIES_MAX = 50
"""How many assemblies (stages) may lie in one another and beside each other."""


def read_cdk_out(folder: Path) -> Project:
    """The stacks of an assembly and of the stages in it, in the order of their dependencies."""
    stacks: list[StackSource] = []
    waiting = [folder]
    for _ in range(ASSEMBLIES_MAX):
        if not waiting:
            break
        place = waiting.pop(0)
        artifacts = _artifacts(place)
        stacks += [_stack(place, artifacts, name) for name in _ordered(artifacts)]
        waiting += [
            place / str(_part(artifact, "properties").get("directoryName"))
            for artifact in artifacts.values()
            if artifact.get("type") == ASSEMBLY
        ]
    if not stacks:
        raise BadProject(f"{folder} holds no stack")
    return Project("CDK", folder, tuple(stacks))


def _artifacts(folder: Path) -> dict[str, JsonObject]:
    manifest = read_json(folder / "manifest.json")
    artifacts = manifest.get("artifacts")
    if not isinstance(artifacts, dict):
        raise BadProject(f"{folder / 'manifest.json'} is no manifest of a cloud assembly")
    return {name: one for name, one in artifacts.items() if isinstance(one, dict)}


def _ordered(artifacts: dict[str, JsonObject]) -> list[str]:
    """The stacks, each after those it depends on."""
    ordered: list[str] = []
    waiting = [name for name, one in artifacts.items() if one.get("type") == STACK]
    for _ in range(len(waiting)):
        name = next(
            (
                name
                for name in waiting
                if not any(needed in waiting for needed in _texts(artifacts[name], "dependencies"))
            ),
            None,
        )
        if name is None:
            raise BadProject(f"the stacks {', '.join(waiting)} depend on each other in a circle")
        ordered.append(name)
        waiting.remove(name)
    return ordered


def _stack(folder: Path, artifacts: dict[str, JsonObject], name: str) -> StackSource:
    artifact = artifacts[name]
    properties = _part(artifact, "properties")
    path = folder / str(properties.get("templateFile"))
    account, region = _environment(str(artifact.get("environment")))
    needed = [artifacts[one] for one in _texts(artifact, "dependencies") if one in artifacts]
    manifests = [
        folder / str(_part(one, "properties").get("file"))
        for one in needed
        if one.get("type") == ASSETS
    ]
    return StackSource(
        str(properties.get("stackName") or name),
        _without_bootstrap(read_json(path)),
        folder,
        read=(folder / "manifest.json", path, *manifests),
        parameters=_pairs(properties, "parameters"),
        tags=_pairs(properties, "tags"),
        artifacts=tuple(
            asset for file in manifests for asset in _assets(file, path.name) if asset is not None
        ),
        account=account,
        region=region,
    )


def _assets(file: Path, template: str) -> Iterator[Artifact]:
    """What a manifest of assets lists, but for the stack's own template."""
    manifest = read_json(file)
    images = manifest.get("dockerImages")
    if isinstance(images, dict) and images:
        raise BadProject(f"{file.name} has images to build: this server runs no containers")
    files = manifest.get("files")
    for asset in files.values() if isinstance(files, dict) else []:
        if not isinstance(asset, dict):
            continue
        source = _part(asset, "source")
        path = source.get("path")
        if path is None:
            raise BadProject(f"{file.name}: assets made by a command are not supported")
        if path == template:
            continue
        for destination in _part(asset, "destinations").values():
            if isinstance(destination, dict):
                yield Artifact(
                    file.parent / str(path),
                    str(destination.get("bucketName")),
                    str(destination.get("objectKey")),
                )


def _without_bootstrap(document: JsonObject) -> JsonObject:
    """The template without its check of the account's bootstrapping."""
    changed = dict(document)
    for section, name in (("Parameters", "BootstrapVersion"), ("Rules", "CheckBootstrapVersion")):
        entries = changed.get(section)
        if isinstance(entries, dict) and name in entries:
            kept: JsonObject = {key: value for key, value in entries.items() if key != name}
            if kept:
                changed[section] = kept
            else:
                del changed[section]
    return changed


def _environment(text: str) -> tuple[str | None, str | None]:
    """`aws://123456789012/eu-west-1`: the account and the region, where they are known."""
    account, _, region = text.removeprefix("aws://").partition("/")
    return (
        account if account.isdigit() else None,
        None if not region or region.startswith("unknown") else region,
    )


def _part(value: JsonObject, name: str) -> JsonObject:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _texts(value: JsonObject, name: str) -> list[str]:
    found = value.get(name)
    return [str(item) for item in found] if isinstance(found, list) else []


def _pairs(properties: JsonObject, name: str) -> dict[str, str]:
    return {key: str(value) for key, value in _part(properties, name).items()}
