"""What a function is configured to be: checked, and kept in the words of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import broken_constraint, invalid, not_here
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import ENVIRONMENT_BYTES_MAX, LAYERS_MAX
from stepwell.services.lambda_.names import read_layer
from stepwell.values import JsonObject, decode, encode_text

_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
_NOT_HERE = (
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DurableConfig",
    "FileSystemConfigs",
    "ImageConfig",
    "PublishTo",
    "RuntimeConfig",
    "TenancyConfig",
)
_NAME_LENGTH_MAX = 64


def aws_time(milliseconds: int) -> str:
    """A time as LastModified writes it."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"


def new_configuration(functions: Lambda, call: Call, name: str, params: Params) -> JsonObject:
    """The configuration of a function that is created. Raises ServiceError."""
    if len(name) > _NAME_LENGTH_MAX:
        raise broken_constraint(
            name, "functionName", f"have length less than or equal to {_NAME_LENGTH_MAX}"
        )
    if params.get("PackageType") == "Image" or (params.get("Code") or {}).get("ImageUri"):
        raise not_here("A function from a container image (PackageType Image, Code.ImageUri)")
    if not params.get("Runtime") or not params.get("Handler"):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment"
            " packages."
        )
    configured: JsonObject = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": params.get("Architectures") or ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    return configured | changes(functions, call, params, name)


def changes(functions: Lambda, call: Call, params: Params, name: str) -> JsonObject:
    """The members of a configuration that a request sets. Raises ServiceError."""
    for refused in _NOT_HERE:
        if params.get(refused):
            raise not_here(refused)
    found: JsonObject = {}
    for member, read in _READERS.items():
        given = params.get(member)
        if given is not None:
            found[member] = read(given)
    runtime = params.get("Runtime")
    if runtime is not None and (reason := functions.running.refuse(runtime)) is not None:
        raise invalid(reason)
    if params.get("Layers") is not None:
        found["Layers"] = _layers(functions, call, params["Layers"])
    if runtime is not None:
        arn = f"arn:aws:lambda:{call.region}::runtime:{_runtime_id(runtime)}"
        found["RuntimeVersionConfig"] = {"RuntimeVersionArn": arn}
    if params.get("LoggingConfig") is not None:
        default: JsonObject = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
        found["LoggingConfig"] = default | params["LoggingConfig"]
    return found


def _runtime_id(runtime: str) -> str:
    """Something that looks like the hash in a runtime's ARN, and is the same every time."""
    return runtime.encode().hex().ljust(64, "0")[:64]


def _as_it_is(given: Any) -> Any:
    return given


def _bounded(path: str, least: int, most: int) -> Callable[[Any], int]:
    def read(given: Any) -> int:
        if given < least:
            raise broken_constraint(given, path, f"have value greater than or equal to {least}")
        if given > most:
            raise broken_constraint(given, path, f"have value less than or equal to {most}")
        return int(given)

    return read


def _environment(given: Mapping[str, Any]) -> JsonObject:
    variables = cast("dict[str, str]", given.get("Variables") or {})
    taken = sorted(_RESERVED & set(variables))
    start = (
        "Lambda was unable to configure your environment variables because the environment"
        " variables you have provided "
    )
    if taken:
        raise invalid(
            f"{start}contains reserved keys that are currently not supported for modification."
            f" Reserved keys used in this request: {', '.join(taken)}"
        )
    text = encode_text(variables)
    if len(text.encode()) > ENVIRONMENT_BYTES_MAX:
        raise invalid(f"{start}exceeded the 4KB limit. String measured: {text}")
    return {"Variables": cast(JsonObject, variables)}


def _dead_letter(given: Mapping[str, Any]) -> JsonObject:
    arn = given.get("TargetArn") or ""
    if arn and arn.split(":")[2:3] not in (["sqs"], ["sns"]):
        raise invalid(
            "The provided target arn is not valid: a dead letter queue is an SQS queue or an SNS"
            " topic."
        )
    return {"TargetArn": arn} if arn else {}


def _vpc(given: Mapping[str, Any]) -> JsonObject:
    return {
        "SubnetIds": given.get("SubnetIds") or [],
        "SecurityGroupIds": given.get("SecurityGroupIds") or [],
        "VpcId": "vpc-00000000" if given.get("SubnetIds") else "",
        "Ipv6AllowedForDualStack": bool(given.get("Ipv6AllowedForDualStack")),
    }


def _snap_start(given: Mapping[str, Any]) -> JsonObject:
    return {"ApplyOn": given.get("ApplyOn") or "None", "OptimizationStatus": "Off"}


_READERS: dict[str, Callable[[Any], Any]] = {
    "Runtime": _as_it_is,
    "Role": _as_it_is,
    "Handler": _as_it_is,
    "Description": _as_it_is,
    "Timeout": _bounded("timeout", 1, 900),
    "MemorySize": _bounded("memorySize", 128, 10_240),
    "VpcConfig": _vpc,
    "DeadLetterConfig": _dead_letter,
    "Environment": _environment,
    "KMSKeyArn": _as_it_is,
    "TracingConfig": _as_it_is,
    "EphemeralStorage": _as_it_is,
    "SnapStart": _snap_start,
}


def _layers(functions: Lambda, call: Call, arns: list[str]) -> list[Any]:
    """The layers by their ARNs, with what the answer shows of each."""
    if len(arns) > LAYERS_MAX:
        raise invalid(f"Cannot reference more than {LAYERS_MAX} layers.")
    found = []
    for arn in arns:
        parsed = read_layer(arn)
        if parsed is None or parsed[3] is None:
            raise invalid(f"Layer version {arn} does not exist.")
        account, region, name, number = parsed
        if region != call.region:
            raise invalid(f"Layers are not in the same region as the function. Layer: {arn}")
        row = functions.layer_versions.get(f"{account}:{region}:{name}", number)
        if row is None:
            raise invalid(f"Layer version {arn} does not exist.")
        content = cast("dict[str, Any]", decode(row.description))["Content"]
        found.append({"Arn": arn, "CodeSize": content["CodeSize"]})
    return found
