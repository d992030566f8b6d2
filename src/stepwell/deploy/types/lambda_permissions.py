"""Who may call functions and use layers. Kept and shown; nobody is refused by them."""

from __future__ import annotations

from stepwell.deploy.calling import ask
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked
from stepwell.deploy.types.lambda_functions import GONE, TAKEN

_STATEMENT_MAX = 100

_PERMISSION = (
    "Action",
    "EventSourceToken",
    "FunctionName",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
    "Principal",
    "PrincipalOrgID",
    "SourceAccount",
    "SourceArn",
)


async def _create_permission(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(None, _STATEMENT_MAX)
    params = {"StatementId": name, **picked(wanted.properties, _PERMISSION)}
    await ask(cloud, "lambda", "AddPermission", params, TAKEN if wanted.repeated else ())
    return Made(name, {"Id": name})


async def _delete_permission(cloud: Cloud, existing: Existing) -> None:
    function = as_text(existing.properties["FunctionName"])
    params = {"FunctionName": function, "StatementId": existing.id}
    await ask(cloud, "lambda", "RemovePermission", params, GONE)


TYPES = (
    ResourceType(
        "AWS::Lambda::Permission",
        _create_permission,
        _delete_permission,
        required=frozenset({"Action", "FunctionName", "Principal"}),
        optional=frozenset(_PERMISSION) - {"Action", "FunctionName", "Principal"},
        replaces=frozenset(_PERMISSION),
        attributes=frozenset({"Id"}),
    ),
)
