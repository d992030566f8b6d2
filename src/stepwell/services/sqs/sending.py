"""SendMessage and SendMessageBatch: what may be sent, deduplication, the answer.

`send` is synchronous, so that the engine can send as part of its own turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ports import Caller
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sqs import batches, limits, message_attributes
from stepwell.services.sqs.errors import (
    invalid_parameter,
    invalid_value,
    missing_parameter,
)
from stepwell.services.sqs.message_attributes import AttributeValue
from stepwell.services.sqs.messages import DELAYED, Message, sequence_number, text_md5
from stepwell.services.sqs.parameters import integer, members, required, text
from stepwell.services.sqs.queue import Queue, Seen
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import DEDUPLICATION, MESSAGE, DeduplicationRow

_IDENTIFIER = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_FORGOTTEN_PER_SEND = 4
_NO_DEDUPLICATION = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
    "provided explicitly"
)


@dataclass(slots=True)
class Draft:
    """A message that may be sent."""

    body: str
    size_bytes: int
    attributes: dict[str, AttributeValue] | None
    trace: AttributeValue | None
    delay_ms: int
    group: str | None
    deduplication: str | None


async def send_message(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """SendMessage."""
    with queues.ledger.stage() as turn:
        answer = send(queues, turn, call.account, call.region, params)
    await queues.ledger.committed()
    return answer


async def send_message_batch(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """SendMessageBatch: every entry succeeds or fails by itself."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    entries = batches.check(params, "SendMessageBatchRequestEntry")
    batches.check_size(entries)
    drafts: list[tuple[str, Draft]] = []
    outcome = batches.Outcome()
    for entry in entries:
        if queue.fifo:
            _check_fifo_entry(queue, entry)
        try:
            drafts.append((entry["Id"], compose(queue, entry)))
        except ServiceError as error:
            outcome.fail(entry["Id"], _as_in_batches(error))
    total = sum(draft.size_bytes for _, draft in drafts)
    if total > limits.MESSAGE_BYTES_MAX:
        raise batches.too_long(total)
    with queues.ledger.stage() as turn:
        for entry_id, draft in drafts:
            answer = accept(queues, turn, queue, call.account, draft)
            outcome.succeed({"Id": entry_id, **answer})
    await queues.ledger.committed()
    return outcome.answer()


def _check_fifo_entry(queue: Queue, entry: Mapping[str, Any]) -> None:
    """What FIFO queues need of every entry; AWS refuses the whole batch."""
    if entry.get("MessageGroupId") is None:
        raise invalid_parameter(missing_parameter("MessageGroupId").message)
    if entry.get("MessageDeduplicationId") is None and not queue.rules.content_deduplication:
        raise invalid_parameter(_NO_DEDUPLICATION)


def _as_in_batches(error: ServiceError) -> ServiceError:
    """AWS words the refusal of a too long message differently in a batch."""
    message = error.message.replace("parameters are invalid.", "parameters cannot be validated.")
    return ServiceError(error.code, message)


def send_within(queues: Queues, turn: Turn, call: Caller, params: Params) -> dict[str, Any]:
    """Send one message as part of the caller's turn; the answer is that of SendMessage.

    Synchronous. Raises ServiceError before anything is changed, and StorageTrouble while the
    queues are being read again. The message is in memory at once: the caller must stage `turn`,
    whatever else goes wrong after this returns.
    """
    queues.check_settled()
    return send(queues, turn, call.account, call.region, params)


def send(queues: Queues, turn: Turn, account: str, region: str, params: Params) -> dict[str, Any]:
    """Check one message and put it into its queue as part of the turn."""
    queue = queues.find(account, region, required(params, "QueueUrl"))
    return accept(queues, turn, queue, account, compose(queue, params))


