"""Tags of parameters."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.ssm.errors import invalid
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.ssm.records import ParameterRow, tags_of
from stepwell.values import encode_text

TAGS_MAX = 50


def read(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises ValidationException, TooManyTagsError."""
    tags = {each["Key"]: each["Value"] for each in given}
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tag keys that begin with aws: are reserved.")
    _check_count(tags)
    return tags


def _check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise ServiceError(
            "TooManyTagsError", f"The number of tags exceeds the limit of {TAGS_MAX}."
        )


async def add_tags(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """AddTagsToResource: a key that is there already gets the new value."""
    row = _find(parameters, call, params)
    after = {**tags_of(row), **read(params["Tags"])}
    _check_count(after)
    return await _replace(parameters, row, after)


async def remove_tags(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """RemoveTagsFromResource: keys that are not there are no error."""
    row = _find(parameters, call, params)
    gone = set(params["TagKeys"])
    return await _replace(parameters, row, {k: v for k, v in tags_of(row).items() if k not in gone})


async def list_tags(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    tags = tags_of(_find(parameters, call, params))
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _find(parameters: Parameters, call: Call, params: Params) -> ParameterRow:
    if params["ResourceType"] != "Parameter":
        raise ServiceError(
            "InvalidResourceType",
            f"Stepwell has parameters only, no {params['ResourceType']}.",
        )
    row = parameters.parameters.get(call.scope, params["ResourceId"])
    if row is None:
        raise ServiceError(
            "InvalidResourceId",
            "The resource ID is not valid. Verify that you entered the correct ID and try again.",
        )
    return row


async def _replace(
    parameters: Parameters, row: ParameterRow, tags: dict[str, str]
) -> dict[str, Any]:
    with parameters.parts.ledger.stage() as turn:
        parameters.parameters.put(turn, row._replace(tags=encode_text(tags)))
    await parameters.parts.ledger.committed()
    return {}
