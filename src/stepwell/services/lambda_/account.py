"""GetAccountSettings, and settings of functions that are kept and shown."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import invalid
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import UNPACKED_BYTES_MAX, ZIP_BYTES_MAX
from stepwell.services.lambda_.records import FunctionRow
from stepwell.services.lambda_.registry import configuration
from stepwell.values import decode, encode_text

_LATEST = "$LATEST"
_RUNTIME = "RuntimeManagement"


async def get_account_settings(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetAccountSettings."""
    await functions.ready()
    settings = functions.settings
    rows = functions.functions.of(call.scope)
    versions = [row for f in rows for row in functions.versions.of(f"{call.scope}:{f.name}")]
    reserved = sum(row.reserved or 0 for row in rows)
    return {
        "AccountLimit": {
            "TotalCodeSize": settings.code_bytes_max,
            "CodeSizeUnzipped": UNPACKED_BYTES_MAX,
            "CodeSizeZipped": ZIP_BYTES_MAX,
            "ConcurrentExecutions": settings.concurrent_executions,
            "UnreservedConcurrentExecutions": settings.concurrent_executions - reserved,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(int(str(configuration(v)["CodeSize"])) for v in versions),
            "FunctionCount": len(rows),
        },
    }


async def put_function_recursion_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """PutFunctionRecursionConfig."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    kept = _extras(row) | {"RecursiveLoop": params["RecursiveLoop"]}
    with functions.parts.ledger.stage() as turn:
        functions.functions.put(turn, row._replace(extras=encode_text(kept)))
    await functions.parts.ledger.committed()
    return {"RecursiveLoop": params["RecursiveLoop"]}


async def get_function_recursion_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """GetFunctionRecursionConfig."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    return {"RecursiveLoop": _extras(row).get("RecursiveLoop", "Terminate")}


async def get_function_code_signing_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """GetFunctionCodeSigningConfig: there never is one."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    return {"FunctionName": row.name}


async def get_runtime_management_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """GetRuntimeManagementConfig: runtimes are those of this machine."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    arn = functions.find(named).named.arn
    kept = _extras(functions.function(named)).get(_RUNTIME, {})
    wanted = kept.get(named.qualifier or _LATEST, {})
    return {"UpdateRuntimeOn": "Auto", **wanted, "FunctionArn": arn}


async def put_runtime_management_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """PutRuntimeManagementConfig: kept and shown, for each version by itself."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    arn = functions.find(named).named.arn
    row = functions.function(named)
    mode, version = params["UpdateRuntimeOn"], params.get("RuntimeVersionArn")
    if (mode == "Manual") is (version is None):
        raise invalid(
            "You must specify a runtime version ARN, if and only if the runtime update mode is set"
            " to Manual."
        )
    wanted = {"UpdateRuntimeOn": mode} | ({} if version is None else {"RuntimeVersionArn": version})
    extras = _extras(row)
    kept = extras.get(_RUNTIME, {}) | {named.qualifier or _LATEST: wanted}
    with functions.parts.ledger.stage() as turn:
        text = encode_text(extras | {_RUNTIME: kept})
        functions.functions.put(turn, row._replace(extras=text))
    await functions.parts.ledger.committed()
    return {**wanted, "FunctionArn": arn}


def _extras(row: FunctionRow) -> dict[str, Any]:
    return cast("dict[str, Any]", decode(row.extras))
