"""The operations of Lambda as the gateway calls them, and its doors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stepwell.services.api import Answer, Call, Embedded, Operation, Params, Service
from stepwell.services.embedding import Embedding
from stepwell.services.lambda_ import (
    account,
    aliases,
    concurrency,
    functions,
    invoke_configs,
    invoking,
    layer_permissions,
    layers,
    mappings,
    permissions,
    tagging,
    url_door,
    urls,
    versions,
)
from stepwell.services.lambda_.lambdas import Lambda

_Operation = Callable[[Lambda, Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "CreateFunction": functions.create_function,
    "GetFunction": functions.get_function,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "ListFunctions": functions.list_functions,
    "UpdateFunctionCode": functions.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "DeleteFunction": functions.delete_function,
    "PublishVersion": versions.publish_version,
    "ListVersionsByFunction": versions.list_versions_by_function,
    "CreateAlias": aliases.create_alias,
    "GetAlias": aliases.get_alias,
    "ListAliases": aliases.list_aliases,
    "UpdateAlias": aliases.update_alias,
    "DeleteAlias": aliases.delete_alias,
    "PublishLayerVersion": layers.publish_layer_version,
    "GetLayerVersion": layers.get_layer_version,
    "GetLayerVersionByArn": layers.get_layer_version_by_arn,
    "ListLayers": layers.list_layers,
    "ListLayerVersions": layers.list_layer_versions,
    "DeleteLayerVersion": layers.delete_layer_version,
    "AddLayerVersionPermission": layer_permissions.add_layer_version_permission,
    "RemoveLayerVersionPermission": layer_permissions.remove_layer_version_permission,
    "GetLayerVersionPolicy": layer_permissions.get_layer_version_policy,
    "AddPermission": permissions.add_permission,
    "RemovePermission": permissions.remove_permission,
    "GetPolicy": permissions.get_policy,
    "PutFunctionConcurrency": concurrency.put_function_concurrency,
    "GetFunctionConcurrency": concurrency.get_function_concurrency,
    "DeleteFunctionConcurrency": concurrency.delete_function_concurrency,
    "PutProvisionedConcurrencyConfig": concurrency.put_provisioned_concurrency_config,
    "GetProvisionedConcurrencyConfig": concurrency.get_provisioned_concurrency_config,
    "DeleteProvisionedConcurrencyConfig": concurrency.delete_provisioned_concurrency_config,
    "ListProvisionedConcurrencyConfigs": concurrency.list_provisioned_concurrency_configs,
    "PutFunctionEventInvokeConfig": invoke_configs.put_function_event_invoke_config,
    "UpdateFunctionEventInvokeConfig": invoke_configs.update_function_event_invoke_config,
    "GetFunctionEventInvokeConfig": invoke_configs.get_function_event_invoke_config,
    "DeleteFunctionEventInvokeConfig": invoke_configs.delete_function_event_invoke_config,
    "ListFunctionEventInvokeConfigs": invoke_configs.list_function_event_invoke_configs,
    "Invoke": invoking.invoke,
    "InvokeAsync": invoking.invoke_async,
    "CreateEventSourceMapping": mappings.create_event_source_mapping,
    "GetEventSourceMapping": mappings.get_event_source_mapping,
    "ListEventSourceMappings": mappings.list_event_source_mappings,
    "UpdateEventSourceMapping": mappings.update_event_source_mapping,
    "DeleteEventSourceMapping": mappings.delete_event_source_mapping,
    "CreateFunctionUrlConfig": urls.create_function_url_config,
    "GetFunctionUrlConfig": urls.get_function_url_config,
    "ListFunctionUrlConfigs": urls.list_function_url_configs,
    "UpdateFunctionUrlConfig": urls.update_function_url_config,
    "DeleteFunctionUrlConfig": urls.delete_function_url_config,
    "ListTags": tagging.list_tags,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "GetAccountSettings": account.get_account_settings,
    "PutFunctionRecursionConfig": account.put_function_recursion_config,
    "GetFunctionRecursionConfig": account.get_function_recursion_config,
    "GetFunctionCodeSigningConfig": account.get_function_code_signing_config,
    "GetRuntimeManagementConfig": account.get_runtime_management_config,
    "PutRuntimeManagementConfig": account.put_runtime_management_config,
}


def service(lambdas: Lambda) -> Service:
    """Lambda's API."""
    return Service("lambda", {name: _bind(lambdas, run) for name, run in _OPERATIONS.items()})


def _bind(lambdas: Lambda, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        return await run(lambdas, call, params)

    return operation


def embedded(lambdas: Lambda) -> Embedded:
    """Lambda as a part of the server, with function URLs and the zip files of functions."""
    return Embedding(lambdas, [service(lambdas)], url_door.doors(lambdas))
