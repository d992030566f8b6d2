"""Calls of services elsewhere: real AWS, or another emulator, through botocore.

Credentials are found as every AWS SDK finds them. A call leaves after the commit and is made again
after a crash if its answer was not recorded, with the same client token where the operation has
one. Blocking work runs in a few threads.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from stepwell.integrations.outside.settings import ANY, AWS, BadIntegrations
from stepwell.integrations.outside.upstream_shapes import from_python, to_python
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.values import JsonObject, JsonValue

if TYPE_CHECKING:
    import botocore.session

THREADS = 16
TIMEOUT_SECONDS = 60
CLIENTS_MAX = 64

_CLIENTS = {
    "bedrock": "bedrock-runtime",
    "elasticmapreduce": "emr",
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "cognitoidentityprovider": "cognito-idp",
    "elasticloadbalancingv2": "elbv2",
    "costexplorer": "ce",
}
"""Services whose client in botocore has another name, by their name in a Resource."""
_OPERATIONS = {
    ("elasticmapreduce", "addStep"): "AddJobFlowSteps",
    ("elasticmapreduce", "createCluster"): "RunJobFlow",
    ("elasticmapreduce", "terminateCluster"): "TerminateJobFlows",
    ("elasticmapreduce", "cancelStep"): "CancelSteps",
}
NOT_UPSTREAM = frozenset({("eks", "call"), ("eks", "runJob"), ("http", "invoke")})
"""Actions that are no API operation of their service, and those whose parameters differ from it."""


class Upstream:
    """Services elsewhere, by their configured endpoints."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        if endpoints and importlib.util.find_spec("botocore") is None:
            raise BadIntegrations("an upstream needs botocore: pip install 'stepwell[aws]'")
        self._endpoints = endpoints
        self._session: botocore.session.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._threads = ThreadPoolExecutor(THREADS, "upstream")

    def serves(self, service: str, action: str) -> bool:
        """Whether calls of that service have somewhere to go. `service` is as in a Resource."""
        known = (service, action) in _OPERATIONS or service != "elasticmapreduce"
        if (service, action) in NOT_UPSTREAM or not known:
            return False
        return _bare(service) in self._endpoints or ANY in self._endpoints

    async def call(
        self, call: ServiceCall, operation: str | None = None, given: JsonValue = None
    ) -> Answered | Refused:
        """Make the call of a task, or another operation of its service."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._call, call, operation, given)

    def close(self) -> None:
        """Take no further calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _call(
        self, call: ServiceCall, operation: str | None, given: JsonValue
    ) -> Answered | Refused:
        from botocore.exceptions import BotoCoreError, ClientError

        service, action = call.resource.service, call.resource.action
        name = (
            operation or _OPERATIONS.get((service, action)) or f"{action[:1].upper()}{action[1:]}"
        )
        parameters = call.parameters if operation is None else given
        try:
            client = self._client(service, call.region)
            model = client.meta.service_model.operation_model(name)
            problems: list[str] = []
            params = to_python(model.input_shape, parameters, "Parameters", problems)
            if problems:
                return Refused("States.Runtime", "; ".join(problems))
            _add_client_token(model, params, call.request_id)
            answer = client._make_api_call(name, params)
        except ClientError as error:
            return _refused(service, error.response, call)
        except BotoCoreError as error:
            return Refused(f"{_prefix(service)}.SdkClientException", str(error))
        return Answered(from_python(model.output_shape, answer))

    def _client(self, service: str, region: str) -> Any:
        import botocore.session
        from botocore.config import Config

        bare = _bare(service)
        client = self._clients.get((bare, region))
        if client is None:
            if self._session is None:
                self._session = botocore.session.Session()
            url = self._endpoints.get(bare) or self._endpoints[ANY]
            if len(self._clients) >= CLIENTS_MAX:
                self._clients.clear()
            client = self._session.create_client(
                _client_name(bare, self._session.get_available_services()),
                region_name=region,
                endpoint_url=None if url == AWS else url,
                config=Config(
                    read_timeout=TIMEOUT_SECONDS,
                    retries={"total_max_attempts": 1},
                    ignore_configured_endpoint_urls=url == AWS,
                ),
                **_local_credentials(self._session, url),
            )
            self._clients[bare, region] = client
        return client


def _local_credentials(session: botocore.session.Session, url: str) -> dict[str, str]:
    """Emulators want a signature, whoever signed: keys of no use stand in where there are none."""
    if url == AWS or session.get_credentials() is not None or "AWS_ACCESS_KEY_ID" in os.environ:
        return {}
    return {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def _bare(service: str) -> str:
    return service.removeprefix("aws-sdk:")


def _client_name(service: str, available: list[str]) -> str:
    name = _CLIENTS.get(service, service)
    if name in available:
        return name
    return next((it for it in available if it.replace("-", "") == name), name)


def _prefix(service: str) -> str:
    bare = _bare(service)
    return {"ecs": "ECS", "ec2": "Ec2"}.get(bare, f"{bare[:1].upper()}{bare[1:]}")


def _add_client_token(model: Any, params: dict[str, Any], token: str) -> None:
    """A repeated call must not do its work twice where the operation can tell."""
    shape = model.input_shape
    for name, member in (shape.members if shape is not None else {}).items():
        if member.metadata.get("idempotencyToken") and name not in params:
            params[name] = token


def _refused(service: str, response: Any, call: ServiceCall) -> Refused:
    error: JsonObject = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    code = str(error.get("Code", "Unknown")).rpartition("#")[2]
    name = code if code.endswith(("Exception", "Error", "Fault")) else f"{code}Exception"
    prefix = _prefix(service)
    cause = (
        f"{error.get('Message', '')} (Service: {prefix}; Status Code:"
        f" {meta.get('HTTPStatusCode')}; Error Code: {code};"
        f" Request ID: {meta.get('RequestId', call.request_id)})"
    )
    return Refused(f"{prefix}.{name}", cause)
