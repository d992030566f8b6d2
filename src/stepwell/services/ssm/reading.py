"""GetParameter, GetParameters, GetParametersByPath, GetParameterHistory."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha512
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.paging import token_of
from stepwell.services.ssm import filters, names, paging
from stepwell.services.ssm.errors import invalid, parameter_not_found
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.ssm.records import ParameterRow, VersionRow, labels_of

BY_PATH_MAX = 10
HISTORY_MAX = 50


async def get_parameter(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """GetParameter: by name, `name:version`, `name:label` or ARN."""
    given = params["Name"]
    if given.startswith(names.REFERENCE):
        secret = await _secret(parameters, call, given, decrypt=bool(params.get("WithDecryption")))
        if secret is None:
            raise parameter_not_found()
        return {"Parameter": secret}
    row, version, selector = parameters.selected(call, given)
    decrypt = bool(params.get("WithDecryption"))
    return {"Parameter": shown(call, row, version, selector, decrypt=decrypt)}


async def get_parameters(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """GetParameters: what is not there is told."""
    found, missing = [], []
    decrypt = bool(params.get("WithDecryption"))
    given: list[str] = params["Names"]
    if len({names.split(name)[0] for name in given}) < len(given):
        raise invalid("Duplicate parameters found in the request.")
    for name in given:
        if name.startswith(names.REFERENCE):
            secret = await _secret(parameters, call, name, decrypt=decrypt)
            if secret is None:
                missing.append(name)
            else:
                found.append(secret)
            continue
        try:
            row, version, selector = parameters.selected(call, name)
        except ServiceError:
            missing.append(name)
        else:
            found.append(shown(call, row, version, selector, decrypt=decrypt))
    return {"Parameters": found, "InvalidParameters": missing}


async def _secret(
    parameters: Parameters, call: Call, given: str, *, decrypt: bool
) -> dict[str, Any] | None:
    if not decrypt:
        raise invalid("WithDecryption flag must be True for retrieving a Secret Manager secret.")
    if parameters.secrets is None:
        return None
    found = await parameters.secrets.secret(call, given.removeprefix(names.REFERENCE))
    if found is None:
        return None
    arn, text, changed_at = found
    return {
        "Name": given,
        "Type": "SecureString",
        "Value": text,
        "Version": 0,
        "LastModifiedDate": changed_at,
        "ARN": arn,
        "DataType": "text",
    }


async def get_parameters_by_path(
    parameters: Parameters, call: Call, params: Params
) -> dict[str, Any]:
    """GetParametersByPath: one level or all below a path, at most ten at a time."""
    path: str = params["Path"]
    names.check_path(path)
    start = path if path.endswith("/") else f"{path}/"
    wants = filters.by_path(params.get("ParameterFilters") or [])
    rows = [
        row
        for row in parameters.parameters.of(call.scope)
        if _below(row.name, start, recursive=bool(params.get("Recursive")))
        and wants(row, parameters.newest(row), parameters.versions_of(row))
    ]
    page, token = paging.cut(rows, params, BY_PATH_MAX)
    decrypt = bool(params.get("WithDecryption"))
    found = [shown(call, row, parameters.newest(row), "", decrypt=decrypt) for row in page]
    return {"Parameters": found, "NextToken": token}


def _below(name: str, start: str, *, recursive: bool) -> bool:
    full = name if name.startswith("/") else f"/{name}"
    if not full.startswith(start):
        return False
    return recursive or "/" not in full[len(start) :]


async def get_parameter_history(
    parameters: Parameters, call: Call, params: Params
) -> dict[str, Any]:
    """GetParameterHistory: all versions, the oldest first."""
    row = parameters.find(call, names.split(params["Name"])[0])
    decrypt = bool(params.get("WithDecryption"))
    most = params.get("MaxResults") or HISTORY_MAX
    after = paging.number_of(params.get("NextToken"))
    left = [each for each in parameters.versions_of(row) if each.version > after]
    page = left[:most]
    token = token_of(str(page[-1].version)) if len(left) > len(page) else None
    return {
        "Parameters": [_history(row, each, decrypt=decrypt) for each in page],
        "NextToken": token,
    }


def _history(row: ParameterRow, version: VersionRow, *, decrypt: bool) -> dict[str, Any]:
    return {
        "Name": row.name,
        "Type": version.type,
        "KeyId": version.key_id or None,
        "LastModifiedDate": version.modified_at / 1000,
        "LastModifiedUser": version.modified_by,
        "Description": version.description or None,
        "Value": value_of(version, decrypt=decrypt),
        "AllowedPattern": version.allowed_pattern or None,
        "Version": version.version,
        "Labels": labels_of(version),
        "Tier": version.tier,
        "Policies": [],
        "DataType": version.data_type,
    }


def shown(
    call: Call, row: ParameterRow, version: VersionRow, selector: str, *, decrypt: bool
) -> dict[str, Any]:
    """A parameter with its value."""
    return {
        "Name": row.name,
        "Type": version.type,
        "Value": value_of(version, decrypt=decrypt),
        "Version": version.version,
        "Selector": selector or None,
        "LastModifiedDate": version.modified_at / 1000,
        "ARN": names.arn(call.account, call.region, row.name),
        "DataType": version.data_type,
    }


def value_of(version: VersionRow, *, decrypt: bool) -> str:
    """The value; of a SecureString nobody asked to decrypt, something that looks encrypted."""
    if version.type != "SecureString" or decrypt:
        return version.value
    text = f"{version.parameter} {version.version} {version.value}"
    return b64encode(b"\x01\x02\x02\x00x" + sha512(text.encode()).digest()).decode()
