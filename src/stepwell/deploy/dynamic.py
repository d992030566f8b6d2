"""Dynamic references: `{{resolve:ssm:...}}` and its like, looked up when a resource is made.

They are replaced in values whose functions were evaluated already, and only on the way to an
operation: what is recorded, compared and shown keeps the reference, so that no secret is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stepwell.deploy.refusals import refused
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text
from stepwell.errors import ServiceError
from stepwell.values import BadJson, JsonObject, JsonValue, decode

_REFERENCE = re.compile(r"\{\{resolve:([^{}]*)\}\}")
REFERENCES_MAX = 60
"""In one template of AWS's; here in the properties of one resource."""


def has_dynamic_reference(value: JsonValue) -> bool:
    """Whether there is one anywhere in the value."""
    return bool(_found(value))


async def resolve_dynamic(properties: JsonObject, cloud: Cloud) -> JsonObject:
    """The properties with every dynamic reference replaced. Raises ServiceError."""
    wanted = _found(properties)
    if not wanted:
        return properties
    if len(wanted) > REFERENCES_MAX:
        raise refused(f"There are more than {REFERENCES_MAX} dynamic references")
    values = {text: await _look_up(text, cloud) for text in wanted}
    return {name: _replaced(item, values) for name, item in properties.items()}


def _found(value: JsonValue) -> list[str]:
    """What stands in the references, each once, in a fixed order."""
    texts: dict[str, None] = {}
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            if "{{resolve:" in part:
                texts.update(dict.fromkeys(_REFERENCE.findall(part)))
        elif isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
    return sorted(texts)


def _replaced(value: JsonValue, values: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: values[found[1]], value)
    if isinstance(value, dict):
        return {name: _replaced(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, values) for item in value]
    return value


async def _look_up(text: str, cloud: Cloud) -> str:
    service, _, rest = text.partition(":")
    if service in ("ssm", "ssm-secure") and rest:
        return await _parameter(rest, service == "ssm-secure", cloud)
    if service == "secretsmanager" and rest:
        return await _secret(rest, cloud)
    raise refused(
        f"Invalid dynamic reference {{{{resolve:{text}}}}}: the service must be ssm, ssm-secure or "
        "secretsmanager"
    )


async def _parameter(name: str, is_secure: bool, cloud: Cloud) -> str:
    # The version may follow the name, which the operation takes as it stands.
    try:
        answer = await cloud.call("ssm", "GetParameter", {"Name": name, "WithDecryption": True})
    except ServiceError as error:
        if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
            raise
        raise refused(f"Parameter {name} cannot be found.") from error
    parameter: Mapping[str, Any] = answer["Parameter"]
    if parameter["Type"] == "SecureString" and not is_secure:
        raise refused(
            f"SSM Secure reference is not supported in: [{{{{resolve:ssm:{name}}}}}]. Use "
            "ssm-secure for a parameter of type SecureString."
        )
    return as_text(parameter["Value"])


async def _secret(text: str, cloud: Cloud) -> str:
    secret_id, kind, key, stage, version = _secret_parts(text)
    if kind != "SecretString":
        raise refused(f"The dynamic reference {text} must ask for SecretString")
    params = {"SecretId": secret_id, "VersionStage": stage or None, "VersionId": version or None}
    try:
        answer = await cloud.call("secretsmanager", "GetSecretValue", params)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise refused("Secrets Manager can't find the specified secret.") from error
    secret = as_text(answer.get("SecretString"))
    return secret if not key else _member(secret, key)


def _secret_parts(text: str) -> tuple[str, str, str, str, str]:
    """Id or ARN, `SecretString`, key, stage and version id; the ARN has colons of its own."""
    parts = text.split(":")
    id_parts = 7 if text.startswith("arn:") else 1
    rest = [*parts[id_parts:], "", "", "", ""]
    return ":".join(parts[:id_parts]), rest[0] or "SecretString", rest[1], rest[2], rest[3]


def _member(secret: str, key: str) -> str:
    try:
        members = decode(secret)
    except BadJson as error:
        raise refused(f"Could not parse SecretString JSON for the key {key}") from error
    if not isinstance(members, dict) or key not in members:
        raise refused(f"Could not find a value associated with JSONKey {key} in SecretString")
    return as_text(members[key])
