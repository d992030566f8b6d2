"""What the tests with Terraform share: the example's functions, and a look at what is left."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.shared import ROOT

EXAMPLE = ROOT / "examples" / "terraform_callback"


def pack_functions(build: Path) -> None:
    """What the example's README does by hand."""
    build.mkdir()
    for name in ("decide", "words"):
        folder = EXAMPLE / "functions" / name
        with zipfile.ZipFile(build / f"{name}.zip", "w") as archive:
            for path in sorted(folder.rglob("*.py")):
                archive.write(path, path.relative_to(folder))


def everything_left(server: ServerProcess) -> dict[str, list[Any]]:
    """What the services list, by kind."""
    return {name: left for name, look in LISTS.items() if (left := look(server))}


def listed(service: str, operation: str, member: str, **given: Any) -> Callable[[Any], list[Any]]:
    """What a service lists."""

    def look(server: ServerProcess) -> list[Any]:
        answer = getattr(client(server, service), operation)(**given)
        found: list[Any] = answer.get(member, [])
        return [it for it in found if not (isinstance(it, dict) and it.get("Name") == "default")]

    return look


LISTS = {
    "machines": listed("stepfunctions", "list_state_machines", "stateMachines"),
    "activities": listed("stepfunctions", "list_activities", "activities"),
    "log groups": listed("logs", "describe_log_groups", "logGroups"),
    "queues": listed("sqs", "list_queues", "QueueUrls"),
    "topics": listed("sns", "list_topics", "Topics"),
    "subscriptions": listed("sns", "list_subscriptions", "Subscriptions"),
    "functions": listed("lambda", "list_functions", "Functions"),
    "layers": listed("lambda", "list_layers", "Layers"),
    "mappings": listed("lambda", "list_event_source_mappings", "EventSourceMappings"),
    "tables": listed("dynamodb", "list_tables", "TableNames"),
    "buckets": listed("s3", "list_buckets", "Buckets"),
    "buses": listed("events", "list_event_buses", "EventBuses"),
    "rules": listed("events", "list_rules", "Rules"),
    "schedules": listed("scheduler", "list_schedules", "Schedules"),
    "schedule groups": listed("scheduler", "list_schedule_groups", "ScheduleGroups"),
    "roles": listed("iam", "list_roles", "Roles"),
    "policies": listed("iam", "list_policies", "Policies", Scope="Local"),
    "parameters": listed("ssm", "describe_parameters", "Parameters"),
    "secrets": listed("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True),
    "users": listed("iam", "list_users", "Users"),
    "groups": listed("iam", "list_groups", "Groups"),
    "instance profiles": listed("iam", "list_instance_profiles", "InstanceProfiles"),
    "archives": listed("events", "list_archives", "Archives"),
    "connections": listed("events", "list_connections", "Connections"),
    "API destinations": listed("events", "list_api_destinations", "ApiDestinations"),
    "pipes": listed("pipes", "list_pipes", "Pipes"),
    "stacks": listed("cloudformation", "describe_stacks", "Stacks"),
    "API keys": listed("apigateway", "get_api_keys", "items"),
    "usage plans": listed("apigateway", "get_usage_plans", "items"),
    "REST APIs": listed("apigateway", "get_rest_apis", "items"),
    "HTTP APIs": listed("apigatewayv2", "get_apis", "Items"),
}
