"""Who may use versions of layers."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.functions import zip_of
from stepwell.values import decode
from tests.services.lambda_.world import World

LAYER = {"LayerName": "shared", "VersionNumber": 1}
EVERYBODY = {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"}


async def published(world: World) -> None:
    """Publish the first version of the layer."""
    content = {"ZipFile": zip_of({"python/shared.py": "x = 1\n"})}
    await world.call("PublishLayerVersion", LayerName="shared", Content=content)


def test_statements_of_a_layer_are_kept_and_shown() -> None:
    """Statements of a layer are kept and shown until they are removed."""

    async def play(world: World) -> None:
        await published(world)
        await world.call("AddLayerVersionPermission", **LAYER, **EVERYBODY)
        other = EVERYBODY | {
            "StatementId": "one",
            "Principal": "111122223333",
            "OrganizationId": "o-0123456789",
        }
        await world.call("AddLayerVersionPermission", **LAYER, **other)
        answer = await world.call("GetLayerVersionPolicy", **LAYER)
        statements: Any = decode(answer["Policy"])["Statement"]  # type: ignore[call-overload,index]
        assert [each["Principal"] for each in statements] == [
            "*",
            {"AWS": "arn:aws:iam::111122223333:root"},
        ]
        condition = {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}}
        assert statements[1]["Condition"] == condition
        for name in ("all", "one"):
            await world.call("RemoveLayerVersionPermission", **LAYER, StatementId=name)
        with pytest.raises(ServiceError, match="No policy is associated"):
            await world.call("GetLayerVersionPolicy", **LAYER)

    World().run(play)


def test_a_statement_is_added_once_and_shown_nowhere_else() -> None:
    """A statement is added once; a layer's description does not show it."""

    async def play(world: World) -> None:
        await published(world)
        await world.call("AddLayerVersionPermission", **LAYER, **EVERYBODY)
        with pytest.raises(ServiceError, match="already exists"):
            await world.call("AddLayerVersionPermission", **LAYER, **EVERYBODY)
        with pytest.raises(ServiceError, match="PreconditionFailed"):
            await world.call(
                "RemoveLayerVersionPermission", **LAYER, StatementId="all", RevisionId="x"
            )
        with pytest.raises(ServiceError, match="is not found in resource policy"):
            await world.call("RemoveLayerVersionPermission", **LAYER, StatementId="other")
        shown = await world.call("GetLayerVersion", **LAYER)
        listed = await world.call("ListLayerVersions", LayerName="shared")
        assert "_policy" not in {*shown, *listed["LayerVersions"][0]}

    World().run(play)
