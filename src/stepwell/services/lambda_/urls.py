"""Function URLs: made, shown, changed, deleted."""

from __future__ import annotations

import base64
from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.feeds.batch_info import iso_time
from stepwell.services.lambda_.errors import conflict, invalid, not_found, not_here
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.names import LATEST, Named, function_arn
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import AttachedRow
from stepwell.values import decode, encode_text

KIND = "url"
URL_PATH = "/_aws/lambda-url/"
_ID_BYTES = 20
_MEMBERS = ("AuthType", "Cors", "InvokeMode")


async def create_function_url_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """CreateFunctionUrlConfig."""
    await functions.ready()
    named = _named(functions, call, params)
    qualifier = named.qualifier or ""
    if functions.attached.get(named.place, KIND, qualifier) is not None:
        arn = function_arn(named.place, named.qualifier)
        raise conflict(
            "Failed to create function url config for"
            f" [functionArn = {arn}]. Error message:  FunctionUrlConfig exists for this Lambda"
            " function"
        )
    now = iso_time(functions.parts.clock.now())
    identity = base64.b32encode(functions.parts.ids.secret(_ID_BYTES)).decode().lower()
    kept = {"id": identity, "CreationTime": now, "LastModifiedTime": now}
    row = AttachedRow(named.place, KIND, qualifier, encode_text(kept | _given(params)))
    await _put(functions, row)
    return _shown(row, call, ("AuthType", "Cors", "CreationTime", "InvokeMode"))


async def update_function_url_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """UpdateFunctionUrlConfig."""
    await functions.ready()
    row = _find(functions, _named(functions, call, params))
    now = iso_time(functions.parts.clock.now())
    kept = _kept(row) | _given(params, _kept(row)) | {"LastModifiedTime": now}
    row = row._replace(text=encode_text(kept))
    await _put(functions, row)
    return _shown(row, call)


async def get_function_url_config(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetFunctionUrlConfig."""
    await functions.ready()
    return _shown(_find(functions, _named(functions, call, params)), call)


async def list_function_url_configs(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """ListFunctionUrlConfigs."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    rows = [row for row in functions.attached.of(named.place) if row.kind == KIND]
    found, marker = page(rows, params, lambda row: row.qualifier)
    return {"FunctionUrlConfigs": [_shown(row, call) for row in found], **marker}


async def delete_function_url_config(functions: Lambda, call: Call, params: Params) -> None:
    """DeleteFunctionUrlConfig."""
    await functions.ready()
    row = _find(functions, _named(functions, call, params))
    with functions.parts.ledger.stage() as turn:
        functions.attached.delete(turn, row.function, KIND, row.qualifier)
    await functions.parts.ledger.committed()


def find_url(functions: Lambda, identity: str) -> tuple[AttachedRow, dict[str, Any]] | None:
    """The URL of that id, and its settings."""
    for row in functions.attached.everything():
        if row.kind == KIND and (kept := _kept(row))["id"] == identity:
            return row, kept
    return None


def _given(params: Params, before: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {name: params[name] for name in _MEMBERS if params.get(name) is not None}
    if given.get("InvokeMode") == "RESPONSE_STREAM":
        raise not_here("InvokeMode RESPONSE_STREAM")
    return {"InvokeMode": "BUFFERED"} | given if before is None else given


def _named(functions: Lambda, call: Call, params: Params) -> Named:
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    functions.find(named)
    qualifier = named.qualifier
    if qualifier == LATEST or (qualifier is not None and qualifier.isdigit()):
        raise invalid("A function URL belongs to a function or to an alias, not to a version.")
    return named


def _find(functions: Lambda, named: Named) -> AttachedRow:
    row = functions.attached.get(named.place, KIND, named.qualifier or "")
    if row is None:
        raise not_found("The resource you requested does not exist.")
    return row


async def _put(functions: Lambda, row: AttachedRow) -> None:
    with functions.parts.ledger.stage() as turn:
        functions.attached.put(turn, row)
    await functions.parts.ledger.committed()


def _kept(row: AttachedRow) -> dict[str, Any]:
    return cast("dict[str, Any]", decode(row.text))


def _shown(row: AttachedRow, call: Call, members: tuple[str, ...] | None = None) -> dict[str, Any]:
    kept = _kept(row)
    identity = kept.pop("id")
    return {
        "FunctionUrl": f"{call.base_url}{URL_PATH}{identity}/",
        "FunctionArn": function_arn(row.function, row.qualifier or None),
        **{name: value for name, value in kept.items() if members is None or name in members},
    }
