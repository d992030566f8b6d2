"""What a consumer does with a message it received: delete it, or change when it comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sqs import batches, limits, receipts
from stepwell.services.sqs.errors import (
    expired_receipt_handle,
    invalid_value,
    missing_parameter,
)
from stepwell.services.sqs.messages import IN_FLIGHT
from stepwell.services.sqs.parameters import integer, required
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import MESSAGE


async def delete_message(queues: Queues, call: Call, params: Params) -> None:
    """DeleteMessage. A message that is gone already is no error."""
    handle = required(params, "ReceiptHandle")
    queue = await _reach(queues, call, params, [handle])
    with queues.ledger.stage() as turn:
        _delete(queues, turn, queue, handle)
    if queue.fifo:
        queues.wake(queue)
    await queues.ledger.committed()


async def delete_message_batch(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """DeleteMessageBatch: every entry succeeds or fails by itself."""
    queues.find(call.account, call.region, required(params, "QueueUrl"))
    entries = batches.check(params, "DeleteMessageBatchRequestEntry")
    handles = [entry.get("ReceiptHandle") for entry in entries]
    queue = await _reach(queues, call, params, handles)
    outcome = batches.Outcome()
    with queues.ledger.stage() as turn:
        for entry in entries:
            try:
                _delete(queues, turn, queue, required(entry, "ReceiptHandle"))
                outcome.succeed({"Id": entry["Id"]})
            except ServiceError as error:
                outcome.fail(entry["Id"], error)
    if queue.fifo:
        queues.wake(queue)
    await queues.ledger.committed()
    return outcome.answer()


async def change_message_visibility(queues: Queues, call: Call, params: Params) -> None:
    """ChangeMessageVisibility: from now on, not from the receive."""
    handle = required(params, "ReceiptHandle")
    queue = await _reach(queues, call, params, [handle])
    with queues.ledger.stage() as turn:
        _change(queues, turn, queue, handle, params)
    _surface(queues, queue)
    await queues.ledger.committed()


async def change_message_visibility_batch(
    queues: Queues, call: Call, params: Params
) -> dict[str, Any]:
    """ChangeMessageVisibilityBatch: every entry succeeds or fails by itself."""
    queues.find(call.account, call.region, required(params, "QueueUrl"))
    entries = batches.check(params, "ChangeMessageVisibilityBatchRequestEntry")
    handles = [entry.get("ReceiptHandle") for entry in entries]
    queue = await _reach(queues, call, params, handles)
    outcome = batches.Outcome()
    with queues.ledger.stage() as turn:
        for entry in entries:
            try:
                _change(queues, turn, queue, required(entry, "ReceiptHandle"), entry)
                outcome.succeed({"Id": entry["Id"]})
            except ServiceError as error:
                outcome.fail(entry["Id"], error)
    _surface(queues, queue)
    await queues.ledger.committed()
    return outcome.answer()


def held(queues: Queues, queue: Queue, handles: Iterable[str]) -> set[str]:
    """The handles whose message is there and was given to nobody else since."""
    messages = queue.mailbox.messages
    queue.mailbox.tick(queues.clock.now())
    found = set()
    for handle in handles:
        receipt = receipts.decode(handle, queue.id)
        message = messages.get(receipt.sequence)
        if message is None or message.receipt != receipt.nonce:
            continue
        if message.state == IN_FLIGHT or not queue.fifo:
            found.add(handle)
    return found


def discard(queues: Queues, turn: Turn, queue: Queue, handles: Iterable[str]) -> None:
    """Delete messages that are held, as part of the turn of whoever took them over."""
    for handle in handles:
        _delete(queues, turn, queue, handle)
    if queue.fifo:
        queues.wake(queue)


async def reach(queues: Queues, call: Call, url: str, handles: Sequence[str]) -> None:
    """Have these messages in memory, for `held` and `discard`."""
    await _reach(queues, call, {"QueueUrl": url}, list(handles))


async def _reach(queues: Queues, call: Call, params: Params, handles: list[str | None]) -> Queue:
    """The queue, loaded as far as the handles point, which may be beyond the window.

    Handles that cannot be read are left for the operation to refuse.
    """
    url = required(params, "QueueUrl")
    queue = queues.find(call.account, call.region, url)
    if queue.mailbox.horizon is None:
        return queue
    far = _farthest(queue, handles)
    while (horizon := queue.mailbox.horizon) is not None:
        if not horizon <= far <= queue.mailbox.last_sequence:
            break
        await queues.load_more(queue)
        # A failed commit may have replaced the queue meanwhile.
        await queues.settled()
        queue = queues.find(call.account, call.region, url)
    return queue


def _farthest(queue: Queue, handles: list[str | None]) -> int:
    far = 0
    for handle in handles:
        try:
            far = max(far, receipts.decode(handle or "", queue.id).sequence)
        except ServiceError:
            continue
    return far


def _delete(queues: Queues, turn: Turn, queue: Queue, handle: str) -> None:
    receipt = receipts.decode(handle, queue.id)
    mailbox = queue.mailbox
    mailbox.tick(queues.clock.now())
    message = mailbox.messages.get(receipt.sequence)
    if message is None:
        return
    if queue.fifo and (message.state != IN_FLIGHT or message.receipt != receipt.nonce):
        raise expired_receipt_handle(handle)
    mailbox.remove(message)
    turn.delete(MESSAGE, (mailbox.box, message.sequence))


def _change(
    queues: Queues, turn: Turn, queue: Queue, handle: str, params: Mapping[str, Any]
) -> None:
    seconds = integer(params, "VisibilityTimeout")
    if seconds is None:
        raise missing_parameter("VisibilityTimeout")
    if not 0 <= seconds <= limits.VISIBILITY_SECONDS_MAX:
        raise invalid_value(
            seconds,
            "VisibilityTimeout",
            f"VisibilityTimeout must be an integer between 0 and {limits.VISIBILITY_SECONDS_MAX}.",
        )
    receipt = receipts.decode(handle, queue.id)
    now = queues.clock.now()
    mailbox = queue.mailbox
    mailbox.tick(now)
    message = mailbox.messages.get(receipt.sequence)
    if message is None:
        raise invalid_value(
            handle,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
        )
    if queue.fifo and (message.state != IN_FLIGHT or message.receipt != receipt.nonce):
        raise expired_receipt_handle(handle)
    if message.state != IN_FLIGHT:
        # Its time ran out: AWS answers success and changes nothing.
        return
    visible_at = now + seconds * 1000
    if visible_at - message.received_at > limits.VISIBILITY_SECONDS_MAX * 1000:
        raise invalid_value(
            seconds,
            "VisibilityTimeout",
            "Total VisibilityTimeout for the message is beyond the limit "
            f"[{limits.VISIBILITY_SECONDS_MAX} seconds].",
        )
    mailbox.reschedule(message, visible_at)
    turn.put(MESSAGE, message.row(mailbox.box))


def _surface(queues: Queues, queue: Queue) -> None:
    """Messages that came back at once are there for whoever waits."""
    queue.mailbox.tick(queues.clock.now())
    if queue.waiters:
        queues.wake(queue)
