"""Tags of queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.sqs.errors import invalid_parameter, missing_parameter
from stepwell.services.sqs.limits import TAGS_MAX
from stepwell.services.sqs.parameters import required
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import QUEUE


def check_tags(tags: Mapping[str, str]) -> None:
    """At most fifty, keys up to 128 characters, values up to 256, no reserved prefix."""
    if len(tags) > TAGS_MAX:
        raise invalid_parameter(f"Too many tags added for queue. Maximum is {TAGS_MAX}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise invalid_parameter(
                f"Tag key {key} must have 1 to 128 characters and not start with aws:."
            )
        if len(value) > 256:
            raise invalid_parameter("Tag values must be at most 256 characters long.")


async def list_queue_tags(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """ListQueueTags."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    return {"Tags": dict(queue.tags)} if queue.tags else {}


async def tag_queue(queues: Queues, call: Call, params: Params) -> None:
    """TagQueue: a key that is there already gets the new value."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    tags: dict[str, str] | None = params.get("Tags")
    if not tags:
        raise missing_parameter("Tags")
    after = {**queue.tags, **tags}
    check_tags(after)
    await _replace(queues, queue, after)


async def untag_queue(queues: Queues, call: Call, params: Params) -> None:
    """UntagQueue: keys that are not there are no error."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    keys: list[str] | None = params.get("TagKeys")
    if not keys:
        raise missing_parameter("TagKeys")
    await _replace(queues, queue, {k: v for k, v in queue.tags.items() if k not in keys})


async def _replace(queues: Queues, queue: Queue, tags: dict[str, str]) -> None:
    queue.tags = tags
    with queues.ledger.stage() as turn:
        turn.put(QUEUE, queue.row())
    await queues.ledger.committed()
