"""APIs made in a few lines, and requests to them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from stepwell.testing.server import ServerProcess

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/r"


def client(server: ServerProcess, service: str) -> Any:
    """A boto3 client of the server."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=server.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )


@dataclass(frozen=True)
class Reply:
    """What a request was answered with; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


def ask(
    server: ServerProcess,
    method: str,
    path: str,
    body: str | bytes | None = None,
    *,
    host: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request; `host` is another name for the server."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    sent = dict(headers or {})
    if host is not None:
        sent["Host"] = host
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


class RestApi:
    """A REST API of that server, and its stage `dev`."""

    def __init__(self, server: ServerProcess, name: str = "api", **settings: Any) -> None:
        self.server = server
        self.gateway = client(server, "apigateway")
        made = self.gateway.create_rest_api(name=name, **settings)
        self.id: str = made["id"]
        self.resources = {"/": made["rootResourceId"]}

    def resource(self, path: str) -> str:
        """The id of the resource at a path, made with those above it if need be."""
        if path not in self.resources:
            above, _, part = path.rpartition("/")
            parent = self.resource(above or "/")
            made = self.gateway.create_resource(restApiId=self.id, parentId=parent, pathPart=part)
            self.resources[path] = made["id"]
        return str(self.resources[path])

    def method(
        self,
        verb: str,
        path: str,
        integration: Mapping[str, Any],
        responses: Mapping[str, Mapping[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        """A method with its integration, and integration responses by status."""
        place = {
            "restApiId": self.id,
            "resourceId": self.resource(path),
            "httpMethod": verb,
        }
        self.gateway.put_method(**place, **{"authorizationType": "NONE", **settings})
        self.gateway.put_integration(**place, **integration)
        for status, response in (responses or {}).items():
            self.gateway.put_method_response(**place, statusCode=status)
            self.gateway.put_integration_response(**place, statusCode=status, **response)

    def deploy(self, **settings: Any) -> None:
        """Serve what the API is now."""
        self.gateway.create_deployment(restApiId=self.id, stageName="dev", **settings)

    def ask(self, method: str, path: str, body: str | bytes | None = None, **more: Any) -> Reply:
        """A request to the stage."""
        name = f"{self.id}.execute-api.{REGION}.localhost:{self.server.port}"
        return ask(self.server, method, f"/dev{path}", body, host=name, **more)


def aws(action: str, template: str | None = None, **more: Any) -> dict[str, Any]:
    """An integration with an operation: `states:action/StartExecution`."""
    made: dict[str, Any] = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": f"arn:aws:apigateway:{REGION}:{action}",
        "credentials": ROLE,
        **more,
    }
    if template is not None:
        made["requestTemplates"] = {"application/json": template}
    return made
