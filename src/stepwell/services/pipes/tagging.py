"""Tags of pipes."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.pipes.errors import invalid
from stepwell.services.pipes.pipes import Pipes
from stepwell.services.pipes.records import PipeRow, tags_of
from stepwell.values import encode_text

TAGS_MAX = 50


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    """The tags, when there are not too many. Raises ServiceError."""
    if len(tags) > TAGS_MAX:
        raise invalid(f"A pipe has at most {TAGS_MAX} tags.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tag keys that begin with aws: are reserved.")
    return tags


def tag_resource(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """TagResource: a key that is there already gets the new value."""
    row = _find(pipes, params["resourceArn"])
    tags = checked_tags({**tags_of(row), **params["tags"]})
    pipes.pipes.put(turn, row._replace(tags=encode_text(tags)))
    return {}


def untag_resource(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UntagResource: keys that are not there are no error."""
    row = _find(pipes, params["resourceArn"])
    gone = set(params["tagKeys"])
    tags = {key: value for key, value in tags_of(row).items() if key not in gone}
    pipes.pipes.put(turn, row._replace(tags=encode_text(tags)))
    return {}


def list_tags_for_resource(pipes: Pipes, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"tags": tags_of(_find(pipes, params["resourceArn"]))}


def _find(pipes: Pipes, arn: str) -> PipeRow:
    parts = arn.split(":", 5)
    row = None
    if len(parts) == 6 and parts[5].startswith("pipe/"):
        row = pipes.pipes.get(f"{parts[4]}:{parts[3]}", parts[5].removeprefix("pipe/"))
    if row is None:
        raise ServiceError("NotFoundException", f"Resource {arn} does not exist.", status=404)
    return row
