"""Versions of functions and their aliases, how both are invoked asynchronously, their URLs."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.calling import Paging, all_pages, ask, must_be_free, or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked
from stepwell.deploy.types.lambda_shared import GONE, TAKEN, manage_runtime
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_ALIAS = "AWS::Lambda::Alias"
_INVOKE = "AWS::Lambda::EventInvokeConfig"
_PAGING = Paging("Versions", "Marker", next_token="NextMarker")
_CONCURRENCY_GONE = (*GONE, "ProvisionedConcurrencyConfigNotFoundException")


async def _create_version(cloud: Cloud, wanted: Wanted) -> Made:
    """As on AWS, a version that is there already is no new one: the function must change first."""
    properties = wanted.properties
    function = as_text(properties["FunctionName"])
    known = await _versions(cloud, function)
    params = {"FunctionName": function, **picked(properties, ("CodeSha256", "Description"))}
    answer = await cloud.call("lambda", "PublishVersion", params)
    number, arn = str(answer["Version"]), str(answer["FunctionArn"])
    if number in known and not wanted.repeated:
        raise ServiceError(
            "AlreadyExists",
            f"A version for this Lambda function exists ( {number} ). Modify the function to "
            "create a new version.",
        )
    made = Made(arn, {"FunctionArn": arn, "Version": number})
    await or_undo(
        _follow_version(cloud, function, number, properties),
        lambda: _drop_version(cloud, arn),
    )
    return made


async def _follow_version(cloud: Cloud, function: str, number: str, properties: JsonObject) -> None:
    """What is said of a version once it is there."""
    concurrency = properties.get("ProvisionedConcurrencyConfig")
    await _provision(cloud, function, number, None, concurrency)
    policy = properties.get("RuntimePolicy")
    if policy is not None:
        on = {"FunctionName": function, "Qualifier": number}
        await manage_runtime(cloud, on, policy)


async def _versions(cloud: Cloud, function: str) -> set[str]:
    """The numbers of a function's versions."""
    on = {"FunctionName": function}
    found = await all_pages(cloud, "lambda", "ListVersionsByFunction", on, _PAGING)
    return {str(version["Version"]) for version in found}


async def _provision(
    cloud: Cloud, function: str, qualifier: str, before: JsonValue, after: JsonValue
) -> None:
    """Provisioned concurrency of a version or alias: kept and shown."""
    on = {"FunctionName": function, "Qualifier": qualifier}
    if isinstance(after, dict) and after != before:
        await cloud.call("lambda", "PutProvisionedConcurrencyConfig", {**on, **after})
    elif after is None and before is not None:
        await ask(cloud, "lambda", "DeleteProvisionedConcurrencyConfig", on, _CONCURRENCY_GONE)


async def _delete_version(cloud: Cloud, existing: Existing) -> None:
    await _drop_version(cloud, existing.id)


async def _drop_version(cloud: Cloud, arn: str) -> None:
    await ask(cloud, "lambda", "DeleteFunction", {"FunctionName": arn}, GONE)


def _alias(properties: JsonObject) -> dict[str, Any]:
    """An alias as the API takes it, whole."""
    return {
        "FunctionName": properties["FunctionName"],
        "FunctionVersion": properties["FunctionVersion"],
        "Name": properties["Name"],
        "Description": properties.get("Description") or "",
        "RoutingConfig": {"AdditionalVersionWeights": _weights(properties)},
    }


def _weights(properties: JsonObject) -> JsonObject:
    routing = properties.get("RoutingConfig")
    given = routing.get("AdditionalVersionWeights") if isinstance(routing, dict) else None
    return {
        as_text(entry["FunctionVersion"]): entry["FunctionWeight"]
        for entry in (given if isinstance(given, list) else [])
        if isinstance(entry, dict)
    }


