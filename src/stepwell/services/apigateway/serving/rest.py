"""A request to a stage of a REST API: routed, authorised, checked, carried out, answered."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from dataclasses import dataclass
from typing import Any

from stepwell.services.api import HttpAnswer, HttpRequest
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.apigateway.ports import TooSlow
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri
from stepwell.services.apigateway.rest.keys import may_use
from stepwell.services.apigateway.serving import backends, proxy
from stepwell.services.apigateway.serving.answers import (
    BAD_BODY,
    BAD_PARAMETERS,
    CONFIGURATION,
    DENIED,
    FAILED,
    INVALID_KEY,
    MALFORMED,
    MISSING_TOKEN,
    TIMEOUT,
    TOO_LARGE,
    Kind,
    Refusal,
    refused,
    rest_headers,
)
from stepwell.services.apigateway.serving.authorizers import Authorizers
from stepwell.services.apigateway.serving.context import template_context
from stepwell.services.apigateway.serving.incoming import (
    Incoming,
    media_fits,
    read_path,
    read_query,
    titled,
    with_forwarding,
)
from stepwell.services.apigateway.serving.limits import PAYLOAD_BYTES_MAX, Patience
from stepwell.services.apigateway.serving.mapping import Answered, Mapper, with_variables
from stepwell.services.apigateway.serving.routing import Router
from stepwell.services.apigateway.serving.schemas import fits
from stepwell.services.apigateway.templates import TemplateTrouble
from stepwell.services.apigateway.templates.values import shown
from stepwell.values import BadJson, decode, encode_text

_log = logging.getLogger("stepwell.apigateway")
_DEPLOYMENTS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A method of a resource."""

    resource: Document
    method: Document


class _Deployed:
    """A deployment, ready to be served."""

    def __init__(self, snapshot: Document) -> None:
        self.snapshot = snapshot
        self.router: Router[Found] = Router(
            (name, each["path"], Found(each, method))
            for each in snapshot["resources"]
            for name, method in each["resourceMethods"].items()
        )
        self.responses = {each["responseType"]: each for each in snapshot["gateway-response"]}
        self.binary: list[str] = [each.replace("~1", "/") for each in snapshot["binaryMediaTypes"]]

    def named(self, kind: str, key: str, name: Any) -> Document | None:
        """A validator, model or authorizer."""
        return next((each for each in self.snapshot[kind] if each[key] == name), None)


