"""Tags of roles, users, instance profiles and policies; permissions boundaries of the first two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from stepwell.services.api import Call, Params
from stepwell.services.iam import paging
from stepwell.services.iam.errors import invalid_input, limit_exceeded, no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import EntityRow, data_of, tags_of
from stepwell.values import encode_text

TAGS_MAX = 50

Find: TypeAlias = "Callable[[Iam, Call, Params], EntityRow]"


def read(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises InvalidInput, LimitExceeded."""
    tags = {each["Key"]: each["Value"] for each in given}
    if len({key.lower() for key in tags}) < len(given):
        raise invalid_input(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )
    _check_count(tags)
    return tags


def _check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise limit_exceeded(f"The number of tags has reached the maximum limit of {TAGS_MAX}.")


def by_name(kind: str, member: str) -> Find:
    """Finds an entity by the parameter that names it."""
    return lambda iam, call, params: iam.find(call.account, kind, params[member])


class Tagging:
    """The operations for one kind."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def tag(self, iam: Iam, call: Call, params: Params) -> None:
        """TagRole and the like: a key that is there already gets the new value."""
        row = self._find(iam, call, params)
        after = {**tags_of(row), **read(params["Tags"])}
        _check_count(after)
        await iam.keep(row._replace(tags=encode_text(after)))

    async def untag(self, iam: Iam, call: Call, params: Params) -> None:
        """UntagRole and the like: keys that are not there are no error."""
        row = self._find(iam, call, params)
        gone = set(params["TagKeys"])
        left = {key: value for key, value in tags_of(row).items() if key not in gone}
        await iam.keep(row._replace(tags=encode_text(left)))

    async def list(self, iam: Iam, call: Call, params: Params) -> dict[str, Any]:
        """ListRoleTags and the like."""
        tags = tags_of(self._find(iam, call, params))
        return paging.page(
            "Tags", list(tags), str, lambda key: {"Key": key, "Value": tags[key]}, params
        )


class Boundary:
    """Permissions boundaries of one kind."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def put(self, iam: Iam, call: Call, params: Params) -> None:
        """PutRolePermissionsBoundary, PutUserPermissionsBoundary."""
        row = self._find(iam, call, params)
        data = {**data_of(row), "boundary": params["PermissionsBoundary"]}
        await iam.keep(row._replace(data=encode_text(data)))

    async def delete(self, iam: Iam, call: Call, params: Params) -> None:
        """DeleteRolePermissionsBoundary, DeleteUserPermissionsBoundary."""
        row = self._find(iam, call, params)
        data = data_of(row)
        if data.get("boundary") is None:
            raise no_such_entity(f"{row.kind.capitalize()} {row.name} has no permissions boundary.")
        await iam.keep(row._replace(data=encode_text({**data, "boundary": None})))