def compose(queue: Queue, params: Mapping[str, Any]) -> Draft:
    """The message that the parameters describe, or AWS's refusal."""
    body = _check_body(params)
    given = members(params, "MessageAttributes")
    attributes = message_attributes.check(given) if given else None
    system = members(params, "MessageSystemAttributes")
    trace = message_attributes.check_system(system) if system else None
    size_bytes = len(body) if body.isascii() else len(body.encode())
    if attributes:
        size_bytes += message_attributes.size_bytes(attributes)
    maximum = queue.rules.message_bytes_max
    if size_bytes > maximum:
        raise invalid_parameter(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{maximum} bytes."
        )
    group = _check_identifier(params, "MessageGroupId")
    deduplication = _check_identifier(params, "MessageDeduplicationId")
    if queue.fifo:
        deduplication = _check_fifo(queue, params, body, group, deduplication)
    elif deduplication is not None:
        raise invalid_value(
            deduplication,
            "MessageDeduplicationId",
            "The request includes a parameter that is not valid for this queue type.",
        )
    delay = integer(params, "DelaySeconds")
    if delay is None:
        delay_ms = queue.rules.delay_ms
    elif 0 <= delay <= limits.DELAY_SECONDS_MAX:
        # A FIFO queue only gets here with 0, which stands for its own delay.
        delay_ms = queue.rules.delay_ms if queue.fifo else delay * 1000
    else:
        raise invalid_value(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    return Draft(body, size_bytes, attributes, trace, delay_ms, group, deduplication)


def _check_body(params: Mapping[str, Any]) -> str:
    body = params.get("MessageBody")
    if body is None or body == "":
        raise missing_parameter("MessageBody")
    if not isinstance(body, str):
        raise invalid_parameter("The parameter MessageBody must be a string.")
    if not body.isprintable() and message_attributes.BAD_CHARACTERS.search(body):
        raise ServiceError("InvalidMessageContents", message_attributes.INVALID_CHARACTERS)
    return body


def _check_identifier(params: Mapping[str, Any], name: str) -> str | None:
    value = text(params, name)
    if value is None:
        return None
    if not _IDENTIFIER.fullmatch(value):
        raise invalid_value(
            value,
            name,
            f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )
    return value


def _check_fifo(
    queue: Queue, params: Mapping[str, Any], body: str, group: str | None, deduplication: str | None
) -> str:
    if params.get("DelaySeconds"):
        raise invalid_value(
            params["DelaySeconds"],
            "DelaySeconds",
            "The request include parameter that is not valid for this queue type.",
        )
    if group is None:
        raise missing_parameter("MessageGroupId")
    if deduplication is not None:
        return deduplication
    if not queue.rules.content_deduplication:
        raise invalid_parameter(_NO_DEDUPLICATION)
    return sha256(body.encode()).hexdigest()


def accept(queues: Queues, turn: Turn, queue: Queue, sender: str, draft: Draft) -> dict[str, Any]:
    """Put a checked message into the queue as part of the turn, unless it is a duplicate."""
    now = queues.clock.now()
    md5_of_body = text_md5(draft.body)
    if queue.fifo:
        seen = _recall(turn, queue, draft, now)
        if seen is not None:
            return _answer(draft, md5_of_body, seen.message_id, seen.sequence)
    message = Message(
        sequence=queues.ids.next_id(),
        message_id=queues.ids.uuid(),
        body=draft.body,
        sender=sender,
        sent_at=now,
        visible_at=now + draft.delay_ms,
        attributes=draft.attributes,
        group=draft.group,
        deduplication=draft.deduplication,
        trace=draft.trace["StringValue"] if draft.trace else None,
        md5_of_body=md5_of_body,
    )
    if queue.fifo:
        _remember(turn, queue, draft, message, now)
    put(queues, turn, queue, message, now)
    sequence = message.sequence if queue.fifo else None
    return _answer(draft, md5_of_body, message.message_id, sequence)


def put(queues: Queues, turn: Turn, queue: Queue, message: Message, now: int) -> None:
    """Put a new message into a queue: row, memory, long polls."""
    mailbox = queue.mailbox
    turn.put(MESSAGE, message.row(mailbox.box))
    held = mailbox.add(message, now)
    if queue.waiters:
        if held and message.state == DELAYED:
            queues.arm(queue)
        else:
            queues.wake(queue)


def _answer(
    draft: Draft, md5_of_body: str, message_id: str, sequence: int | None
) -> dict[str, Any]:
    answer = {"MD5OfMessageBody": md5_of_body, "MessageId": message_id}
    if draft.attributes:
        answer["MD5OfMessageAttributes"] = message_attributes.md5(draft.attributes)
    if draft.trace:
        answer["MD5OfMessageSystemAttributes"] = message_attributes.md5(
            {"AWSTraceHeader": draft.trace}
        )
    if sequence is not None:
        answer["SequenceNumber"] = sequence_number(sequence)
    return answer


def _identity(queue: Queue, draft: Draft) -> str:
    # Group ids hold no blanks, so the two parts cannot run into each other.
    if queue.rules.deduplication_per_group:
        return f"{draft.group} {draft.deduplication}"
    return draft.deduplication or ""


def _recall(turn: Turn, queue: Queue, draft: Draft, now: int) -> Seen | None:
    """What was sent under this deduplication id within the interval."""
    forget(turn, queue, now, _FORGOTTEN_PER_SEND)
    seen = queue.deduplication.get(_identity(queue, draft))
    if seen is None and queue.rules.deduplication_per_group:
        # Ids seen before the scope was narrowed still count for all groups, as AWS has it.
        seen = queue.deduplication.get(draft.deduplication or "")
    return seen if seen is not None and seen.expires_at > now else None


def _remember(turn: Turn, queue: Queue, draft: Draft, message: Message, now: int) -> None:
    identity = _identity(queue, draft)
    expires_at = now + limits.DEDUPLICATION_MILLISECONDS
    queue.deduplication.pop(identity, None)
    queue.deduplication[identity] = Seen(message.message_id, message.sequence, expires_at)
    turn.put(
        DEDUPLICATION,
        DeduplicationRow(queue.id, identity, message.message_id, message.sequence, expires_at),
    )


def forget(turn: Turn, queue: Queue, now: int, most: int) -> None:
    """Drop up to so many deduplication ids whose interval is over."""
    expired: list[str] = []
    for identity, seen in queue.deduplication.items():
        if seen.expires_at > now or len(expired) >= most:
            break
        expired.append(identity)
    for identity in expired:
        del queue.deduplication[identity]
        turn.delete(DEDUPLICATION, (queue.id, identity))
