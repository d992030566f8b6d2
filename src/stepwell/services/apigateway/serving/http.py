"""A request to a stage of an HTTP API: CORS, routed, carried out, answered."""

from __future__ import annotations

import logging
import re
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import HttpAnswer
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import HTTP_API, ApiGateway
from stepwell.services.apigateway.http.targets import JSON_PARAMETERS, NUMBERS, SUBTYPES
from stepwell.services.apigateway.ports import TooSlow
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri
from stepwell.services.apigateway.serving import backends, proxy
from stepwell.services.apigateway.serving.answers import (
    CONFIGURATION,
    MALFORMED,
    Headers,
    Refusal,
    http_refused,
)
from stepwell.services.apigateway.serving.context import template_context
from stepwell.services.apigateway.serving.http_authorizers import authorise
from stepwell.services.apigateway.serving.incoming import (
    Incoming,
    read_path,
    read_query,
    with_forwarding,
)
from stepwell.services.apigateway.serving.limits import PAYLOAD_BYTES_MAX, Patience
from stepwell.services.apigateway.serving.mapping import with_variables
from stepwell.services.apigateway.serving.routing import Router
from stepwell.services.apigateway.templates.values import shown
from stepwell.values import BadJson, JsonValue, decode, encode, encode_text

_log = logging.getLogger("stepwell.apigateway")
_DEPLOYMENTS_KEPT = 200


class _Deployed:
    """A deployment, ready to be served."""

    def __init__(self, snapshot: Document) -> None:
        entries: list[tuple[str, str, Document]] = []
        self.default: Document | None = None
        for route in snapshot["routes"]:
            key = route["RouteKey"]
            if key == "$default":
                self.default = route
            else:
                method, _, path = key.partition(" ")
                entries.append((method, path, route))
        self.router: Router[Document] = Router(entries)
        self.integrations = {each["IntegrationId"]: each for each in snapshot["integrations"]}
        self.authorizers = {each["AuthorizerId"]: each for each in snapshot["authorizers"]}


