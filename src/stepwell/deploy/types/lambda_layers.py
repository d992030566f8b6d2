"""Layers, each resource one version; code signing configurations, which are only kept."""

from __future__ import annotations

from stepwell.deploy.calling import ask
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import picked
from stepwell.deploy.stored import stored_type
from stepwell.deploy.types.lambda_shared import GONE

_NAME_MAX = 140
_MEMBERS = (
    "CompatibleArchitectures",
    "CompatibleRuntimes",
    "Content",
    "Description",
    "LicenseInfo",
)


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties.get("LayerName")
    name = wanted.name(given, _NAME_MAX)
    arn = await _newest(cloud, name) if wanted.repeated and given is None else None
    if arn is None:
        params = {"LayerName": name, **picked(wanted.properties, _MEMBERS)}
        answer = await cloud.call("lambda", "PublishLayerVersion", params)
        arn = str(answer["LayerVersionArn"])
    return Made(arn, {"LayerVersionArn": arn})


async def _newest(cloud: Cloud, name: str) -> str | None:
    """The newest version of a layer. Its name was made for this resource alone."""
    answer = await cloud.call("lambda", "ListLayerVersions", {"LayerName": name, "MaxItems": 1})
    versions = answer["LayerVersions"]
    return str(versions[0]["LayerVersionArn"]) if versions else None


async def _delete(cloud: Cloud, existing: Existing) -> None:
    layer, _, number = existing.id.rpartition(":")
    params = {"LayerName": layer, "VersionNumber": number}
    await ask(cloud, "lambda", "DeleteLayerVersion", params, GONE)


_SIGNING = "arn:aws:lambda:{region}:{account}:code-signing-config:csc-{suffix}"

TYPES = (
    ResourceType(
        "AWS::Lambda::LayerVersion",
        _create,
        _delete,
        required=frozenset({"Content"}),
        optional=frozenset({"LayerName", *_MEMBERS}) - {"Content"},
        replaces=frozenset({"LayerName", *_MEMBERS}),
        attributes=frozenset({"LayerVersionArn"}),
    ),
    stored_type(
        "AWS::Lambda::CodeSigningConfig",
        reference=_SIGNING,
        attributes={"CodeSigningConfigArn": _SIGNING, "CodeSigningConfigId": "csc-{suffix}"},
    ),
)
