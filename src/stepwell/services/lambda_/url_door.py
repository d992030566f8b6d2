"""The ways in beside the API: function URLs, and the zip files that GetFunction points to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Door, HttpAnswer, HttpRequest
from stepwell.services.lambda_ import invoking, url_cors
from stepwell.services.lambda_.archive import code_sha256
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import SYNCHRONOUS_BYTES_MAX
from stepwell.services.lambda_.names import Named
from stepwell.services.lambda_.records import AttachedRow
from stepwell.services.lambda_.registry import CODE_PATH, code_url
from stepwell.services.lambda_.url_events import joined, url_answer, url_event
from stepwell.services.lambda_.urls import URL_PATH, find_url
from stepwell.values import JsonObject, encode

HOST_LABEL = "lambda-url"
_CREDENTIAL = re.compile(r"(?:Credential=|X-Amz-Credential=)([A-Za-z0-9]+)(?:/|%2F)")
_JSON = [("content-type", "application/json")]
_ID = re.compile("[0-9]{1,19}")
_ID_MAX = 2**63 - 1


def doors(functions: Lambda) -> tuple[Door, ...]:
    """The doors of Lambda."""

    async def url(request: HttpRequest) -> HttpAnswer | None:
        return await _through_url(functions, request)

    async def code(request: HttpRequest) -> HttpAnswer | None:
        return await _code(functions, request)

    return (
        Door((HOST_LABEL,), (URL_PATH,), url),
        Door((), (CODE_PATH,), code),
    )


async def _code(functions: Lambda, request: HttpRequest) -> HttpAnswer | None:
    """A zip file, for whoever knows its hash."""
    number, _, _ = request.path.removeprefix(CODE_PATH).partition("/")
    if request.method != "GET" or not _ID.fullmatch(number) or int(number) > _ID_MAX:
        return None
    try:
        data = await functions.codes.read(int(number))
    except ServiceError:
        return None
    if code_url("", int(number), code_sha256(data)) != request.path:
        return None
    return HttpAnswer(200, [("content-type", "application/zip")], data)


async def _through_url(functions: Lambda, request: HttpRequest) -> HttpAnswer | None:
    if request.path.startswith(URL_PATH):
        identity, _, rest = request.path.removeprefix(URL_PATH).partition("/")
    else:
        identity, rest = request.host.partition(".")[0], request.path.removeprefix("/")
    await functions.ready()
    found = find_url(functions, identity)
    if found is None:
        return _refusal(404, "Not Found")
    row, settings = found
    headers = joined(request.headers)
    cors = settings.get("Cors") or {}
    if cors and url_cors.is_preflight(request.method, headers):
        return HttpAnswer(200, list(url_cors.preflight(cors, headers).items()), b"")
    caller = _caller(row, request, headers)
    if settings["AuthType"] == "AWS_IAM" and caller is None:
        return _refusal(403, "Forbidden")
    region = row.function.split(":")[1]
    domain = f"{identity}.lambda-url.{region}.on.aws"
    now = functions.parts.clock.now()
    event = url_event(
        request,
        f"/{rest}",
        identity,
        domain,
        now,
        caller if settings["AuthType"] == "AWS_IAM" else None,
    )
    answer = await _run(functions, row, request, event)
    added = url_cors.on_answer(cors, headers) if cors else {}
    kept = [(name, value) for name, value in answer.headers if name not in added]
    return HttpAnswer(answer.status, [*kept, *added.items()], answer.body)


async def _run(
    functions: Lambda, row: AttachedRow, request: HttpRequest, event: JsonObject
) -> HttpAnswer:
    account, region, name = row.function.split(":")
    payload = encode(event)
    if len(payload) > SYNCHRONOUS_BYTES_MAX:
        return _refusal(413, "Request Entity Too Large")
    try:
        found = functions.find(Named(account, region, name, row.qualifier or None))
        answer = await invoking.run(functions, found, request.request_id, payload, None)
    except ServiceError as error:
        return _refusal(error.status, error.message)
    if "FunctionError" in answer:
        return _refusal(502, "Internal Server Error")
    try:
        return url_answer(answer["Payload"])
    except ValueError:
        return _refusal(502, "Internal Server Error")


def _caller(
    row: AttachedRow, request: HttpRequest, headers: Mapping[str, Any]
) -> JsonObject | None:
    """Who signed the request; None when nobody did."""
    signed = _CREDENTIAL.search(f"{headers.get('authorization', '')} {request.query}")
    if signed is None:
        return None
    key = signed[1]
    account = key if len(key) == 12 and key.isdigit() else row.function.split(":")[0]
    return {
        "accessKey": key,
        "accountId": account,
        "callerId": key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": key,
    }


def _refusal(status: int, message: str) -> HttpAnswer:
    return HttpAnswer(status, _JSON, encode({"Message": message}))