class RestServing:
    """Serves REST APIs."""

    def __init__(self, gateway: ApiGateway, patience: Patience) -> None:
        self._gateway = gateway
        self._patience = patience
        self._deployed: dict[tuple[str, str], tuple[Document, _Deployed]] = {}
        self._authorizers = Authorizers(gateway)

    async def serve(self, incoming: Incoming) -> HttpAnswer:
        """The answer to a request. `incoming` knows the API and the stage."""
        deployed = self._of(incoming)
        request = incoming.request
        incoming.headers = [(titled(n), v) for n, v in with_forwarding(request)]
        incoming.query = read_query(request.query)
        context = template_context(incoming)
        try:
            found = self._route(incoming, deployed)
            context |= {
                "resourceId": incoming.resource_id,
                "resourcePath": incoming.resource,
            }
            await self._authorise(incoming, deployed, found)
            context |= {"authorizer": dict(incoming.authorizer or {})}
            self._check(incoming, deployed, found)
            answer = await self._carry_out(incoming, deployed, found, context)
        except Refusal as refusal:
            if refusal.why:
                _log.warning("%s %s: %s", request.method, incoming.raw_path, refusal.why)
            return self._refused(incoming, deployed, refusal, context)
        answer.headers = [
            *answer.headers,
            *rest_headers(request.request_id, incoming.extended_id),
        ]
        return answer

    def _of(self, incoming: Incoming) -> _Deployed:
        name = incoming.stage["deploymentId"]
        document = self._gateway.documents.get(incoming.owner, "deployment", name)
        assert document is not None
        key = (incoming.owner, name)
        known = self._deployed.get(key)
        if known is None or known[0] is not document:
            if len(self._deployed) >= _DEPLOYMENTS_KEPT:
                self._deployed.clear()
            known = (document, _Deployed(document["_snapshot"]))
            self._deployed[key] = known
        return known[1]

    def _route(self, incoming: Incoming, deployed: _Deployed) -> Found:
        if len(incoming.request.body) > PAYLOAD_BYTES_MAX:
            raise Refusal(TOO_LARGE)
        found = deployed.router.find(incoming.request.method, read_path(incoming.path))
        if found is None:
            raise Refusal(MISSING_TOKEN)
        incoming.path_parameters = found[1]
        incoming.resource = found[0].resource["path"]
        incoming.resource_id = found[0].resource["id"]
        return found[0]

    async def _authorise(self, incoming: Incoming, deployed: _Deployed, found: Found) -> None:
        kind = found.method["authorizationType"]
        if kind == "AWS_IAM" and not _is_signed(incoming):
            raise Refusal(MISSING_TOKEN)
        if kind == "CUSTOM":
            name = found.method.get("authorizerId")
            authorizer = deployed.named("authorizer", "id", name)
            if authorizer is None:
                raise Refusal(CONFIGURATION, why=f"no authorizer {name}")
            await self._authorizers.authorise(incoming, authorizer)
        if found.method["apiKeyRequired"]:
            self._check_key(incoming, deployed)

    def _check_key(self, incoming: Incoming, deployed: _Deployed) -> None:
        value = incoming.header("x-api-key")
        if deployed.snapshot.get("apiKeySource") == "AUTHORIZER":
            value = (incoming.authorizer or {}).get("usageIdentifierKey")
        scope = incoming.call.scope
        key = may_use(self._gateway, scope, incoming.api, incoming.stage_name, value or "")
        if key is None:
            raise Refusal(INVALID_KEY)
        incoming.api_key = key

    def _check(self, incoming: Incoming, deployed: _Deployed, found: Found) -> None:
        name = found.method.get("requestValidatorId")
        validator = deployed.named("validator", "id", name) if name else None
        if validator is None:
            return
        if validator["validateRequestParameters"]:
            missing = [
                place.rpartition(".")[2]
                for place, needed in (found.method.get("requestParameters") or {}).items()
                if needed and not _is_there(incoming, place)
            ]
            if missing:
                told = f"Missing required request parameters: [{', '.join(missing)}]"
                raise Refusal(BAD_PARAMETERS, told)
        if validator["validateRequestBody"]:
            self._check_body(incoming, deployed, found.method.get("requestModels") or {})

    def _check_body(self, incoming: Incoming, deployed: _Deployed, models: dict[str, str]) -> None:
        media = incoming.content_type or "application/json"
        model = deployed.named("model", "name", models.get(media))
        if model is None:
            return
        try:
            body = decode(incoming.request.body) if incoming.request.body else None
            schema = decode(model.get("schema") or "{}")
        except BadJson:
            raise Refusal(BAD_BODY) from None
        if not fits(schema, body):
            raise Refusal(BAD_BODY)

    async def _carry_out(
        self, incoming: Incoming, deployed: _Deployed, found: Found, context: dict[str, Any]
    ) -> HttpAnswer:
        integration = found.method["methodIntegration"]
        limit = int(integration.get("timeoutInMillis") or 29_000)
        work = self._integrate(incoming, deployed, integration, context)
        try:
            return await self._patience.within(limit, work)
        except TooSlow:
            raise Refusal(TIMEOUT) from None

    async def _integrate(
        self,
        incoming: Incoming,
        deployed: _Deployed,
        integration: Document,
        context: dict[str, Any],
    ) -> HttpAnswer:
        gateway, kind = self._gateway, integration["type"]
        if kind == "AWS_PROXY":
            return await self._proxy(incoming, deployed, integration)
        mapper = Mapper(incoming, context, gateway.select)
        sent = backends.Sent(integration, mapper)
        if kind == "HTTP_PROXY":
            body = incoming.request.body
            answer = await backends.http(gateway, incoming, integration, sent, body, proxy=True)
            return HttpAnswer(*answer)
        body = backends.integration_body(integration, mapper, incoming)
        sent.override(context.get("requestOverride"))
        match kind:
            case "MOCK":
                answer = backends.mock(body)
                selector = str(answer[0])
            case "HTTP":
                answer = await backends.http(
                    gateway, incoming, integration, sent, body, proxy=False
                )
                selector = str(answer[0])
            case _:
                answer, selector = await backends.aws(gateway, incoming, integration, sent, body)
        return _mapped(integration, mapper, answer, selector, context)

    async def _proxy(
        self, incoming: Incoming, deployed: _Deployed, integration: Document
    ) -> HttpAnswer:
        uri = with_variables(str(integration["uri"]), incoming.variables)
        arn = function_arn(read_uri(uri))
        if arn is None:
            raise Refusal(CONFIGURATION, why=uri)
        binary = media_fits(incoming.content_type, deployed.binary)
        event = proxy.event_1(incoming, binary=binary)
        payload, failed = await backends.function(
            self._gateway, incoming, arn, backends.as_json(event)
        )
        if failed is not None:
            raise Refusal(MALFORMED, why=f"{arn} failed: {failed}")
        return proxy.answer_1(payload, incoming, deployed.binary, strict=True)

    def _refused(
        self, incoming: Incoming, deployed: _Deployed, refusal: Refusal, context: dict[str, Any]
    ) -> HttpAnswer:
        kind, request_id = refusal.kind, incoming.request.request_id
        plain = refused(request_id, incoming.extended_id, kind, refusal.text)
        custom = deployed.responses.get(kind.name)
        if custom is None:
            custom = deployed.responses.get(f"DEFAULT_{kind.status // 100}XX")
        if custom is None:
            return plain
        text = refusal.text
        context["error"] = {
            "message": text,
            "messageString": encode_text(text),
            "responseType": kind.name,
        }
        return _customised(plain, custom, Mapper(incoming, context, self._gateway.select), kind)


