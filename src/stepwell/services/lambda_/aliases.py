"""Aliases: names for versions, with a share of the calls for a second one."""

from __future__ import annotations

import re
from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import conflict, invalid, not_found, wrong_revision
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.names import LATEST, Named, function_arn
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import AliasRow
from stepwell.values import decode, encode_text

_NAME = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9_-]{1,128}")


async def create_alias(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """CreateAlias."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    name = params["Name"]
    if _NAME.fullmatch(name) is None:
        raise invalid(f"Invalid alias name: {name}")
    functions.function(named)
    if functions.aliases.get(named.place, name) is not None:
        arn = function_arn(named.place, name)
        raise conflict(f"Alias already exists: {arn}")
    row = AliasRow(named.place, name, "", "", "{}", "")
    return await _put(functions, named, row, params)


async def update_alias(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """UpdateAlias."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    row = _find(functions, named, params["Name"])
    if params.get("RevisionId") not in (None, row.revision):
        raise wrong_revision()
    return await _put(functions, named, row, params)


async def _put(functions: Lambda, named: Named, row: AliasRow, params: Params) -> dict[str, Any]:
    version = params.get("FunctionVersion") or row.version
    _check_version(functions, named, version)
    routing = params.get("RoutingConfig")
    weights = functions.weights(row)
    if routing is not None:
        weights = _check_weights(functions, named, version, routing)
    description = params.get("Description")
    later = row._replace(
        version=version,
        description=row.description if description is None else description,
        routing=encode_text(weights),
        revision=functions.parts.ids.uuid(),
    )
    with functions.parts.ledger.stage() as turn:
        functions.aliases.put(turn, later)
    await functions.parts.ledger.committed()
    return _shown(later)


def _check_version(functions: Lambda, named: Named, version: str) -> None:
    if functions.versions.get(named.place, version) is None:
        raise not_found(f"Function not found: {function_arn(named.place, version)}")


def _check_weights(
    functions: Lambda, named: Named, version: str, routing: dict[str, Any]
) -> dict[str, float]:
    weights = cast("dict[str, float]", routing.get("AdditionalVersionWeights") or {})
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for other, weight in weights.items():
        if other == version:
            raise invalid(
                f"Invalid function version {version}. Function version {version} is already"
                " included in routing configuration."
            )
        if LATEST in (other, version):
            raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        if not 0 <= weight <= 1:
            raise invalid("Weight must be between 0.0 and 1.0")
        _check_version(functions, named, other)
    return weights


async def get_alias(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetAlias."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    return _shown(_find(functions, named, params["Name"]))


async def delete_alias(functions: Lambda, call: Call, params: Params) -> None:
    """DeleteAlias; one that is gone already is no error."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    name = params["Name"]
    with functions.parts.ledger.stage() as turn:
        functions.aliases.delete(turn, named.place, name)
        for row in functions.attached.of(named.place):
            if row.qualifier == name:
                functions.attached.delete(turn, row.function, row.kind, name)
    await functions.parts.ledger.committed()


async def list_aliases(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """ListAliases: all, or those of one version."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    version = params.get("FunctionVersion")
    rows = [row for row in functions.aliases.of(named.place) if version in (None, row.version)]
    found, marker = page(rows, params, lambda row: row.name)
    return {"Aliases": [_shown(row) for row in found], **marker}


def _find(functions: Lambda, named: Named, name: str) -> AliasRow:
    functions.function(named)
    row = functions.aliases.get(named.place, name)
    if row is None:
        raise not_found(f"Cannot find alias arn: {function_arn(named.place, name)}")
    return row


def _shown(row: AliasRow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "AliasArn": function_arn(row.function, row.name),
        "Name": row.name,
        "FunctionVersion": row.version,
        "Description": row.description,
        "RevisionId": row.revision,
    }
    if weights := decode(row.routing):
        shown["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    return shown
