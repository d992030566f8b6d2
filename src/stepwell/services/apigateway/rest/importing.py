"""ImportRestApi and PutRestApi: a REST API of an OpenAPI document with API Gateway's extensions."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.apigateway import openapi
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request, not_here
from stepwell.services.apigateway.gateway import REST_API, ApiGateway, given
from stepwell.services.apigateway.rest.apis import new_api, put_new, shown_api
from stepwell.services.apigateway.rest.extras import (
    GATEWAY_RESPONSES,
    check_authorizer,
    check_schema,
)
from stepwell.services.apigateway.rest.integrations import (
    check,
    check_response,
    check_templates,
    new_integration,
)
from stepwell.services.apigateway.rest.resources import check_part
from stepwell.values import encode_text

_PLACES = {"query": "querystring", "header": "header", "path": "path"}
_KINDS = ("resource", "validator", "model", "authorizer", "gateway-response")


class _Import:
    """What an OpenAPI document makes, gathered before anything is changed."""

    def __init__(self, gateway: ApiGateway, document: dict[str, Any], root: str) -> None:
        self._gateway = gateway
        self._document = document
        self.resources: dict[str, Document] = {
            "/": {"id": root, "path": "/", "resourceMethods": {}}
        }
        self.models = {name: self._model(name, s) for name, s in self._schemas().items()}
        self.validators = self._validators()
        self.authorizers = self._authorizers()
        self.responses = self._responses()

    def keep(self, existing: list[Document]) -> None:
        """Begin with the resources an API has (mode `merge`)."""
        for each in existing:
            self.resources[each["path"]] = each

    def read(self) -> None:
        """Make every method. Raises BadRequestException."""
        for path, method, operation in openapi.operations(self._document):
            holder = self._resource(path.rstrip("/") or "/")
            holder["resourceMethods"][method] = self._method(holder, method, operation)

    def put(self, turn: Turn, owner: str) -> None:
        """Keep everything."""
        documents = self._gateway.documents
        for each in self.resources.values():
            documents.put(turn, owner, "resource", each["id"], each)
        for kind, key, made in (
            ("model", "name", self.models),
            ("validator", "id", self.validators),
            ("authorizer", "id", self.authorizers),
            ("gateway-response", "responseType", self.responses),
        ):
            for each in made.values():
                documents.put(turn, owner, kind, each[key], each)

    def _resource(self, path: str) -> Document:
        found = self.resources.get(path)
        if found is None:
            above, _, part = path.rpartition("/")
            check_part(part)
            parent = self._resource(above or "/")
            found = {
                "id": self._gateway.new_id(6),
                "parentId": parent["id"],
                "pathPart": part,
                "path": path,
                "resourceMethods": {},
            }
            self.resources[path] = found
        return found

    def _schemas(self) -> dict[str, Any]:
        components = self._document.get("components") or {}
        return self._document.get("definitions") or components.get("schemas") or {}

    def _model(self, name: str, schema: Any) -> Document:
        # References between models become references within one document.
        text = encode_text(schema).replace("#/components/schemas/", "#/definitions/")
        if "#/definitions/" in text and isinstance(schema, dict):
            text = encode_text({**schema, "definitions": self._schemas()})
            text = text.replace("#/components/schemas/", "#/definitions/")
        check_schema(text)
        return {
            "id": self._gateway.new_id(6),
            "name": name,
            "schema": text,
            "contentType": "application/json",
        }

    def _validators(self) -> dict[str, Document]:
        named = self._document.get("x-amazon-apigateway-request-validators") or {}
        return {
            name: {
                "id": self._gateway.new_id(6),
                "name": name,
                "validateRequestBody": bool(each.get("validateRequestBody")),
                "validateRequestParameters": bool(each.get("validateRequestParameters")),
            }
            for name, each in named.items()
        }

    def _authorizers(self) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for name, scheme in openapi.schemes(self._document).items():
            told = scheme.get("x-amazon-apigateway-authorizer")
            if scheme.get("x-amazon-apigateway-authtype") == "cognito_user_pools":
                raise not_here("Authorizers of type COGNITO_USER_POOLS are")
            if not isinstance(told, dict):
                continue
            header = scheme.get("name") or "Authorization"
            made: Document = {
                "id": self._gateway.new_id(6),
                "name": name,
                "type": str(told.get("type", "")).upper(),
                "authType": scheme.get("x-amazon-apigateway-authtype") or "custom",
                "identitySource": f"method.request.header.{header}",
                "authorizerResultTtlInSeconds": 300,
                **{key: value for key, value in told.items() if key != "type"},
            }
            check_authorizer(made)
            found[name] = made
        return found

    def _responses(self) -> dict[str, Document]:
        named = self._document.get("x-amazon-apigateway-gateway-responses") or {}
        found: dict[str, Document] = {}
        for kind, each in named.items():
            if kind not in GATEWAY_RESPONSES:
                raise bad_request(f"Invalid response type specified: {kind}")
            check_templates(each.get("responseTemplates"))
            status = each.get("statusCode") or GATEWAY_RESPONSES[kind]
            found[kind] = {
                "responseType": kind,
                **({} if status is None else {"statusCode": str(status)}),
                "responseParameters": each.get("responseParameters") or {},
                "responseTemplates": each.get("responseTemplates") or {},
                "defaultResponse": False,
            }
        return found

    def _method(self, holder: Document, name: str, operation: dict[str, Any]) -> Document:
        made: Document = {
            "httpMethod": name,
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            **self._parameters(operation),
        }
        self._authorise(made, operation)
        if operation.get("operationId"):
            made["operationName"] = operation["operationId"]
        validator = operation.get(
            "x-amazon-apigateway-request-validator",
            self._document.get("x-amazon-apigateway-request-validator"),
        )
        if validator is not None:
            if validator not in self.validators:
                raise bad_request(f"Invalid request validator specified: {validator}")
            made["requestValidatorId"] = self.validators[validator]["id"]
        responses = operation.get("responses") or {}
        if responses:
            made["methodResponses"] = {
                str(status): _method_response(str(status), openapi.resolve(self._document, each))
                for status, each in responses.items()
                if str(status) != "default"
            }
        told = operation.get(openapi.INTEGRATION)
        if isinstance(told, dict):
            made["methodIntegration"] = self._integration(holder, told)
        return made

    def _authorise(self, made: Document, operation: dict[str, Any]) -> None:
        schemes = openapi.schemes(self._document)
        auth = operation.get("x-amazon-apigateway-auth")
        if isinstance(auth, dict) and auth.get("type"):
            made["authorizationType"] = str(auth["type"]).upper()
        for name in openapi.security(self._document, operation):
            scheme = schemes.get(name) or {}
            if name in self.authorizers:
                made["authorizationType"] = "CUSTOM"
                made["authorizerId"] = self.authorizers[name]["id"]
            elif scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
                made["authorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and str(scheme.get("name")).lower() == "x-api-key":
                made["apiKeyRequired"] = True
        if made["authorizationType"] not in ("NONE", "AWS_IAM", "CUSTOM"):
            raise not_here(f"Authorization of type {made['authorizationType']} is")

    def _parameters(self, operation: dict[str, Any]) -> Document:
        places: dict[str, bool] = {}
        models: dict[str, str] = {}
        for each in operation["parameters"]:
            parameter = openapi.resolve(self._document, each) or {}
            place = _PLACES.get(parameter.get("in", ""))
            if place is not None:
                name = f"method.request.{place}.{parameter['name']}"
                places[name] = bool(parameter.get("required"))
            elif parameter.get("in") == "body":
                self._use(models, "application/json", parameter.get("schema"))
        body = openapi.resolve(self._document, operation.get("requestBody")) or {}
        for media, content in (body.get("content") or {}).items():
            self._use(models, media, content.get("schema"))
        return {
            **({"requestParameters": places} if places else {}),
            **({"requestModels": models} if models else {}),
        }

    def _use(self, models: dict[str, str], media: str, schema: Any) -> None:
        """A schema of its own becomes a model with a name that is made up."""
        if not isinstance(schema, dict):
            return
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if not name:
            name = f"MODEL{self._gateway.new_id(6)}"
            self.models[name] = self._model(name, schema)
        models[media] = name

    def _integration(self, holder: Document, told: dict[str, Any]) -> Document:
        params: Params = {
            **told,
            "type": str(told.get("type", "")).upper(),
            "integrationHttpMethod": told.get("httpMethod"),
            "passthroughBehavior": str(told.get("passthroughBehavior") or "").upper() or None,
        }
        made = new_integration(holder["id"], params)
        check(self._gateway, made)
        responses: dict[str, Document] = {}
        for pattern, each in (told.get("responses") or {}).items():
            response = given(
                {**each, "statusCode": str(each.get("statusCode", "200"))},
                "statusCode",
                "responseParameters",
                "responseTemplates",
                "contentHandling",
            )
            if pattern != "default":
                response["selectionPattern"] = pattern
            check_response(response)
            responses[response["statusCode"]] = response
        if responses:
            made["integrationResponses"] = responses
        return made


def _method_response(status: str, told: Any) -> Document:
    headers = told.get("headers") if isinstance(told, dict) else None
    places = {f"method.response.header.{name}": False for name in headers or {}}
    return {"statusCode": status, **({"responseParameters": places} if places else {})}


def _read(params: Params) -> tuple[dict[str, Any], Params]:
    """The document with its paths where they shall be, and what it says of the API itself."""
    document = openapi.read_document(params["body"])
    told = {str(name): str(value) for name, value in (params.get("parameters") or {}).items()}
    for name in ("mode", "failonwarnings"):
        # They are in the query as well, where everything that has no member of its own lands here.
        told.pop(name, None)
    document = openapi.placed(document, told.pop("basepath", "ignore"))
    kinds = told.pop("endpointConfigurationTypes", "")
    if told.pop("ignore", "documentation") != "documentation":
        raise bad_request("Invalid parameter 'ignore' specified")
    if told:
        raise not_here(f"The parameter {next(iter(told))} of an import is")
    settings = _settings(document)
    if kinds:
        types = {"types": kinds.split(",")}
        settings["endpointConfiguration"] = {**settings.get("endpointConfiguration", {}), **types}
    return document, settings


def _settings(document: dict[str, Any]) -> Params:
    info = document.get("info") or {}
    endpoint = document.get("x-amazon-apigateway-endpoint-configuration") or {}
    found = {
        "name": info.get("title"),
        "description": info.get("description"),
        "version": info.get("version"),
        "binaryMediaTypes": document.get("x-amazon-apigateway-binary-media-types"),
        "apiKeySource": document.get("x-amazon-apigateway-api-key-source"),
        "disableExecuteApiEndpoint": endpoint.get("disableExecuteApiEndpoint"),
        "endpointConfiguration": given(endpoint, "types", "vpcEndpointIds", "ipAddressType")
        or None,
    }
    policy = document.get("x-amazon-apigateway-policy")
    if policy is not None:
        found["policy"] = encode_text(policy)
    return {name: value for name, value in found.items() if value is not None}


async def import_rest_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A new API of a document."""
    document, settings = _read(params)
    api = new_api(gateway, {"name": "imported", **settings})
    made = _Import(gateway, document, api["rootResourceId"])
    made.read()
    with gateway.ledger.stage() as turn:
        owner = put_new(gateway, turn, call.scope, api)
        made.put(turn, owner)
    await gateway.ledger.committed()
    return shown_api(api)


async def put_rest_api(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Replace what an API has by what a document says, or add it (`merge`)."""
    owner, api = gateway.rest_api(call, params)
    document, settings = _read(params)
    mode = params.get("mode") or "merge"
    if mode not in ("merge", "overwrite"):
        raise bad_request(f"Invalid mode specified: {mode}")
    endpoint = {**api["endpointConfiguration"], **settings.pop("endpointConfiguration", {})}
    api |= {**settings, "endpointConfiguration": endpoint}
    made = _Import(gateway, document, api["rootResourceId"])
    names = gateway.documents.names(owner, "resource")
    if mode == "merge":
        found = [gateway.documents.change(owner, "resource", name) for name in names]
        made.keep([each for each in found if each is not None])
    made.read()
    with gateway.ledger.stage() as turn:
        if mode == "overwrite":
            gateway.documents.delete_all(turn, owner, *_KINDS)
        made.put(turn, owner)
        gateway.documents.put(turn, call.scope, REST_API, api["id"], api)
    await gateway.ledger.committed()
    return shown_api(api)
