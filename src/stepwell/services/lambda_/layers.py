"""Layers: code that functions share, in versions."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.configuration import aws_time
from stepwell.services.lambda_.errors import invalid, not_found
from stepwell.services.lambda_.functions import read_code
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.names import layer_arn, read_layer
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import LayerRow, LayerVersionRow
from stepwell.services.lambda_.registry import code_url
from stepwell.values import decode, encode_text


async def publish_layer_version(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """PublishLayerVersion."""
    await functions.ready()
    account, region, name = read_name(call, params["LayerName"])
    given = await read_code(functions, call, params["Content"])
    if given.folder is not None:
        raise invalid("A layer cannot be a folder of this machine.")
    await functions.ready()
    parts = functions.parts
    scope = f"{account}:{region}"
    layer = functions.layers.get(scope, name) or LayerRow(scope, name, 0)
    number = layer.last_version + 1
    described: dict[str, Any] = {
        "Content": {"CodeSha256": given.sha256, "CodeSize": len(given.data)},
        "LayerArn": layer_arn(account, region, name),
        "LayerVersionArn": layer_arn(account, region, name, number),
        "Description": params.get("Description") or "",
        "CreatedDate": aws_time(parts.clock.now()),
        "Version": number,
    }
    for member in ("CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"):
        if params.get(member):
            described[member] = params[member]
    with parts.ledger.stage() as turn:
        code = functions.codes.put(turn, given.data)
        row = LayerVersionRow(f"{scope}:{name}", number, code, encode_text(described))
        functions.layers.put(turn, layer._replace(last_version=number))
        functions.layer_versions.put(turn, row)
    await parts.ledger.committed()
    return _shown(call, row)


async def get_layer_version(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetLayerVersion."""
    await functions.ready()
    account, region, name = read_name(call, params["LayerName"])
    return _shown(call, find_version(functions, account, region, name, params["VersionNumber"]))


async def get_layer_version_by_arn(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetLayerVersionByArn."""
    await functions.ready()
    parsed = read_layer(params["Arn"])
    if parsed is None or parsed[3] is None:
        raise invalid(f"Invalid layer version ARN: {params['Arn']}")
    account, region, name = parsed[:3]
    number = parsed[3]
    return _shown(call, find_version(functions, account, region, name, number))


async def delete_layer_version(functions: Lambda, call: Call, params: Params) -> None:
    """DeleteLayerVersion. Functions that have it keep it until they change."""
    await functions.ready()
    account, region, name = read_name(call, params["LayerName"])
    place = f"{account}:{region}:{name}"
    row = functions.layer_versions.get(place, params["VersionNumber"])
    if row is None:
        return
    members = cast("dict[str, Any]", decode(row.description)) | {"_deleted": True}
    with functions.parts.ledger.stage() as turn:
        if functions.uses_layer(str(members["LayerVersionArn"])):
            functions.layer_versions.put(turn, row._replace(description=encode_text(members)))
        else:
            functions.layer_versions.delete(turn, place, row.version)
            functions.codes.delete(turn, row.code, members["Content"]["CodeSize"])
    await functions.parts.ledger.committed()


async def list_layers(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """ListLayers: each with its newest version."""
    await functions.ready()
    newest = []
    for layer in functions.layers.of(call.scope):
        rows = _matching(functions, f"{call.scope}:{layer.name}", params)
        if rows:
            newest.append((layer.name, rows[0]))
    found, marker = page(newest, params, lambda entry: entry[0])
    shown = [
        {
            "LayerName": name,
            "LayerArn": layer_arn(call.account, call.region, name),
            "LatestMatchingVersion": _in_list(row),
        }
        for name, row in found
    ]
    return {"Layers": shown, **marker}


async def list_layer_versions(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """ListLayerVersions: the newest first."""
    await functions.ready()
    account, region, name = read_name(call, params["LayerName"])
    rows = _matching(functions, f"{account}:{region}:{name}", params)
    found, marker = page(rows, params, lambda row: f"{10**12 - row.version:012d}")
    return {"LayerVersions": [_in_list(row) for row in found], **marker}


def read_name(call: Call, text: str) -> tuple[str, str, str]:
    """(account, region, name) of a layer's name or ARN."""
    parsed = read_layer(text)
    if parsed is not None:
        return parsed[0], parsed[1], parsed[2]
    return call.account, call.region, text


def find_version(
    functions: Lambda, account: str, region: str, name: str, number: int
) -> LayerVersionRow:
    """A version of a layer. Raises ServiceError when it is not there or deleted."""
    row = functions.layer_versions.get(f"{account}:{region}:{name}", number)
    if row is None or "_deleted" in _described(row):
        raise not_found("The resource you requested does not exist.")
    return row


def _matching(functions: Lambda, place: str, params: Params) -> list[LayerVersionRow]:
    """The versions of a layer that fit a request, the newest first."""
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    rows = []
    for row in reversed(functions.layer_versions.of(place)):
        members = _described(row)
        fits = (runtime is None or runtime in members.get("CompatibleRuntimes", ())) and (
            architecture is None or architecture in members.get("CompatibleArchitectures", ())
        )
        if fits and "_deleted" not in members:
            rows.append(row)
    return rows


def _described(row: LayerVersionRow) -> dict[str, Any]:
    return cast("dict[str, Any]", decode(row.description))


def _in_list(row: LayerVersionRow) -> dict[str, Any]:
    members = _described(row)
    return {k: v for k, v in members.items() if k not in ("Content", "LayerArn", "_policy")}


def _shown(call: Call, row: LayerVersionRow) -> dict[str, Any]:
    members = _described(row)
    members.pop("_policy", None)
    location = code_url(call.base_url, row.code, members["Content"]["CodeSha256"])
    return {**members, "Content": {**members["Content"], "Location": location}}
