"""Layers of stacks, and who may use them."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from tests.deploy.world import ACCOUNT, REGION, Deployed

LAYER = "AWS::Lambda::LayerVersion"
PERMISSION = "AWS::Lambda::LayerVersionPermission"
SIGNING = "AWS::Lambda::CodeSigningConfig"


async def content(deployed: Deployed) -> dict[str, str]:
    """A layer's code in S3."""
    place = {"LocationConstraint": REGION}
    await deployed.call("s3", "CreateBucket", Bucket="code", CreateBucketConfiguration=place)
    body = zip_of({"python/shared.py": "x = 1\n"})
    await deployed.call("s3", "PutObject", Bucket="code", Key="layer", Body=body)
    return {"S3Bucket": "code", "S3Key": "layer"}


async def test_a_layer_is_a_version(deployed: Deployed) -> None:
    """A layer's resource is one version, found again where its name was generated."""
    properties = {
        "Content": await content(deployed),
        "CompatibleRuntimes": ["python3.12"],
        "Description": "d",
        "LicenseInfo": "MIT",
    }
    layer = await deployed.make(LAYER, properties)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shop-Thing-ABCDEF123456:1"
    assert layer.id == arn
    assert layer.attributes == {"LayerVersionArn": arn}
    assert await deployed.make(LAYER, properties, repeated=True) == layer
    shown = await deployed.call("lambda", "GetLayerVersionByArn", Arn=arn)
    assert (shown["Description"], shown["LicenseInfo"]) == ("d", "MIT")
    named = {"Content": properties["Content"], "LayerName": "shared"}
    assert (await deployed.make(LAYER, named, "One")).id.endswith(":layer:shared:1")
    assert (await deployed.make(LAYER, named, "Two")).id.endswith(":layer:shared:2")
    await deployed.drop(LAYER, layer)
    await deployed.drop(LAYER, layer)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await deployed.call("lambda", "GetLayerVersionByArn", Arn=arn)


async def test_a_repeated_creation_before_anything_was_made_makes_it(deployed: Deployed) -> None:
    """A repeated creation makes what the first attempt did not get to."""
    layer = await deployed.make(LAYER, {"Content": await content(deployed)}, repeated=True)
    assert layer.id.endswith(":1")


async def test_a_layers_permission_is_a_statement(deployed: Deployed) -> None:
    """A layer's permission is a statement of its policy."""
    layer = await deployed.make(LAYER, {"Content": await content(deployed)})
    properties = {
        "Action": "lambda:GetLayerVersion",
        "LayerVersionArn": layer.id,
        "Principal": "*",
    }
    permission = await deployed.make(PERMISSION, properties, "All")
    assert permission.id == f"{layer.id}#shop-All-ABCDEF123456"
    assert await deployed.make(PERMISSION, properties, "All", repeated=True) == permission
    name = layer.id.rpartition(":")[0]
    shown = await deployed.call("lambda", "GetLayerVersionPolicy", LayerName=name, VersionNumber=1)
    assert "shop-All-ABCDEF123456" in shown["Policy"]
    await deployed.drop(PERMISSION, permission)
    await deployed.drop(PERMISSION, permission)
    with pytest.raises(ServiceError, match="No policy"):
        await deployed.call("lambda", "GetLayerVersionPolicy", LayerName=name, VersionNumber=1)
    await deployed.drop(LAYER, layer)
    await deployed.drop(PERMISSION, permission)


async def test_a_code_signing_configuration_is_kept(deployed: Deployed) -> None:
    """A code signing configuration is kept, with an ARN."""
    config = await deployed.make(SIGNING, {"AllowedPublishers": {"SigningProfileVersionArns": []}})
    assert config.id.startswith(f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-")
    assert config.attributes["CodeSigningConfigArn"] == config.id
