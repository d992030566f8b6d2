"""Invoke and InvokeAsync."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import invalid, too_large
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import ASYNCHRONOUS_BYTES_MAX, SYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.ports import Invocation
from stepwell.services.lambda_.registry import Found
from stepwell.values import decode

_CLIENT_CONTEXT_BYTES_MAX = 3_583


async def invoke(functions: Lambda, call: Call, params: Params) -> Mapping[str, Any]:
    """Invoke: now, later (`Event`), or not at all (`DryRun`)."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    found = functions.find(named)
    kind = params.get("InvocationType") or "RequestResponse"
    payload: bytes = params.get("Payload") or b""
    check_payload(payload, ASYNCHRONOUS_BYTES_MAX if kind == "Event" else SYNCHRONOUS_BYTES_MAX)
    context = _client_context(params.get("ClientContext"))
    if kind == "DryRun":
        return {"StatusCode": 204, "ExecutedVersion": found.version.version}
    if kind == "Event":
        with functions.parts.ledger.stage() as turn:
            functions.events.accept(turn, found, call.request_id, payload or b"{}", context)
        await functions.parts.ledger.committed()
        return {"StatusCode": 202}
    return await run(
        functions, found, call.request_id, payload, context, tail=params.get("LogType") == "Tail"
    )


async def run(
    functions: Lambda,
    found: Found,
    request_id: str,
    payload: bytes,
    client_context: str | None,
    *,
    tail: bool = False,
) -> dict[str, Any]:
    """Run the function now; the answer of Invoke. Raises ServiceError."""
    version = functions.choose(found)
    invocation = Invocation(request_id, payload or b"{}", found.named.arn, client_context)
    outcome = await functions.running.run(found.function, version, invocation)
    answer: dict[str, Any] = {
        "StatusCode": 200,
        "Payload": outcome.payload,
        "ExecutedVersion": version.version,
    }
    if outcome.error is not None:
        answer["FunctionError"] = outcome.error
    if tail:
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


def check_payload(payload: bytes, limit: int) -> None:
    """Raises ServiceError unless it is JSON of a size that is taken."""
    if len(payload) > limit:
        raise too_large(limit, "InvokeFunction")
    if not payload:
        return
    try:
        decode(payload)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {error}",
            fields={"Type": "User"},
        ) from error


def _client_context(given: str | None) -> str | None:
    """The JSON within the base 64 of the header."""
    if not given:
        return None
    if len(given) > _CLIENT_CONTEXT_BYTES_MAX:
        raise invalid("Client context must be at most 3583 bytes.")
    try:
        text = base64.b64decode(given, validate=True).decode()
        decode(text)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Client context must be a valid Base64-encoded JSON object: {error}",
        ) from error
    return text


async def invoke_async(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """InvokeAsync, the old operation."""
    await functions.ready()
    found = functions.find(functions.named(call, params["FunctionName"]))
    payload: bytes = params.get("InvokeArgs") or b""
    check_payload(payload, ASYNCHRONOUS_BYTES_MAX)
    with functions.parts.ledger.stage() as turn:
        functions.events.accept(turn, found, call.request_id, payload or b"{}", None)
    await functions.parts.ledger.committed()
    return {"Status": 202}
