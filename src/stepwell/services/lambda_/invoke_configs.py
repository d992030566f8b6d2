"""How a function is invoked asynchronously: retries, age, where results go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import invalid, not_found
from stepwell.services.lambda_.limits import EVENT_AGE_SECONDS_DEFAULT, RETRIES_DEFAULT
from stepwell.services.lambda_.names import LATEST, Named, function_arn
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import AttachedRow
from stepwell.services.lambda_.registry import Registry
from stepwell.values import decode, encode_text

KIND = "invoke"
_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_TARGETS = frozenset({"sqs", "sns", "lambda", "events"})


@dataclass(frozen=True, slots=True)
class InvokeRules:
    """What holds for one qualifier."""

    retries: int = RETRIES_DEFAULT
    age_seconds: int = EVENT_AGE_SECONDS_DEFAULT
    on_success: str | None = None
    on_failure: str | None = None


def rules(functions: Registry, place: str, qualifier: str) -> InvokeRules:
    """The rules for invocations of a function under that qualifier (`` for none)."""
    row = functions.attached.get(place, KIND, qualifier or LATEST)
    if row is None:
        return InvokeRules()
    kept = cast("dict[str, Any]", decode(row.text))
    destinations = kept.get("DestinationConfig") or {}
    retries, age = kept.get("MaximumRetryAttempts"), kept.get("MaximumEventAgeInSeconds")
    return InvokeRules(
        RETRIES_DEFAULT if retries is None else retries,
        EVENT_AGE_SECONDS_DEFAULT if age is None else age,
        (destinations.get("OnSuccess") or {}).get("Destination"),
        (destinations.get("OnFailure") or {}).get("Destination"),
    )


async def put_function_event_invoke_config(
    functions: Registry, call: Call, params: Params
) -> dict[str, Any]:
    """PutFunctionEventInvokeConfig: what is not given is as it was at first."""
    return await _put(functions, call, params, {})


async def update_function_event_invoke_config(
    functions: Registry, call: Call, params: Params
) -> dict[str, Any]:
    """UpdateFunctionEventInvokeConfig: what is not given stays."""
    await functions.ready()
    named = _named(functions, call, params)
    row = _find(functions, named)
    return await _put(functions, call, params, cast("dict[str, Any]", decode(row.text)))


async def _put(
    functions: Registry, call: Call, params: Params, before: dict[str, Any]
) -> dict[str, Any]:
    await functions.ready()
    named = _named(functions, call, params)
    given = {name: params[name] for name in _MEMBERS if params.get(name) is not None}
    if not given:
        raise invalid("You must specify at least one of error handling or destination setting.")
    _check_destinations(given.get("DestinationConfig") or {}, named)
    kept = before | given | {"_modified": functions.parts.clock.now()}
    row = AttachedRow(named.place, KIND, named.qualifier or LATEST, encode_text(kept))
    with functions.parts.ledger.stage() as turn:
        functions.attached.put(turn, row)
    await functions.parts.ledger.committed()
    return _shown(row)


def _check_destinations(destinations: dict[str, Any], named: Named) -> None:
    for destination in destinations.values():
        arn = (destination or {}).get("Destination")
        if not arn:
            continue
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "s3":
            raise invalid("A destination in S3 is not supported by Stepwell.")
        if service not in _TARGETS:
            raise invalid(f"The provided destination config DestinationConfig is not valid: {arn}")
        if arn in (named.arn, function_arn(named.place)):
            raise invalid("You can't specify the function as a destination for itself.")


async def get_function_event_invoke_config(
    functions: Registry, call: Call, params: Params
) -> dict[str, Any]:
    """GetFunctionEventInvokeConfig."""
    await functions.ready()
    return _shown(_find(functions, _named(functions, call, params)))


async def delete_function_event_invoke_config(
    functions: Registry, call: Call, params: Params
) -> None:
    """DeleteFunctionEventInvokeConfig."""
    await functions.ready()
    row = _find(functions, _named(functions, call, params))
    with functions.parts.ledger.stage() as turn:
        functions.attached.delete(turn, row.function, KIND, row.qualifier)
    await functions.parts.ledger.committed()


async def list_function_event_invoke_configs(
    functions: Registry, call: Call, params: Params
) -> dict[str, Any]:
    """ListFunctionEventInvokeConfigs."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    rows = [row for row in functions.attached.of(named.place) if row.kind == KIND]
    found, marker = page(rows, params, lambda row: row.qualifier)
    return {"FunctionEventInvokeConfigs": [_shown(row) for row in found], **marker}


def _named(functions: Registry, call: Call, params: Params) -> Named:
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    functions.find(named)
    return named


def _find(functions: Registry, named: Named) -> AttachedRow:
    row = functions.attached.get(named.place, KIND, named.qualifier or LATEST)
    if row is None:
        arn = function_arn(named.place, named.qualifier or LATEST)
        raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")
    return row


def _shown(row: AttachedRow) -> dict[str, Any]:
    kept = cast("dict[str, Any]", decode(row.text))
    shown = {
        "LastModified": kept.pop("_modified") / 1000,
        "FunctionArn": function_arn(row.function, row.qualifier),
        **kept,
    }
    shown.setdefault("DestinationConfig", {"OnSuccess": {}, "OnFailure": {}})
    return shown
