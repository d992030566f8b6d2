"""Queues themselves: create, find, list, delete, purge, and their attributes."""

from __future__ import annotations

import re
from typing import Any

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.sqs import paging, queue_attributes
from stepwell.services.sqs.errors import invalid_value, unknown_attribute
from stepwell.services.sqs.mailbox import Mailbox
from stepwell.services.sqs.parameters import required, text
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import ABANDONED, QUEUE, AbandonedRow, QueueRow
from stepwell.services.sqs.tagging import check_tags

_NAME = re.compile(r"[A-Za-z0-9_\-]{1,80}")
_FIFO_NAME = re.compile(r"(?=.{1,80}$)[A-Za-z0-9_\-]*\.fifo")


async def create_queue(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """CreateQueue; the same name with the same attributes answers the queue that exists."""
    name = required(params, "QueueName")
    given: dict[str, str] = params.get("Attributes") or {}
    tags: dict[str, str] = params.get("tags") or {}
    _check_name(name, fifo=given.get("FifoQueue") == "true")
    attributes = queue_attributes.check_created(given)
    existing = queues.in_scope(call.account, call.region).get(name)
    if existing is not None:
        _check_same(existing, attributes)
        await queues.ledger.committed()
        return {"QueueUrl": existing.url(call.base_url)}
    queue = _new_queue(queues, call, name, attributes, tags)
    _check_deleted_recently(queues, call, name)
    _check_dead_letter_target(queues, queue, attributes)
    with queues.ledger.stage() as turn:
        turn.put(QUEUE, queue.row())
    queues.enlist(queue)
    await queues.ledger.committed()
    return {"QueueUrl": queue.url(call.base_url)}


async def get_queue_url(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """GetQueueUrl, also of another account."""
    name = required(params, "QueueName")
    account = text(params, "QueueOwnerAWSAccountId") or call.account
    queue = queues.find(account, call.region, name)
    return {"QueueUrl": queue.url(call.base_url)}


async def list_queues(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """ListQueues by name, with prefix and pages."""
    prefix = text(params, "QueueNamePrefix") or ""
    urls = {
        name: queue.url(call.base_url)
        for name, queue in queues.in_scope(call.account, call.region).items()
        if name.startswith(prefix)
    }
    page, token = paging.cut(urls, params)
    answer: dict[str, Any] = {}
    if page:
        answer["QueueUrls"] = page
    if token is not None:
        answer["NextToken"] = token
    return answer


async def delete_queue(queues: Queues, call: Call, params: Params) -> None:
    """DeleteQueue with all its messages; their rows are cleared later."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    box = queue.mailbox.box
    with queues.ledger.stage() as turn:
        turn.delete(QUEUE, (call_scope(queue), queue.name))
        turn.put(ABANDONED, AbandonedRow(0, box, queue.id))
    queues.abandoned[box] = queue.id
    if queues.settings.deleted_name_seconds:
        queues.deleted_at[(call_scope(queue), queue.name)] = queues.clock.now()
    queues.strike(queue)
    await queues.ledger.committed()


async def purge_queue(queues: Queues, call: Call, params: Params) -> None:
    """PurgeQueue: messages ready, delayed and in flight are gone at once."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    now = queues.clock.now()
    interval_ms = queues.settings.purge_interval_seconds * 1000
    if queue.purged_at and now - queue.purged_at < interval_ms:
        raise ServiceError(
            "PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.name} is allowed every "
            f"{queues.settings.purge_interval_seconds} seconds.",
            status=403,
        )
    old = queue.mailbox
    queue.mailbox = Mailbox(queues.ids.next_id(), queues.settings, fifo=queue.fifo)
    queue.purged_at = now
    with queues.ledger.stage() as turn:
        turn.put(QUEUE, queue.row())
        turn.put(ABANDONED, AbandonedRow(0, old.box, 0))
    queues.abandoned[old.box] = 0
    queues.arm(queue)
    await queues.ledger.committed()


async def get_queue_attributes(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """GetQueueAttributes: those asked for that the queue has."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    names: list[str] = params.get("AttributeNames") or []
    for name in names:
        if name != "All" and name not in queue_attributes.NAMES:
            raise unknown_attribute(name)
    if not names:
        return {}
    mailbox = queue.mailbox
    mailbox.tick(queues.clock.now())
    everything = {
        "QueueArn": queue.arn,
        "ApproximateNumberOfMessages": str(mailbox.visible),
        "ApproximateNumberOfMessagesNotVisible": str(mailbox.in_flight),
        "ApproximateNumberOfMessagesDelayed": str(mailbox.delayed),
        "CreatedTimestamp": str(queue.created_at // 1000),
        "LastModifiedTimestamp": str(queue.modified_at // 1000),
        **queue_attributes.shown(queue.attributes, fifo=queue.fifo),
    }
    if "All" not in names:
        everything = {name: everything[name] for name in names if name in everything}
    return {"Attributes": everything} if everything else {}


async def set_queue_attributes(queues: Queues, call: Call, params: Params) -> None:
    """SetQueueAttributes: all of them, or none when one is refused."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    changes: dict[str, str] = params.get("Attributes") or {}
    after = queue_attributes.check_changed(queue.attributes, changes, fifo=queue.fifo)
    if "RedrivePolicy" in changes:
        _check_dead_letter_target(queues, queue, after)
    replace_attributes(queues, queue, after)
    await queues.ledger.committed()


def replace_attributes(queues: Queues, queue: Queue, attributes: dict[str, str]) -> None:
    """Give the queue checked attributes, in memory and staged."""
    queue.replace_attributes(attributes)
    queue.modified_at = queues.clock.now()
    with queues.ledger.stage() as turn:
        turn.put(QUEUE, queue.row())


def call_scope(queue: Queue) -> str:
    """The partition a queue's name is unique in."""
    return f"{queue.account}:{queue.region}"


def _check_name(name: str, *, fifo: bool) -> None:
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid_value(
            name,
            "QueueName",
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
            "underscores, must end with .fifo suffix and be 1 to 80 in length.",
        )
    if not fifo and not _NAME.fullmatch(name):
        raise invalid_value(
            name,
            "QueueName",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )


def _new_queue(
    queues: Queues, call: Call, name: str, attributes: dict[str, str], tags: dict[str, str]
) -> Queue:
    check_tags(tags)
    now = queues.clock.now()
    kept = {key: value for key, value in attributes.items() if value != ""}
    queue_id, box = queues.ids.next_id(), queues.ids.next_id()
    row = QueueRow(
        call.scope,
        name,
        queue_id,
        box,
        now,
        now,
        0,
        values.encode_text(kept),
        values.encode_text(tags),
    )
    return Queue(row, Mailbox(box, queues.settings, fifo=kept.get("FifoQueue") == "true"))


def _check_same(existing: Queue, attributes: dict[str, str]) -> None:
    current = queue_attributes.shown(existing.attributes, fifo=existing.fifo)
    for name, value in attributes.items():
        if current.get(name, "") != value:
            raise ServiceError(
                "QueueNameExists",
                "A queue already exists with the same name and a different value for attribute "
                f"{name}",
            )


def _check_deleted_recently(queues: Queues, call: Call, name: str) -> None:
    held_ms = queues.settings.deleted_name_seconds * 1000
    deleted_at = queues.deleted_at.get((call.scope, name))
    if deleted_at is None:
        return
    if queues.clock.now() - deleted_at < held_ms:
        raise ServiceError(
            "QueueDeletedRecently",
            f"You must wait {queues.settings.deleted_name_seconds} seconds after deleting a queue "
            "before you can create another with the same name.",
        )
    del queues.deleted_at[(call.scope, name)]


def _check_dead_letter_target(queues: Queues, queue: Queue, attributes: dict[str, str]) -> None:
    policy = attributes.get("RedrivePolicy")
    if not policy:
        return
    target = queues.by_arn(queue_attributes.rules(attributes).dead_letter_arn)
    if target is None:
        raise invalid_value(policy, "RedrivePolicy", "Dead letter target does not exist.")
    if target.fifo != queue.fifo:
        raise invalid_value(
            policy, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source."
        )
    if (target.account, target.region) != (queue.account, queue.region):
        raise invalid_value(
            policy,
            "RedrivePolicy",
            "Dead-letter queue must be in the same account and region as the source.",
        )
    if not queue_attributes.allows_source(target.attributes, queue.arn):
        raise invalid_value(
            policy, "RedrivePolicy", "The dead-letter queue does not allow this source queue."
        )
