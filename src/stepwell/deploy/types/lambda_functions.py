"""Functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import ask, must_be_free, or_undo
from stepwell.deploy.inline import zip_inline
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, merged_tags
from stepwell.deploy.types.lambda_shared import GONE, TAKEN, manage_runtime, retag_lambda
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_FUNCTION = "AWS::Lambda::Function"

_DEFAULTS: Mapping[str, JsonValue] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": None,
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {},
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""The configuration, and what each part of it becomes again when a template drops it."""

_REFUSED = {
    "CapacityProviderConfig": "Functions run in processes of this server.",
    "DurableConfig": "Durable functions are not supported by Stepwell.",
    "FileSystemConfigs": "No file system can be mounted into functions here.",
    "FunctionScalingConfig": "Functions run in processes of this server.",
    "ImageConfig": "Functions from container images don't run here.",
    "PublishToLatestPublished": "Functions run in processes of this server.",
    "TenancyConfig": "Processes of functions are not kept apart by tenant.",
}


def _configuration(properties: JsonObject) -> dict[str, Any]:
    """The configuration as the API takes it, of what is given."""
    return {
        "KMSKeyArn" if name == "KmsKeyArn" else name: properties[name]
        for name in _DEFAULTS
        if properties.get(name) is not None
    }


def _code(properties: JsonObject) -> dict[str, Any]:
    """The code as the API takes it. Raises ServiceError for inline code of other runtimes."""
    code = properties["Code"]
    if not isinstance(code, dict):
        raise ServiceError("InvalidRequest", "Code must be an object")
    if code.get("ZipFile") is None:
        return dict(code)
    try:
        zipped = zip_inline(as_text(code["ZipFile"]), as_text(properties.get("Runtime")))
    except ValueError as error:
        raise ServiceError("InvalidRequest", str(error)) from None
    return {"ZipFile": zipped}


def _review(properties: JsonObject) -> list[str]:
    code = properties.get("Code")
    if properties.get("PackageType") == "Image" or (isinstance(code, dict) and "ImageUri" in code):
        return ["Functions from container images (Code.ImageUri) don't run here."]
    return []


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("FunctionName"))
    if not wanted.repeated:
        look = ("lambda", "GetFunctionConfiguration", {"FunctionName": name})
        await must_be_free(cloud, (_FUNCTION, name), look, GONE)
    params = {
        "FunctionName": name,
        "Code": _code(properties),
        "PackageType": properties.get("PackageType"),
        "Architectures": properties.get("Architectures"),
        "Tags": merged_tags(wanted),
        **_configuration(properties),
    }
    await ask(cloud, "lambda", "CreateFunction", params, TAKEN if wanted.repeated else ())
    further = _follow_limits(cloud, name, {}, properties)
    await or_undo(further, lambda: cloud.call("lambda", "DeleteFunction", {"FunctionName": name}))
    return await _made(cloud, name)


async def _follow_limits(cloud: Cloud, name: str, before: JsonObject, after: JsonObject) -> None:
    """Reserved concurrency, what becomes of loops, and when the runtime is renewed."""
    on = {"FunctionName": name}
    reserved = after.get("ReservedConcurrentExecutions")
    if reserved != before.get("ReservedConcurrentExecutions"):
        if reserved is None:
            await cloud.call("lambda", "DeleteFunctionConcurrency", on)
        else:
            params = {**on, "ReservedConcurrentExecutions": reserved}
            await cloud.call("lambda", "PutFunctionConcurrency", params)
    loops = after.get("RecursiveLoop")
    if loops != before.get("RecursiveLoop"):
        params = {**on, "RecursiveLoop": loops or "Terminate"}
        await cloud.call("lambda", "PutFunctionRecursionConfig", params)
    runtime = after.get("RuntimeManagementConfig")
    if runtime != before.get("RuntimeManagementConfig"):
        await manage_runtime(cloud, on, runtime)


async def _made(cloud: Cloud, name: str) -> Made:
    shown = await cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": name})
    snap_start = shown["SnapStart"]
    return Made(
        name,
        {
            "Arn": shown["FunctionArn"],
            "SnapStartResponse": snap_start,
            "SnapStartResponse.ApplyOn": snap_start["ApplyOn"],
            "SnapStartResponse.OptimizationStatus": snap_start["OptimizationStatus"],
        },
    )


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    on = {"FunctionName": existing.id}
    if _configuration(before) != _configuration(after):
        dropped = {name: value for name, value in _DEFAULTS.items() if before.get(name) is not None}
        params = {**on, **_configuration(dropped), **_configuration(after)}
        await cloud.call("lambda", "UpdateFunctionConfiguration", params)
    about = ("Code", "Architectures")
    if any(before.get(name) != after.get(name) for name in about):
        architectures = after.get("Architectures") or ["x86_64"]
        params = {**on, **_code(after), "Architectures": architectures}
        await cloud.call("lambda", "UpdateFunctionCode", params)
    await _follow_limits(cloud, existing.id, before, after)
    await retag_lambda(cloud, wanted, as_text(existing.attributes["Arn"]))
    return await _made(cloud, existing.id)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "lambda", "DeleteFunction", {"FunctionName": existing.id}, GONE)


TYPES = (
    ResourceType(
        _FUNCTION,
        _create,
        _delete,
        _update,
        required=frozenset({"Code", "Role"}),
        optional=frozenset(
            {
                "Architectures",
                "DeadLetterConfig",
                "Description",
                "Environment",
                "FunctionName",
                "Handler",
                "Layers",
                "LoggingConfig",
                "MemorySize",
                "PackageType",
                "RecursiveLoop",
                "ReservedConcurrentExecutions",
                "Runtime",
                "Tags",
                "Timeout",
            }
        ),
        without_effect=frozenset(
            {
                "CodeSigningConfigArn",
                "EphemeralStorage",
                "KmsKeyArn",
                "RuntimeManagementConfig",
                "SnapStart",
                "TracingConfig",
                "VpcConfig",
            }
        ),
        refused=_REFUSED,
        replaces=frozenset({"FunctionName", "PackageType"}),
        attributes=frozenset(
            {
                "Arn",
                "SnapStartResponse",
                "SnapStartResponse.ApplyOn",
                "SnapStartResponse.OptimizationStatus",
            }
        ),
        review=_review,
    ),
)