class HttpServing:
    """Serves HTTP APIs."""

    def __init__(self, gateway: ApiGateway, patience: Patience) -> None:
        self._gateway = gateway
        self._patience = patience
        self._deployed: dict[tuple[str, str], tuple[Document, _Deployed]] = {}

    async def serve(self, incoming: Incoming) -> HttpAnswer:
        """The answer to a request. `incoming` knows the API and the stage."""
        incoming.headers = with_forwarding(incoming.request)
        incoming.query = read_query(incoming.request.query)
        api = self._gateway.documents.get(incoming.call.scope, HTTP_API, incoming.api) or {}
        cors: Document = api.get("CorsConfiguration") or {}
        origin = _allowed_origin(incoming, cors)
        if cors and incoming.request.method == "OPTIONS" and incoming.header("origin"):
            asked = incoming.header("access-control-request-method")
            if asked:
                headers = _preflight(incoming, cors, origin)
                return self._finish(incoming, HttpAnswer(204, headers, b""))
        try:
            answer = await self._routed(incoming)
        except Refusal as refusal:
            if refusal.why:
                method = incoming.request.method
                _log.warning("%s %s: %s", method, incoming.raw_path, refusal.why)
            status, text = refusal.kind.status, str(refusal.text)
            if status >= 500:
                status, text = 500, "Internal Server Error"
            answer = http_refused(incoming.extended_id, status, text)
        if cors:
            ours = ("access-control-", "vary")
            kept = [(n, v) for n, v in answer.headers if not n.lower().startswith(ours)]
            answer.headers = kept + _cors(cors, origin)
        return self._finish(incoming, answer)

    def _finish(self, incoming: Incoming, answer: HttpAnswer) -> HttpAnswer:
        kept = [(n, v) for n, v in answer.headers if n.lower() != "apigw-requestid"]
        answer.headers = [*kept, ("Apigw-Requestid", incoming.extended_id)]
        return answer

    def _of(self, incoming: Incoming) -> _Deployed | None:
        name = incoming.stage.get("DeploymentId")
        if not name:
            return None
        document = self._gateway.documents.get(incoming.owner, "http-deployment", name)
        if document is None:
            return None
        key = (incoming.owner, name)
        known = self._deployed.get(key)
        if known is None or known[0] is not document:
            if len(self._deployed) >= _DEPLOYMENTS_KEPT:
                self._deployed.clear()
            known = (document, _Deployed(document["_snapshot"]))
            self._deployed[key] = known
        return known[1]

    async def _routed(self, incoming: Incoming) -> HttpAnswer:
        if len(incoming.request.body) > PAYLOAD_BYTES_MAX:
            return http_refused(incoming.extended_id, 413, "Request Entity Too Large")
        deployed = self._of(incoming)
        found = None
        if deployed is not None:
            path = read_path(incoming.path)
            found = deployed.router.find(incoming.request.method, path)
            if found is None and deployed.default is not None:
                found = (deployed.default, {})
        if deployed is None or found is None:
            return http_refused(incoming.extended_id, 404, "Not Found")
        route, incoming.path_parameters = found
        incoming.resource = route["RouteKey"]
        await authorise(self._gateway, incoming, route, deployed.authorizers)
        name = str(route.get("Target") or "").removeprefix("integrations/")
        integration = deployed.integrations.get(name)
        if integration is None:
            raise Refusal(CONFIGURATION, why=f"the route {incoming.resource} has no target")
        limit = int(integration.get("TimeoutInMillis") or 30_000)
        try:
            answer = await self._patience.within(limit, self._integrate(incoming, integration))
        except TooSlow:
            return http_refused(incoming.extended_id, 503, "Service Unavailable")
        return self._with_response_parameters(incoming, integration, answer)

    async def _integrate(self, incoming: Incoming, integration: Document) -> HttpAnswer:
        subtype = integration.get("IntegrationSubtype")
        if subtype:
            return await self._service(incoming, integration, subtype)
        if integration["IntegrationType"] == "HTTP_PROXY":
            return await self._http(incoming, integration)
        uri = with_variables(str(integration["IntegrationUri"]), incoming.variables)
        arn = function_arn(read_uri(uri)) if ":apigateway:" in uri else uri
        if arn is None:
            raise Refusal(CONFIGURATION, why=f"{uri} is no function")
        old = integration.get("PayloadFormatVersion") == "1.0"
        event = proxy.event_1_of_http_api(incoming) if old else proxy.event_2(incoming)
        payload, failed = await backends.function(
            self._gateway, incoming, arn, backends.as_json(event)
        )
        if failed is not None:
            raise Refusal(MALFORMED, why=f"{arn} failed: {failed}")
        if old:
            return proxy.answer_1(payload, incoming, (), strict=False)
        return proxy.answer_2(payload)

    async def _http(self, incoming: Incoming, integration: Document) -> HttpAnswer:
        changed = Changes(integration.get("RequestParameters") or {}, self._expression(incoming))
        values = incoming.path_parameters
        url = with_variables(str(integration["IntegrationUri"]), incoming.variables)
        method = integration.get("IntegrationMethod") or "ANY"
        as_rest = {
            "uri": url
            if changed.path is None
            else re.sub(r"(?<=[^/:])/(?!/).*", "", url) + changed.path,
            "httpMethod": method,
            "timeoutInMillis": integration.get("TimeoutInMillis") or 30_000,
        }
        incoming.headers = changed.apply(incoming.headers, "header")
        incoming.query = changed.apply(incoming.query, "querystring")
        sent = backends.Sent({}, None)
        sent.path = dict(values)
        answer = await backends.http(
            self._gateway, incoming, as_rest, sent, incoming.request.body, proxy=True
        )
        return HttpAnswer(*answer)

    async def _service(self, incoming: Incoming, integration: Document, name: str) -> HttpAnswer:
        subtype = SUBTYPES[name.partition(":")[0]]
        wire = dict(subtype.wire)
        params: dict[str, JsonValue] = {}
        value = self._expression(incoming)
        for parameter, expression in (integration.get("RequestParameters") or {}).items():
            text = value(str(expression))
            if text is not None and parameter != "Region":
                params[wire.get(parameter, parameter)] = _parameter(parameter, text)
        if subtype.service == "events":
            params = {"Entries": [params]}
        try:
            answer = await self._gateway.backends.run(
                incoming.call, subtype.service, subtype.action, params
            )
        except ServiceError as error:
            body = {"__type": error.code, "message": error.message}
            status = error.status
            return HttpAnswer(status, [("Content-Type", "application/json")], encode(body))
        return HttpAnswer(200, [("Content-Type", "application/json")], encode(answer))

    def _expression(self, incoming: Incoming) -> Any:
        """The reader of expressions: `$request.body.x`, `${request.path.id}-$context.requestId`."""
        context = template_context(incoming)
        context["requestId"] = incoming.extended_id
        context["routeKey"] = incoming.resource

        def one(name: str) -> str | None:
            where, _, rest = name.partition(".")
            if where == "context":
                found: Any = context
                for part in rest.split("."):
                    found = found.get(part) if isinstance(found, dict) else None
                return None if found is None else shown(found)
            if where == "stageVariables":
                return incoming.variables.get(rest)
            return self._of_request(incoming, rest) if where == "request" else None

        def read(text: str) -> str | None:
            whole = re.fullmatch(r"\$\{([^{}]*)\}|\$([a-z][A-Za-z]*\..*)", text, re.DOTALL)
            if whole is not None and "${" not in (whole[2] or ""):
                return one(whole[1] or whole[2])
            return re.sub(r"\$\{([^{}]*)\}", lambda found: one(found[1]) or "", text)

        return read

    def _of_request(self, incoming: Incoming, place: str) -> str | None:
        where, _, name = place.partition(".")
        match where:
            case "header":
                return ",".join(incoming.header_values(name)) or None
            case "querystring":
                return ",".join(incoming.query_values(name)) or None
            case "path":
                return incoming.path_parameters.get(name, None if name else incoming.path)
            case "body":
                body = incoming.text_body()
                if not name:
                    return body
                try:
                    found = self._gateway.select(f"$.{name}", decode(body))
                except ValueError:
                    return None
                if found is None:
                    return None
                return found if isinstance(found, str) else encode_text(found)
        return None

    def _with_response_parameters(
        self, incoming: Incoming, integration: Document, answer: HttpAnswer
    ) -> HttpAnswer:
        changes = (integration.get("ResponseParameters") or {}).get(str(answer.status))
        if not changes:
            return answer
        request = self._expression(incoming)

        def read(text: str) -> str | None:
            name = text.removeprefix("$response.header.")
            if name != text:
                return next((v for n, v in answer.headers if n.lower() == name.lower()), None)
            return str(request(text)) if request(text) is not None else None

        changed = Changes(changes, read)
        answer.headers = changed.apply(list(answer.headers), "header")
        if changed.status is not None:
            answer.status = changed.status
        return answer


