"""Tags and resource policies of secrets. Policies are kept and shown, not enforced."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager.arns import arn_of
from stepwell.services.secretsmanager.errors import invalid_parameter
from stepwell.services.secretsmanager.records import SecretRow, tags_of
from stepwell.services.secretsmanager.secrets import Secrets
from stepwell.values import BadJson, decode_payload, encode_text

TAGS_MAX = 50


def read(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises InvalidParameterException."""
    tags = {each["Key"]: each.get("Value", "") for each in given}
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid_parameter("Tag keys that begin with aws: are reserved.")
    if len(tags) > TAGS_MAX:
        raise invalid_parameter(f"A secret can have at most {TAGS_MAX} tags.")
    return tags


async def tag(secrets: Secrets, call: Call, params: Params) -> None:
    """TagResource: a key that is there already gets the new value."""
    row = secrets.find_live(call, params["SecretId"])
    after = {**tags_of(row), **read(params["Tags"])}
    if len(after) > TAGS_MAX:
        raise invalid_parameter(f"A secret can have at most {TAGS_MAX} tags.")
    await _keep(secrets, row._replace(tags=encode_text(after)))


async def untag(secrets: Secrets, call: Call, params: Params) -> None:
    """UntagResource: keys that are not there are no error."""
    row = secrets.find_live(call, params["SecretId"])
    gone = set(params["TagKeys"])
    left = {key: value for key, value in tags_of(row).items() if key not in gone}
    await _keep(secrets, row._replace(tags=encode_text(left)))


async def put_policy(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """PutResourcePolicy."""
    row = secrets.find_live(call, params["SecretId"])
    text = params["ResourcePolicy"]
    try:
        policy = decode_payload(text)
    except BadJson:
        policy = None
    if not isinstance(policy, dict):
        raise ServiceError(
            "MalformedPolicyDocumentException", "This resource policy contains invalid Json."
        )
    await _keep(secrets, row._replace(policy=text))
    return {"ARN": arn_of(row), "Name": row.name}


async def get_policy(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """GetResourcePolicy."""
    row = secrets.find(call, params["SecretId"])
    return {"ARN": arn_of(row), "Name": row.name, "ResourcePolicy": row.policy or None}


async def delete_policy(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """DeleteResourcePolicy."""
    row = secrets.find_live(call, params["SecretId"])
    await _keep(secrets, row._replace(policy=""))
    return {"ARN": arn_of(row), "Name": row.name}


async def _keep(secrets: Secrets, row: SecretRow) -> None:
    with secrets.parts.ledger.stage() as turn:
        secrets.secrets.put(turn, row)
    await secrets.parts.ledger.committed()
