"""ECR: a registry without images, for tools that ask whether a repository is there.

Functions from images are not run here, so there is nothing to keep: a stack's repositories are
stored without effect, and this answers that the registry has none.
"""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params, Service


def ecr_service() -> Service:
    """The service."""
    return Service("ecr", {"DescribeRepositories": _describe_repositories})


async def _describe_repositories(call: Call, params: Params) -> dict[str, Any]:
    """None, or that the first one asked for is not there."""
    registry = params.get("registryId") or call.account
    for name in params.get("repositoryNames") or ():
        raise ServiceError(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id "
            f"'{registry}'",
        )
    return {"repositories": []}