def _parameter(name: str, text: str) -> JsonValue:
    if name in NUMBERS and text.isdecimal():
        return int(text)
    if name in JSON_PARAMETERS:
        try:
            return decode(text)
        except BadJson:
            return text
    return text


class Changes:
    """`append:header.x`, `overwrite:querystring.y`, `remove:header.z`, `overwrite:path`."""

    def __init__(self, given: dict[str, str], value: Any) -> None:
        self._changes: list[tuple[str, str, str, str | None]] = []
        self.path: str | None = None
        self.status: int | None = None
        for key, expression in given.items():
            action, _, place = key.partition(":")
            where, _, name = place.partition(".")
            text = value(str(expression))
            if where == "path":
                self.path = text
            elif where == "statuscode":
                self.status = int(text) if text and text.isdecimal() else None
            else:
                self._changes.append((action, where, name, text))

    def apply(self, pairs: Any, where: str) -> Headers:
        """The pairs with the changes of that place made."""
        found = list(pairs)
        for action, place, name, text in self._changes:
            if place != where:
                continue
            wanted = name.lower()
            if action in ("remove", "overwrite"):
                found = [(n, v) for n, v in found if n.lower() != wanted]
            if action != "remove" and text is not None:
                found.append((name, text.replace("\r", " ").replace("\n", " ")))
        return found


def _allowed_origin(incoming: Incoming, cors: Document) -> str | None:
    origin = incoming.header("origin")
    if not origin:
        return None
    for allowed in cors.get("AllowOrigins") or ():
        if allowed == "*":
            return "*"
        scheme, star, _ = allowed.partition("*")
        if allowed.lower() == origin.lower() or (star and origin.startswith(scheme)):
            return origin
    return None


def _cors(cors: Document, origin: str | None) -> Headers:
    if origin is None:
        return []
    headers = [("Access-Control-Allow-Origin", origin)]
    if cors.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(cors["ExposeHeaders"])))
    if cors.get("AllowCredentials"):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if origin != "*":
        headers.append(("Vary", "Origin"))
    return headers


def _preflight(incoming: Incoming, cors: Document, origin: str | None) -> Headers:
    asked = (incoming.header("access-control-request-method") or "").upper()
    methods = [str(method).upper() for method in cors.get("AllowMethods") or ()]
    if origin is None or ("*" not in methods and asked not in methods):
        return []
    headers = _cors(cors, origin)
    headers.append(("Access-Control-Allow-Methods", ",".join(methods)))
    allowed = cors.get("AllowHeaders") or []
    if allowed:
        wanted = incoming.header("access-control-request-headers")
        value = wanted if "*" in allowed and wanted else ",".join(allowed)
        headers.append(("Access-Control-Allow-Headers", value))
    if cors.get("MaxAge") is not None:
        headers.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return headers
