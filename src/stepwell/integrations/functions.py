"""Tasks that invoke functions: by the function's ARN, or by `lambda:invoke`.

The function runs after the commit, through the outbox, with the call's own id; one whose answer
was not recorded runs again after a crash. When the task is over meanwhile (timeout, stop) nobody
waits any more, and the function runs to its end for itself, as on AWS. An invocation of the type
`Event` is accepted in the turn of the history.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.integrations.envelope import ErrorNames
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.lambda_ import invoking
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import ASYNCHRONOUS_BYTES_MAX, SYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.names import LATEST, read_function
from stepwell.services.lambda_.registry import Found
from stepwell.values import JsonObject, JsonValue, decode, encode, encode_text

ERRORS = ErrorNames(
    "Lambda",
    "AWSLambda",
    frozenset(
        {
            "InvalidParameterValueException",
            "InvalidRequestContentException",
            "InvalidRuntimeException",
            "RequestTooLargeException",
            "ResourceConflictException",
            "ResourceNotFoundException",
            "ServiceException",
            "TooManyRequestsException",
        }
    ),
)


class FunctionIntegration:
    """Invokes the functions of this server."""

    def __init__(self, functions: Lambda) -> None:
        self._functions = functions

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Accept an event as part of the turn; run anything else after the commit."""
        given = _given(call)
        if given.get("InvocationType") != "Event":
            return Later(lambda: self._invoke(call, given), is_poll=True)
        try:
            self._functions.check_ready()
            found, payload, context = self._read(call, given, ASYNCHRONOUS_BYTES_MAX)
            self._functions.events.accept(turn, found, call.request_id, payload, context)
        except ServiceError as error:
            return ERRORS.refused(error, call)
        return Answered(_result(call, b"", {"StatusCode": 202}, 202))

    def _read(
        self, call: ServiceCall, given: JsonObject, limit: int
    ) -> tuple[Found, bytes, str | None]:
        """The function, the payload and the client context of a call. Raises ServiceError."""
        qualifier = given.get("Qualifier")
        named = read_function(
            str(given.get("FunctionName") or ""),
            call.account,
            call.region,
            None if qualifier is None else str(qualifier),
        )
        if named.qualifier is None:
            # AWS names $LATEST, as its errors show.
            found = self._functions.find(
                read_function(named.arn, named.account, named.region, LATEST)
            )
        else:
            found = self._functions.find(named)
        payload = _payload(call, given)
        invoking.check_payload(payload, limit)
        return found, payload, _context(given.get("ClientContext"))

    async def _invoke(self, call: ServiceCall, given: JsonObject) -> Answered | Refused:
        functions = self._functions
        try:
            await functions.ready()
            found, payload, context = self._read(call, given, SYNCHRONOUS_BYTES_MAX)
            if given.get("InvocationType") == "DryRun":
                return Answered(_result(call, b"", {"StatusCode": 204}, 204))
            tail = given.get("LogType") == "Tail"
            answer = await invoking.run(
                functions, found, call.request_id, payload, context, tail=tail
            )
        except ServiceError as error:
            return ERRORS.refused(error, call)
        by_arn = call.resource.kind == "lambda"
        text = cast(bytes, answer["Payload"])
        if "FunctionError" in answer:
            return _failed(text, exactly=by_arn)
        if by_arn:
            return Answered(_parsed(text))
        return Answered(_answered(call, text, answer))


def _given(call: ServiceCall) -> JsonObject:
    """The parameters of Invoke; with a function's ARN as the resource all of them are payload."""
    if call.resource.kind == "lambda":
        return {"FunctionName": call.resource.arn, "Payload": call.parameters}
    return call.parameters if isinstance(call.parameters, dict) else {}


def _payload(call: ServiceCall, given: JsonObject) -> bytes:
    """The event as JSON; of `lambda:invoke`, a text is JSON already and null is no payload."""
    payload = given.get("Payload")
    if call.resource.kind == "lambda":
        return encode(payload)
    if payload is None:
        return b"{}"
    return payload.encode() if isinstance(payload, str) else encode(payload)


def _context(given: JsonValue) -> str | None:
    """A client context is base 64 of JSON; an object stands for itself."""
    if given is None:
        return None
    if not isinstance(given, str):
        return encode_text(given)
    try:
        return base64.b64decode(given, validate=True).decode()
    except ValueError:
        return given


def _failed(document: bytes, *, exactly: bool) -> Refused:
    """The error of a function: its type, and the whole document as the cause."""
    error = _parsed(document)
    kind = error.get("errorType") if isinstance(error, dict) else None
    text = document.decode(errors="replace") if exactly else encode_text(error)
    if not isinstance(kind, str) or not kind:
        return Refused(
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error type."
            f" Returned payload: {text}",
        )
    return Refused(kind, text)


def _parsed(payload: bytes) -> JsonValue:
    """The JSON that a function returned; what is none is text."""
    if not payload:
        return None
    try:
        return decode(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _answered(call: ServiceCall, payload: bytes, answer: Mapping[str, Any]) -> JsonObject:
    members: JsonObject = {
        "ExecutedVersion": answer["ExecutedVersion"],
        "Payload": _parsed(payload),
    }
    if "LogResult" in answer:
        members["LogResult"] = answer["LogResult"]
    return _result(call, payload, {**members, "StatusCode": answer["StatusCode"]}, 200)


def _result(call: ServiceCall, payload: bytes, members: JsonObject, status: int) -> JsonObject:
    """The answer of Invoke with what the SDK says about its way."""
    headers = {
        "Connection": "keep-alive",
        "Content-Length": str(len(payload)),
        "Content-Type": "application/json",
        "Date": formatdate(call.now // 1000, usegmt=True),
        "x-amzn-Remapped-Content-Length": "0",
        "x-amzn-RequestId": call.request_id,
        "X-Amzn-Trace-Id": f"root=1-{call.now // 1000:08x}-{call.execution:024x};sampled=0",
    }
    if "ExecutedVersion" in members:
        headers["X-Amz-Executed-Version"] = str(members["ExecutedVersion"])
    return {
        **members,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": cast(JsonObject, headers),
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": call.request_id},
    }
