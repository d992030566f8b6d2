"""Who may call functions and use layers. Kept and shown; nobody is refused by them."""

from __future__ import annotations

from stepwell.deploy.calling import ask
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked
from stepwell.deploy.types.lambda_shared import GONE, TAKEN

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


_LAYER_PERMISSION = frozenset({"Action", "LayerVersionArn", "OrganizationId", "Principal"})


async def _create_layer_permission(cloud: Cloud, wanted: Wanted) -> Made:
    arn = as_text(wanted.properties["LayerVersionArn"])
    statement = wanted.name(None, _STATEMENT_MAX)
    params = {
        **_layer_version(arn),
        "StatementId": statement,
        **picked(wanted.properties, ("Action", "OrganizationId", "Principal")),
    }
    taken = TAKEN if wanted.repeated else ()
    await ask(cloud, "lambda", "AddLayerVersionPermission", params, taken)
    name = f"{arn}#{statement}"
    return Made(name, {"Id": name})


async def _delete_layer_permission(cloud: Cloud, existing: Existing) -> None:
    arn, _, statement = existing.id.rpartition("#")
    params = {**_layer_version(arn), "StatementId": statement}
    await ask(cloud, "lambda", "RemoveLayerVersionPermission", params, GONE)


def _layer_version(arn: str) -> dict[str, str]:
    """A layer's version by its ARN, as operations name it."""
    layer, _, number = arn.rpartition(":")
    return {"LayerName": layer, "VersionNumber": number}


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
    ResourceType(
        "AWS::Lambda::LayerVersionPermission",
        _create_layer_permission,
        _delete_layer_permission,
        required=_LAYER_PERMISSION - {"OrganizationId"},
        optional=frozenset({"OrganizationId"}),
        replaces=_LAYER_PERMISSION,
        attributes=frozenset({"Id"}),
    ),
)
