"""Roles, and those that services link to themselves."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import documents, paging, shown, tagging
from stepwell.services.iam.deletion import delete_entity, refuse_while_used
from stepwell.services.iam.errors import invalid_input, no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import PROFILE, ROLE, data_of
from stepwell.values import encode_text

SESSION_SECONDS = 3_600
_LINKED_PATH = "/aws-service-role/"
_LINKED_NAMES = {
    "apigateway": "APIGateway",
    "autoscaling": "AutoScaling",
    "dynamodb.application-autoscaling": "ApplicationAutoScaling_DynamoDBTable",
    "ecs": "ECS",
    "ecs.application-autoscaling": "ApplicationAutoScaling_ECSService",
    "elasticloadbalancing": "ElasticLoadBalancing",
    "events": "CloudWatchEvents",
    "lambda.application-autoscaling": "ApplicationAutoScaling_LambdaConcurrency",
    "ops.apigateway": "APIGateway",
    "rds": "RDS",
    "replicator.lambda": "LambdaReplicator",
    "scheduler": "EventBridgeScheduler",
}


async def create_role(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateRole."""
    trust = params["AssumeRolePolicyDocument"]
    documents.check_trust_policy(trust)
    data = {
        "trust": trust,
        "description": params.get("Description"),
        "seconds": params.get("MaxSessionDuration") or SESSION_SECONDS,
        "boundary": params.get("PermissionsBoundary"),
    }
    tags = tagging.read(params.get("Tags") or [])
    row = iam.new(call.account, ROLE, params["RoleName"], params.get("Path"), data, tags)
    await iam.keep(row)
    return {"Role": shown.role(row)}


async def get_role(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetRole."""
    return {"Role": shown.role(iam.find(call.account, ROLE, params["RoleName"]))}


async def list_roles(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListRoles."""
    rows = iam.all_of(call.account, ROLE, params.get("PathPrefix") or "/")
    return paging.page(
        "Roles", rows, lambda row: row.name, lambda row: shown.role(row, whole=False), params
    )


async def _change(iam: Iam, call: Call, name: str, **changes: Any) -> dict[str, Any]:
    """Change what is given. The role as it is shown then."""
    row = iam.find(call.account, ROLE, name)
    given = {key: value for key, value in changes.items() if value is not None}
    row = row._replace(data=encode_text({**data_of(row), **given}))
    await iam.keep(row)
    return shown.role(row)


async def update_role(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """UpdateRole."""
    await _change(
        iam,
        call,
        params["RoleName"],
        description=params.get("Description"),
        seconds=params.get("MaxSessionDuration"),
    )
    return {}


async def update_description(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """UpdateRoleDescription."""
    role = await _change(iam, call, params["RoleName"], description=params["Description"])
    return {"Role": role}


async def update_trust(iam: Iam, call: Call, params: Params) -> None:
    """UpdateAssumeRolePolicy."""
    iam.find(call.account, ROLE, params["RoleName"])
    documents.check_trust_policy(params["PolicyDocument"])
    await _change(iam, call, params["RoleName"], trust=params["PolicyDocument"])


async def delete_role(iam: Iam, call: Call, params: Params) -> None:
    """DeleteRole: refused while policies or instance profiles hang on it."""
    row = iam.find(call.account, ROLE, params["RoleName"])
    held = any(
        each.member == row.name and each.container.startswith(f"{PROFILE}/")
        for each in iam.members.of(call.account)
    )
    refuse_while_used(iam, row, "must remove roles from instance profile first" if held else "")
    await delete_entity(iam, row)


async def create_linked(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateServiceLinkedRole."""
    service = params["AWSServiceName"]
    short = service.removesuffix(".amazonaws.com")
    name = "AWSServiceRoleFor" + _LINKED_NAMES.get(short, short[:1].upper() + short[1:])
    if params.get("CustomSuffix"):
        name += f"_{params['CustomSuffix']}"
    if iam.entities.get(call.account, ROLE, name) is not None:
        raise invalid_input(
            f"Service role name {name} has been taken in this account, please try a different "
            "suffix."
        )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    data = {
        "trust": encode_text({"Version": "2012-10-17", "Statement": [statement]}),
        "description": params.get("Description"),
        "seconds": SESSION_SECONDS,
    }
    row = iam.new(call.account, ROLE, name, f"{_LINKED_PATH}{service}/", data, {})
    await iam.keep(row)
    return {"Role": shown.role(row)}


async def delete_linked(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """DeleteServiceLinkedRole: done at once, and asked for by its task all the same."""
    row = iam.find(call.account, ROLE, params["RoleName"])
    if not row.path.startswith(_LINKED_PATH):
        raise no_such_entity(f"The role with name {row.name} cannot be found.")
    await delete_entity(iam, row)
    return {"DeletionTaskId": f"task{row.path}{row.name}/{iam.parts.ids.uuid()}"}


async def linked_deletion(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetServiceLinkedRoleDeletionStatus."""
    if not params["DeletionTaskId"].startswith(f"task{_LINKED_PATH}"):
        raise no_such_entity(f"Deletion task {params['DeletionTaskId']} cannot be found.")
    return {"Status": "SUCCEEDED"}
