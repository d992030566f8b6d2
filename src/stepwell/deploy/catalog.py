"""Every resource type that this server knows, by name."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.resource_type import ResourceType
from stepwell.deploy.types import (
    apigateway,
    apigatewayv2,
    cloudformation,
    dynamodb_global,
    dynamodb_tables,
    events_buses,
    events_destinations,
    events_rules,
    iam_documents,
    iam_people,
    iam_roles,
    lambda_functions,
    lambda_layers,
    lambda_permissions,
    lambda_sources,
    lambda_versions,
    logs,
    pipes,
    s3,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
    without_effect,
    without_effect_network,
)

_ALL = (
    *apigateway.TYPES,
    *apigatewayv2.TYPES,
    *dynamodb_global.TYPES,
    *dynamodb_tables.TYPES,
    *cloudformation.TYPES,
    *events_buses.TYPES,
    *events_destinations.TYPES,
    *events_rules.TYPES,
    *iam_documents.TYPES,
    *iam_people.TYPES,
    *iam_roles.TYPES,
    *lambda_functions.TYPES,
    *lambda_layers.TYPES,
    *lambda_permissions.TYPES,
    *lambda_sources.TYPES,
    *lambda_versions.TYPES,
    *logs.TYPES,
    *pipes.TYPES,
    *s3.TYPES,
    *scheduler.TYPES,
    *secretsmanager.TYPES,
    *sns.TYPES,
    *sqs.TYPES,
    *ssm.TYPES,
    *stepfunctions.TYPES,
    *without_effect.TYPES,
    *without_effect_network.TYPES,
)

TYPES: Mapping[str, ResourceType] = {known.name: known for known in _ALL}


def find_type(name: str) -> ResourceType | None:
    """The type of that name; None where it is refused."""
    if name.startswith(cloudformation.CUSTOM_PREFIX):
        return cloudformation.custom_type(name)
    return TYPES.get(name)
