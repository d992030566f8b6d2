"""Everything that there is on a server, so that a test can say that nothing was left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client

_LISTS: dict[str, tuple[str, str, str, str | None]] = {
    "queues": ("sqs", "list_queues", "QueueUrls", None),
    "topics": ("sns", "list_topics", "Topics", "TopicArn"),
    "subscriptions": ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
    "layers": ("lambda", "list_layers", "Layers", "LayerName"),
    "mappings": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "tables": ("dynamodb", "list_tables", "TableNames", None),
    "buckets": ("s3", "list_buckets", "Buckets", "Name"),
    "log groups": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "roles": ("iam", "list_roles", "Roles", "RoleName"),
    "machines": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "activities": ("stepfunctions", "list_activities", "activities", "name"),
    "buses": ("events", "list_event_buses", "EventBuses", "Name"),
    "rules": ("events", "list_rules", "Rules", "Name"),
    "schedules": ("scheduler", "list_schedules", "Schedules", "Name"),
    "REST APIs": ("apigateway", "get_rest_apis", "items", "name"),
    "HTTP APIs": ("apigatewayv2", "get_apis", "Items", "Name"),
    "parameters": ("ssm", "describe_parameters", "Parameters", "Name"),
    "secrets": ("secretsmanager", "list_secrets", "SecretList", "Name"),
}
"""kind -> service, operation, member of the answer, member of its items (None: texts)."""
WRITTEN_BY_FUNCTIONS = "/aws/lambda/"
"""Log groups of this name come with a function's first line, and stay, as on AWS."""


def inventory(server: ServerProcess) -> dict[str, set[str]]:
    """The names of everything there is, by kind; no kind without anything."""
    found = {kind: _names(server, *asked) for kind, asked in _LISTS.items()}
    found["policies"] = _policies(server)
    found["log groups"] = {
        name for name in found["log groups"] if not name.startswith(WRITTEN_BY_FUNCTIONS)
    }
    return {kind: names for kind, names in found.items() if names}


def _names(
    server: ServerProcess, service: str, operation: str, member: str, name: str | None
) -> set[str]:
    aws = client(server, service)
    if aws.can_paginate(operation):
        pages = list(aws.get_paginator(operation).paginate())
    else:
        asked: Callable[[], Any] = getattr(aws, operation)
        pages = [asked()]
    items = [item for page in pages for item in page.get(member, [])]
    return {str(item if name is None else item[name]) for item in items}


def _policies(server: ServerProcess) -> set[str]:
    """The customer's own policies; AWS's are always there."""
    found = client(server, "iam").list_policies(Scope="Local")["Policies"]
    return {policy["PolicyName"] for policy in found}