def _is_signed(incoming: Incoming) -> bool:
    header = incoming.header("authorization") or ""
    return header.startswith("AWS4-") or bool(incoming.query_values("X-Amz-Signature"))


def _is_there(incoming: Incoming, place: str) -> bool:
    where, _, name = place.removeprefix("method.request.").partition(".")
    match where:
        case "header":
            return bool(incoming.header(name))
        case "querystring":
            return bool(incoming.query_values(name))
    return name in incoming.path_parameters


def _mapped(
    integration: Document,
    mapper: Mapper,
    answer: Answered,
    selector: str,
    context: dict[str, Any],
) -> HttpAnswer:
    """An integration's answer as the method's. Raises Refusal."""
    response = _select(integration.get("integrationResponses") or {}, selector)
    if response is None:
        raise Refusal(CONFIGURATION, why="no integration response for this answer, no default")
    media, body = _templated(response, mapper, answer)
    headers = {"Content-Type": media}
    for place, expression in (response.get("responseParameters") or {}).items():
        value = mapper.value(str(expression), answer)
        if value is not None and place.startswith("method.response.header."):
            name = place.removeprefix("method.response.header.")
            headers = {n: v for n, v in headers.items() if n.lower() != name.lower()}
            headers[name] = ",".join(value) if isinstance(value, list) else value
    status = int(response["statusCode"])
    status, headers = _overridden(status, headers, context.get("responseOverride"))
    clean = [(n, v.replace("\r", " ").replace("\n", " ")) for n, v in headers.items()]
    if response.get("contentHandling") == "CONVERT_TO_BINARY":
        body = _from_base64(body)
    return HttpAnswer(status, clean, body)


def _overridden(status: int, headers: dict[str, str], override: Any) -> tuple[int, dict[str, str]]:
    """What a template set in `$context.responseOverride` goes before the mapping."""
    if not isinstance(override, dict):
        return status, headers
    told = str(override.get("status", ""))
    if told.isdecimal() and 100 <= int(told[:4]) <= 599:
        status = int(told)
    given = override.get("header")
    for name, value in (given if isinstance(given, dict) else {}).items():
        headers = {n: v for n, v in headers.items() if n.lower() != str(name).lower()}
        headers[str(name)] = shown(value)
    return status, headers


def _from_base64(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return body


def _select(responses: dict[str, Document], selector: str) -> Document | None:
    default = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
        elif selector and re.fullmatch(pattern, selector, re.DOTALL):
            return response
    return default


def _templated(response: Document, mapper: Mapper, answer: Answered) -> tuple[str, bytes]:
    """The media type and body of a response."""
    templates = response.get("responseTemplates") or {}
    accepted = (mapper.incoming.header("accept") or "").split(",")
    wanted = [each.partition(";")[0].strip() for each in accepted]
    media = next((each for each in wanted if each in templates), None)
    if media is None:
        media = (
            "application/json"
            if "application/json" in templates
            else next(iter(templates), "application/json")
        )
    template = templates.get(media)
    if not template:
        return media, answer[2]
    try:
        text = mapper.render(template, answer[2].decode("utf-8", "replace"))
    except TemplateTrouble as trouble:
        raise Refusal(FAILED, why=f"the response template: {trouble}") from trouble
    return media, text.encode("utf-8", "surrogatepass")


def _customised(plain: HttpAnswer, custom: Document, mapper: Mapper, kind: Kind) -> HttpAnswer:
    """A refusal as the API's gateway response makes it."""
    headers = list(plain.headers)
    for place, expression in (custom.get("responseParameters") or {}).items():
        value = mapper.value(str(expression))
        if value is not None and place.startswith("gatewayresponse.header."):
            text = ",".join(value) if isinstance(value, list) else value
            headers.append((place.removeprefix("gatewayresponse.header."), text))
    body = plain.body
    template = (custom.get("responseTemplates") or {}).get("application/json")
    if template and kind is not DENIED:
        try:
            body = mapper.render(template, mapper.incoming.text_body()).encode()
        except TemplateTrouble as trouble:
            _log.warning("the gateway response %s: %s", kind.name, trouble)
    elif template and "$context.error" not in template:
        body = mapper.render(template, "").encode()
    return HttpAnswer(int(custom.get("statusCode") or plain.status), headers, body)


def forbidden(request: HttpRequest, extended_id: str) -> HttpAnswer:
    """What a name that leads to no API or stage answers."""
    kind = Kind("ACCESS_DENIED", 403, "ForbiddenException", "Forbidden")
    return refused(request.request_id, extended_id, kind, kind.message)
