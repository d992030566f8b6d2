"""Secrets and their policies."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.calling import ask, create_own, retag
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text, merged_tags, only, picked, tag_list
from stepwell.errors import ServiceError
from stepwell.values import BadJson, JsonObject, decode, encode_text

_SECRET = "AWS::SecretsManager::Secret"
_POLICY = "AWS::SecretsManager::ResourcePolicy"
_GONE = ("ResourceNotFoundException",)
_KEPT = ("Description", "KmsKeyId")
_PASSWORD = (
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "PasswordLength",
    "RequireEachIncludedType",
)
"""What of GenerateSecretString the password itself is made with."""
_TEMPLATE = ("GenerateStringKey", "SecretStringTemplate")


# Secrets


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties.get("Name")
    name = as_text(given) if given is not None else f"{wanted.logical_id}-{wanted.suffix}"
    if wanted.repeated:
        known = await ask(cloud, "secretsmanager", "DescribeSecret", {"SecretId": name}, _GONE)
        if known is not None:
            return _made(str(known["ARN"]))
    params = {
        **picked(wanted.properties, _KEPT),
        "Name": name,
        "SecretString": await _value(cloud, wanted.properties),
        "Tags": tag_list(wanted),
    }
    call = ("secretsmanager", "CreateSecret", params)
    answer = await create_own(cloud, wanted, (_SECRET, name), call, "ResourceExistsException")
    assert answer is not None, "a repeated creation has looked whether it is there"
    return _made(str(answer["ARN"]))


def _made(arn: str) -> Made:
    return Made(arn, {"Id": arn})


async def _value(cloud: Cloud, properties: JsonObject) -> str | None:
    """The secret's text: given, generated, or none yet."""
    given: Any = properties.get("GenerateSecretString")
    text = properties.get("SecretString")
    if given is None:
        return None if text is None else as_text(text)
    only(given, (*_PASSWORD, *_TEMPLATE), "#/GenerateSecretString")
    if text is not None:
        raise _invalid("You can't specify both SecretString and GenerateSecretString.")
    params = picked(given, _PASSWORD)
    answer = await cloud.call("secretsmanager", "GetRandomPassword", params)
    return _inserted(given, str(answer["RandomPassword"]))


def _inserted(given: JsonObject, password: str) -> str:
    """The password alone, or as a member of the template that is given for it."""
    template, key = given.get("SecretStringTemplate"), given.get("GenerateStringKey")
    if template is None and key is None:
        return password
    if template is None or key is None:
        raise _invalid("You must specify both SecretStringTemplate and GenerateStringKey.")
    try:
        document = decode(as_text(template))
    except BadJson:
        document = None
    if not isinstance(document, dict):
        raise _invalid("Could not parse SecretStringTemplate JSON.")
    return encode_text({**document, as_text(key): password})


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    properties, before = wanted.properties, existing.properties
    params: JsonObject = {
        name: as_text(properties.get(name))
        for name in _KEPT
        if properties.get(name) != before.get(name)
    }
    sources = ("SecretString", "GenerateSecretString")
    if any(properties.get(name) != before.get(name) for name in sources):
        params["SecretString"] = await _value(cloud, properties)
    if params:
        await cloud.call("secretsmanager", "UpdateSecret", {**params, "SecretId": existing.id})
    await _retag(cloud, wanted, existing.id)
    return _made(existing.id)


async def _retag(cloud: Cloud, wanted: Wanted, arn: str) -> None:
    shown = await cloud.call("secretsmanager", "DescribeSecret", {"SecretId": arn})
    now = {pair["Key"]: pair["Value"] for pair in shown.get("Tags") or []}

    async def add(tags: dict[str, str]) -> None:
        pairs = [{"Key": key, "Value": text} for key, text in tags.items()]
        await cloud.call("secretsmanager", "TagResource", {"SecretId": arn, "Tags": pairs})

    async def take(keys: list[str]) -> None:
        await cloud.call("secretsmanager", "UntagResource", {"SecretId": arn, "TagKeys": keys})

    await retag(now, merged_tags(wanted), add, take)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    # At once: the same stack can be made again, which a secret that waits for its end prevents.
    params = {"SecretId": existing.id, "ForceDeleteWithoutRecovery": True}
    await ask(cloud, "secretsmanager", "DeleteSecret", params, _GONE)


# Policies


async def _create_policy(cloud: Cloud, wanted: Wanted) -> Made:
    named = {"SecretId": wanted.properties["SecretId"]}
    shown = await cloud.call("secretsmanager", "GetResourcePolicy", named)
    arn = str(shown["ARN"])
    if shown.get("ResourcePolicy") and not wanted.repeated:
        raise already_exists(_POLICY, arn)
    return await _put_policy(cloud, arn, wanted)


async def _put_policy(cloud: Cloud, arn: str, wanted: Wanted) -> Made:
    policy = as_text(wanted.properties["ResourcePolicy"])
    params = {"SecretId": arn, "ResourcePolicy": policy}
    await cloud.call("secretsmanager", "PutResourcePolicy", params)
    return Made(arn, {"Id": arn})


async def _update_policy(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    return await _put_policy(cloud, existing.id, wanted)


async def _delete_policy(cloud: Cloud, existing: Existing) -> None:
    params = {"SecretId": existing.id}
    await ask(cloud, "secretsmanager", "DeleteResourcePolicy", params, _GONE)


TYPES = (
    ResourceType(
        _SECRET,
        _create,
        _delete,
        _update,
        optional=frozenset({"GenerateSecretString", "Name", "SecretString", "Tags", *_KEPT}),
        without_effect=frozenset({"ReplicaRegions"}),
        refused={"Type": "there are no managed external secrets"},
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Id"}),
    ),
    ResourceType(
        _POLICY,
        _create_policy,
        _delete_policy,
        _update_policy,
        required=frozenset({"ResourcePolicy", "SecretId"}),
        without_effect=frozenset({"BlockPublicPolicy"}),
        replaces=frozenset({"SecretId"}),
        attributes=frozenset({"Id"}),
    ),
)
