"""How much may run at once: reserved concurrency; provisioned concurrency is kept and shown."""

from __future__ import annotations

from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.lambda_.configuration import aws_time
from stepwell.services.lambda_.errors import conflict, invalid
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import UNRESERVED_MIN
from stepwell.services.lambda_.names import LATEST, Named, function_arn
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import AttachedRow, FunctionRow
from stepwell.values import decode, encode_text

KIND = "provisioned"


async def put_function_concurrency(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """PutFunctionConcurrency."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    wanted = int(params["ReservedConcurrentExecutions"])
    others = sum(
        other.reserved or 0 for other in functions.functions.of(row.scope) if other.id != row.id
    )
    if functions.settings.concurrent_executions - others - wanted < UNRESERVED_MIN:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MIN}]."
        )
    await _put(functions, row, wanted)
    return {"ReservedConcurrentExecutions": wanted}


async def get_function_concurrency(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetFunctionConcurrency: nothing when none is reserved."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    return {} if row.reserved is None else {"ReservedConcurrentExecutions": row.reserved}


async def delete_function_concurrency(functions: Lambda, call: Call, params: Params) -> None:
    """DeleteFunctionConcurrency."""
    await functions.ready()
    row = functions.function(functions.named(call, params["FunctionName"]))
    await _put(functions, row, None)


async def _put(functions: Lambda, row: FunctionRow, reserved: int | None) -> None:
    with functions.parts.ledger.stage() as turn:
        functions.functions.put(turn, row._replace(reserved=reserved))
    await functions.parts.ledger.committed()


def _published(functions: Lambda, call: Call, params: Params) -> Named:
    """The alias or version that concurrency is provisioned for."""
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    if named.qualifier in (None, LATEST):
        raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished versions.")
    functions.find(named)
    return named


async def put_provisioned_concurrency_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """PutProvisionedConcurrencyConfig: processes stay warm anyhow, so it is ready at once."""
    await functions.ready()
    named = _published(functions, call, params)
    alias = functions.aliases.get(named.place, named.qualifier)
    if alias and functions.attached.get(named.place, KIND, alias.version):
        raise conflict("Alias can't be used for Provisioned Concurrency configuration.")
    kept = {
        "count": params["ProvisionedConcurrentExecutions"],
        "modified": aws_time(functions.parts.clock.now()),
    }
    row = AttachedRow(named.place, KIND, str(named.qualifier), encode_text(kept))
    with functions.parts.ledger.stage() as turn:
        functions.attached.put(turn, row)
    await functions.parts.ledger.committed()
    return _shown(row)


async def get_provisioned_concurrency_config(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """GetProvisionedConcurrencyConfig."""
    await functions.ready()
    named = _published(functions, call, params)
    row = functions.attached.get(named.place, KIND, named.qualifier)
    if row is None:
        raise _not_provisioned()
    return _shown(row)


async def delete_provisioned_concurrency_config(
    functions: Lambda, call: Call, params: Params
) -> None:
    """DeleteProvisionedConcurrencyConfig."""
    await functions.ready()
    named = _published(functions, call, params)
    with functions.parts.ledger.stage() as turn:
        functions.attached.delete(turn, named.place, KIND, named.qualifier)
    await functions.parts.ledger.committed()


async def list_provisioned_concurrency_configs(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """ListProvisionedConcurrencyConfigs."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    rows = [row for row in functions.attached.of(named.place) if row.kind == KIND]
    found, marker = page(rows, params, lambda row: row.qualifier)
    configs = [
        {"FunctionArn": function_arn(row.function, row.qualifier), **_shown(row)} for row in found
    ]
    return {"ProvisionedConcurrencyConfigs": configs, **marker}


def _not_provisioned() -> ServiceError:
    return ServiceError(
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
        status=404,
    )


def _shown(row: AttachedRow) -> dict[str, Any]:
    kept = cast("dict[str, Any]", decode(row.text))
    count = kept["count"]
    return {
        "RequestedProvisionedConcurrentExecutions": count,
        "AvailableProvisionedConcurrentExecutions": count,
        "AllocatedProvisionedConcurrentExecutions": count,
        "Status": "READY",
        "LastModified": kept["modified"],
    }
