"""PutParameter, DeleteParameter, DeleteParameters."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.patterns import BadPattern, matches_within
from stepwell.services.api import Call, Params
from stepwell.services.ssm import names, tagging
from stepwell.services.ssm.errors import invalid, not_here
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.ssm.records import ParameterRow, VersionRow, labels_of
from stepwell.values import encode_text

STANDARD_CHARACTERS_MAX = 4_096
ADVANCED_CHARACTERS_MAX = 8_192
VERSIONS_MAX = 100
_DEFAULT_KEY = "alias/aws/ssm"


async def put_parameter(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """PutParameter: a new parameter, or with Overwrite a new version."""
    name = names.split(params["Name"])[0] if params["Name"].startswith("arn:") else params["Name"]
    names.check_name(name)
    _check_elsewhere(params)
    row = parameters.parameters.get(call.scope, name)
    before = None if row is None else parameters.newest(row)
    _check_overwrite(params, before)
    number = 1 if row is None else row.version + 1
    version = _version(parameters, call, name, number, params, before)
    tags = tagging.read(params.get("Tags") or []) if row is None else {}
    surplus = None if row is None else _surplus(parameters, row)
    from_now = (
        ParameterRow(call.scope, name, 1, encode_text(tags))
        if row is None
        else row._replace(version=number)
    )
    with parameters.parts.ledger.stage() as turn:
        parameters.parameters.put(turn, from_now)
        parameters.versions.put(turn, version)
        if surplus is not None:
            parameters.versions.delete(turn, surplus.parameter, surplus.version)
    await parameters.parts.ledger.committed()
    return {"Version": number, "Tier": version.tier}


def _check_elsewhere(params: Params) -> None:
    policies = params.get("Policies")
    if policies and policies.strip() not in ("[]", "{}", ""):
        raise not_here("Policies of parameters")
    if params.get("DataType", "text") != "text":
        raise not_here(f"the DataType {params['DataType']}")


def _check_overwrite(params: Params, before: VersionRow | None) -> None:
    if before is None:
        if not params.get("Type"):
            raise invalid("A parameter type is required when you create a parameter.")
        return
    if not params.get("Overwrite"):
        raise ServiceError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in "
            "the request to true.",
        )
    if params.get("Tags"):
        raise invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter "
            "with tags, please remove overwrite flag. To update tags for an existing parameter, "
            "please use AddTagsToResource or RemoveTagsFromResource."
        )
    kind = params.get("Type") or before.type
    if kind != before.type and "SecureString" in (kind, before.type):
        raise ServiceError(
            "HierarchyTypeMismatchException",
            "Parameter Store does not support changing a parameter type in a hierarchy. For "
            "example, you can't change a parameter from a String type to a SecureString type. You "
            "must create a new, unique parameter.",
        )


def _version(
    parameters: Parameters,
    call: Call,
    name: str,
    number: int,
    params: Params,
    before: VersionRow | None,
) -> VersionRow:
    kind = params.get("Type") or (before.type if before else "String")
    key = params.get("KeyId") or ""
    if key and kind != "SecureString":
        raise invalid(f"KeyId is not allowed for the parameter type {kind}.")
    if kind == "SecureString":
        key = key or (before.key_id if before else "") or _DEFAULT_KEY
    value = params["Value"]
    pattern = params.get("AllowedPattern")
    if pattern is None:
        pattern = before.allowed_pattern if before else ""
    _check_pattern(pattern, value)
    description = params.get("Description")
    if description is None:
        description = before.description if before else ""
    return VersionRow(
        names.place(call.scope, name),
        number,
        kind,
        value,
        description,
        pattern,
        key,
        _tier(params.get("Tier"), value, before),
        "text",
        "[]",
        parameters.parts.clock.now(),
        f"arn:aws:iam::{call.account}:root",
    )


def _tier(asked: str | None, value: str, before: VersionRow | None) -> str:
    tier = asked or "Standard"
    if tier == "Intelligent-Tiering":
        large = len(value) > STANDARD_CHARACTERS_MAX
        tier = "Advanced" if large or (before and before.tier == "Advanced") else "Standard"
    if not value:
        raise invalid("Parameter value can't be empty.")
    if before is not None and before.tier == "Advanced" and tier == "Standard":
        if asked is not None:
            raise invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter "
                "from the advanced-parameter tier to the standard-parameter tier."
            )
        tier = "Advanced"
    if tier == "Standard" and len(value) > STANDARD_CHARACTERS_MAX:
        raise invalid(
            "Standard tier parameters support a maximum parameter value of "
            f"{STANDARD_CHARACTERS_MAX} characters. To create a larger parameter value, upgrade "
            "the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
            "parameter-store-advanced-parameters.html"
        )
    if len(value) > ADVANCED_CHARACTERS_MAX:
        raise invalid(
            "Advanced tier parameters support a maximum parameter value of "
            f"{ADVANCED_CHARACTERS_MAX} characters."
        )
    return tier


def _check_pattern(pattern: str, value: str) -> None:
    if not pattern:
        return
    try:
        matched = matches_within(pattern, value)
    except BadPattern:
        raise ServiceError(
            "InvalidAllowedPatternException", f"The pattern {pattern} is no regular expression."
        ) from None
    if not matched:
        raise ServiceError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )


def _surplus(parameters: Parameters, row: ParameterRow) -> VersionRow | None:
    """The version that one more would push out."""
    versions = parameters.versions_of(row)
    if len(versions) < VERSIONS_MAX:
        return None
    oldest = versions[0]
    if labels_of(oldest):
        raise ServiceError(
            "ParameterMaxVersionLimitExceeded",
            f"You attempted to create a new version of {row.name} by calling the PutParameter API "
            f"with the overwrite flag. Version {oldest.version}, the oldest version, can't be "
            "deleted because it has a label associated with it. Move the label to another version "
            "of the parameter, and try again.",
        )
    return oldest


async def delete_parameter(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """DeleteParameter, with all its versions."""
    row = parameters.find(call, names.split(params["Name"])[0])
    _delete(parameters, row)
    await parameters.parts.ledger.committed()
    return {}


async def delete_parameters(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """DeleteParameters: what is not there is told."""
    deleted, missing = [], []
    for given in dict.fromkeys(params["Names"]):
        row = parameters.parameters.get(call.scope, names.split(given)[0])
        if row is None:
            missing.append(given)
        else:
            _delete(parameters, row)
            deleted.append(given)
    await parameters.parts.ledger.committed()
    return {"DeletedParameters": deleted, "InvalidParameters": missing}


def _delete(parameters: Parameters, row: ParameterRow) -> None:
    with parameters.parts.ledger.stage() as turn:
        parameters.parameters.delete(turn, row.scope, row.name)
        for version in parameters.versions_of(row):
            parameters.versions.delete(turn, version.parameter, version.version)