async def _create_alias(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    function, name = as_text(properties["FunctionName"]), as_text(properties["Name"])
    on = {"FunctionName": function, "Name": name}
    if not wanted.repeated:
        identifier = (_ALIAS, f"{function}:{name}")
        await must_be_free(cloud, identifier, ("lambda", "GetAlias", on), GONE)
    taken = TAKEN if wanted.repeated else ()
    await ask(cloud, "lambda", "CreateAlias", _alias(properties), taken)
    await or_undo(
        _provision(cloud, function, name, None, properties.get("ProvisionedConcurrencyConfig")),
        lambda: cloud.call("lambda", "DeleteAlias", on),
    )
    return await _made_alias(cloud, on)


async def _made_alias(cloud: Cloud, on: dict[str, str]) -> Made:
    arn = str((await cloud.call("lambda", "GetAlias", on))["AliasArn"])
    return Made(arn, {"AliasArn": arn})


async def _update_alias(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    await cloud.call("lambda", "UpdateAlias", _alias(after))
    name, concurrency = as_text(after["Name"]), "ProvisionedConcurrencyConfig"
    function = as_text(after["FunctionName"])
    await _provision(cloud, function, name, before.get(concurrency), after.get(concurrency))
    return Made(existing.id, existing.attributes)


async def _delete_alias(cloud: Cloud, existing: Existing) -> None:
    params = picked(existing.properties, ("FunctionName", "Name"))
    await ask(cloud, "lambda", "DeleteAlias", params, GONE)


_RULES = ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
_QUALIFIED = ("FunctionName", "Qualifier")


async def _create_rules(cloud: Cloud, wanted: Wanted) -> Made:
    on = picked(wanted.properties, _QUALIFIED)
    name = f"{on['FunctionName']}|{on['Qualifier']}"
    if not wanted.repeated:
        look = ("lambda", "GetFunctionEventInvokeConfig", on)
        await must_be_free(cloud, (_INVOKE, name), look, GONE)
    await _put_rules(cloud, wanted)
    return Made(name)


async def _put_rules(cloud: Cloud, wanted: Wanted) -> None:
    params = picked(wanted.properties, (*_QUALIFIED, *_RULES))
    await cloud.call("lambda", "PutFunctionEventInvokeConfig", params)


async def _update_rules(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _put_rules(cloud, wanted)
    return Made(existing.id)


async def _delete_rules(cloud: Cloud, existing: Existing) -> None:
    on = picked(existing.properties, _QUALIFIED)
    await ask(cloud, "lambda", "DeleteFunctionEventInvokeConfig", on, GONE)


def _url(properties: JsonObject) -> dict[str, Any]:
    return {
        "FunctionName": properties["TargetFunctionArn"],
        **picked(properties, ("AuthType", "Cors", "InvokeMode", "Qualifier")),
    }


def _made_url(answer: Any) -> Made:
    arn = str(answer["FunctionArn"])
    return Made(arn, {"FunctionArn": arn, "FunctionUrl": str(answer["FunctionUrl"])})


async def _create_url(cloud: Cloud, wanted: Wanted) -> Made:
    params = _url(wanted.properties)
    taken = TAKEN if wanted.repeated else ()
    answer = await ask(cloud, "lambda", "CreateFunctionUrlConfig", params, taken)
    if answer is None:
        on = {"FunctionName": params["FunctionName"], "Qualifier": params.get("Qualifier")}
        answer = await cloud.call("lambda", "GetFunctionUrlConfig", on)
    return _made_url(answer)


async def _update_url(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    params: dict[str, Any] = {"Cors": {}, "InvokeMode": "BUFFERED", **_url(wanted.properties)}
    return _made_url(await cloud.call("lambda", "UpdateFunctionUrlConfig", params))


async def _delete_url(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "lambda", "DeleteFunctionUrlConfig", {"FunctionName": existing.id}, GONE)


def _review_url(properties: JsonObject) -> list[str]:
    if properties.get("InvokeMode") == "RESPONSE_STREAM":
        return ["InvokeMode RESPONSE_STREAM is not supported by Stepwell."]
    return []


TYPES = (
    ResourceType(
        "AWS::Lambda::Version",
        _create_version,
        _delete_version,
        required=frozenset({"FunctionName"}),
        optional=frozenset({"CodeSha256", "Description"}),
        without_effect=frozenset({"ProvisionedConcurrencyConfig", "RuntimePolicy"}),
        refused={"FunctionScalingConfig": "Functions run in processes of this server."},
        replaces=frozenset(
            {
                "CodeSha256",
                "Description",
                "FunctionName",
                "ProvisionedConcurrencyConfig",
                "RuntimePolicy",
            }
        ),
        attributes=frozenset({"FunctionArn", "Version"}),
    ),
    ResourceType(
        _ALIAS,
        _create_alias,
        _delete_alias,
        _update_alias,
        required=frozenset({"FunctionName", "FunctionVersion", "Name"}),
        optional=frozenset({"Description", "RoutingConfig"}),
        without_effect=frozenset({"ProvisionedConcurrencyConfig"}),
        replaces=frozenset({"FunctionName", "Name"}),
        attributes=frozenset({"AliasArn"}),
    ),
    ResourceType(
        _INVOKE,
        _create_rules,
        _delete_rules,
        _update_rules,
        required=frozenset(_QUALIFIED),
        optional=frozenset(_RULES),
        replaces=frozenset(_QUALIFIED),
    ),
    ResourceType(
        "AWS::Lambda::Url",
        _create_url,
        _delete_url,
        _update_url,
        required=frozenset({"AuthType", "TargetFunctionArn"}),
        optional=frozenset({"Cors", "InvokeMode", "Qualifier"}),
        replaces=frozenset({"Qualifier", "TargetFunctionArn"}),
        attributes=frozenset({"FunctionArn", "FunctionUrl"}),
        review=_review_url,
    ),
)
