"""The operations of API Gateway, both versions, as the gateway calls them; the service itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from stepwell.runtime.ports import Alarm
from stepwell.services.api import Answer, Call, Door, Operation, Params, Service
from stepwell.services.apigateway import tags
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.apigateway.http import apis as http_apis
from stepwell.services.apigateway.http import importing as http_importing
from stepwell.services.apigateway.http import routes as http_routes
from stepwell.services.apigateway.http import stages as http_stages
from stepwell.services.apigateway.rest import (
    apis,
    extras,
    importing,
    integrations,
    keys,
    resources,
    stages,
)
from stepwell.services.apigateway.serving.door import Entrance

_Operation = Callable[[ApiGateway, Call, Params], Awaitable[Answer]]


def _table(*functions: _Operation) -> dict[str, _Operation]:
    """Operations by their names in the model: `create_rest_api` is CreateRestApi."""
    return {
        "".join(word.capitalize() for word in function.__name__.split("_")): function
        for function in functions
    }


REST_OPERATIONS: dict[str, _Operation] = _table(
    apis.create_rest_api,
    apis.get_rest_api,
    apis.get_rest_apis,
    apis.update_rest_api,
    apis.delete_rest_api,
    importing.import_rest_api,
    importing.put_rest_api,
    resources.create_resource,
    resources.get_resource,
    resources.get_resources,
    resources.update_resource,
    resources.delete_resource,
    resources.put_method,
    resources.get_method,
    resources.update_method,
    resources.delete_method,
    resources.put_method_response,
    resources.get_method_response,
    resources.update_method_response,
    resources.delete_method_response,
    integrations.put_integration,
    integrations.get_integration,
    integrations.update_integration,
    integrations.delete_integration,
    integrations.put_integration_response,
    integrations.get_integration_response,
    integrations.update_integration_response,
    integrations.delete_integration_response,
    stages.create_deployment,
    stages.get_deployment,
    stages.get_deployments,
    stages.update_deployment,
    stages.delete_deployment,
    stages.create_stage,
    stages.get_stage,
    stages.get_stages,
    stages.update_stage,
    stages.delete_stage,
    stages.flush_stage_cache,
    keys.create_api_key,
    keys.get_api_key,
    keys.get_api_keys,
    keys.update_api_key,
    keys.delete_api_key,
    keys.create_usage_plan,
    keys.get_usage_plan,
    keys.get_usage_plans,
    keys.update_usage_plan,
    keys.delete_usage_plan,
    keys.create_usage_plan_key,
    keys.get_usage_plan_key,
    keys.get_usage_plan_keys,
    keys.delete_usage_plan_key,
    extras.create_request_validator,
    extras.get_request_validator,
    extras.get_request_validators,
    extras.update_request_validator,
    extras.delete_request_validator,
    extras.create_model,
    extras.get_model,
    extras.get_models,
    extras.update_model,
    extras.delete_model,
    extras.create_authorizer,
    extras.get_authorizer,
    extras.get_authorizers,
    extras.update_authorizer,
    extras.delete_authorizer,
    extras.get_gateway_response,
    extras.get_gateway_responses,
    extras.put_gateway_response,
    extras.update_gateway_response,
    extras.delete_gateway_response,
    extras.get_account,
    extras.update_account,
    tags.tag_resource,
    tags.untag_resource,
    tags.get_tags,
)

HTTP_OPERATIONS: dict[str, _Operation] = {
    **_table(
        http_apis.create_api,
        http_apis.get_api,
        http_apis.get_apis,
        http_apis.update_api,
        http_apis.delete_api,
        http_apis.delete_cors_configuration,
        http_importing.import_api,
        http_importing.reimport_api,
        http_routes.create_route,
        http_routes.get_route,
        http_routes.get_routes,
        http_routes.update_route,
        http_routes.delete_route,
        http_routes.create_integration,
        http_routes.get_integration,
        http_routes.get_integrations,
        http_routes.update_integration,
        http_routes.delete_integration,
        http_routes.create_authorizer,
        http_routes.get_authorizer,
        http_routes.get_authorizers,
        http_routes.update_authorizer,
        http_routes.delete_authorizer,
        http_stages.create_stage,
        http_stages.get_stage,
        http_stages.get_stages,
        http_stages.update_stage,
        http_stages.delete_stage,
        http_stages.delete_route_settings,
        http_stages.delete_access_log_settings,
        http_stages.create_deployment,
        http_stages.get_deployment,
        http_stages.get_deployments,
        http_stages.update_deployment,
        http_stages.delete_deployment,
    ),
    "TagResource": tags.tag_resource_2,
    "UntagResource": tags.untag_resource_2,
    "GetTags": tags.get_tags_2,
}


class ApiGatewayService:
    """API Gateway in this server (services.api.Embedded)."""

    def __init__(self, gateway: ApiGateway, alarm: Alarm) -> None:
        self.gateway = gateway
        self.entrance = Entrance(gateway, alarm)

    def services(self) -> Sequence[Service]:
        """REST APIs and HTTP APIs."""
        return [
            Service("apigateway", {n: self._bind(f) for n, f in REST_OPERATIONS.items()}),
            Service("apigatewayv2", {n: self._bind(f) for n, f in HTTP_OPERATIONS.items()}),
        ]

    def doors(self) -> Sequence[Door]:
        """The stages of the APIs."""
        return [self.entrance.door()]

    async def load(self) -> None:
        """Read what was configured."""
        await self.gateway.documents.ready()

    def stop_waiting(self) -> None:
        """Nothing waits for long."""

    async def close(self) -> None:
        """Nothing is under way that a request does not wait for."""

    def _bind(self, run: _Operation) -> Operation:
        async def operation(call: Call, params: Params) -> Answer:
            await self.gateway.documents.ready()
            answer = await run(self.gateway, call, params)
            # What was read may still be on its way to the disk.
            await self.gateway.ledger.committed()
            return answer

        return operation
