"""ListTags, TagResource, UntagResource: of functions and of event source mappings."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import invalid
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import TAGS_MAX
from stepwell.services.lambda_.records import FunctionRow, MappingRow
from stepwell.values import decode, encode_text


def check_tags(tags: dict[str, str]) -> dict[str, str]:
    """The tags, when there are not too many. Raises ServiceError."""
    if len(tags) > TAGS_MAX:
        raise invalid(f"Number of tags exceeds resource tag limit of {TAGS_MAX}.")
    return tags


async def list_tags(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """ListTags."""
    await functions.ready()
    return {"Tags": _tags(_resource(functions, call, params["Resource"]))}


async def tag_resource(functions: Lambda, call: Call, params: Params) -> None:
    """TagResource."""
    await functions.ready()
    row = _resource(functions, call, params["Resource"])
    await _put(functions, row, check_tags(_tags(row) | params["Tags"]))


async def untag_resource(functions: Lambda, call: Call, params: Params) -> None:
    """UntagResource."""
    await functions.ready()
    row = _resource(functions, call, params["Resource"])
    gone = set(params["TagKeys"])
    await _put(functions, row, {k: v for k, v in _tags(row).items() if k not in gone})


def _resource(functions: Lambda, call: Call, arn: str) -> FunctionRow | MappingRow:
    parts = arn.split(":")
    if len(parts) == 7 and parts[5] == "event-source-mapping":
        return functions.mapping(f"{parts[4]}:{parts[3]}", parts[6])
    if len(parts) != 7 or parts[5] != "function":
        raise invalid(f"Tags on function aliases and versions are not supported: {arn}")
    return functions.function(functions.named(call, arn))


def _tags(row: FunctionRow | MappingRow) -> dict[str, str]:
    if isinstance(row, FunctionRow):
        return cast("dict[str, str]", decode(row.tags))
    members = cast("dict[str, Any]", decode(row.configuration))
    return cast("dict[str, str]", members.get("_tags") or {})


async def _put(functions: Lambda, row: FunctionRow | MappingRow, tags: dict[str, str]) -> None:
    with functions.parts.ledger.stage() as turn:
        if isinstance(row, FunctionRow):
            functions.functions.put(turn, row._replace(tags=encode_text(tags)))
        else:
            members = cast("dict[str, Any]", decode(row.configuration)) | {"_tags": tags}
            functions.mappings.put(turn, row._replace(configuration=encode_text(members)))
    await functions.parts.ledger.committed()
