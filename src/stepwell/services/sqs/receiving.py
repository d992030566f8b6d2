"""ReceiveMessage: taking ready messages, dead letters, waiting for more.

A receive takes what is ready in one synchronous step and answers when that is on disk. A long poll
that finds nothing waits to be woken, and looks again; so a poll that goes away while it waits has
taken nothing, and hands its call on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sqs import dead_letters, limits, message_attributes, receipts
from stepwell.services.sqs.errors import invalid_value, unknown_attribute
from stepwell.services.sqs.messages import IN_FLIGHT, Message, sequence_number, text_md5
from stepwell.services.sqs.parameters import integer, required, text
from stepwell.services.sqs.queue import Attempt, Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import MESSAGE

_SYSTEM_ATTRIBUTES: dict[str, Callable[[Message, Queue], str | None]] = {
    "SenderId": lambda message, queue: message.sender,
    "SentTimestamp": lambda message, queue: str(message.sent_at),
    "ApproximateReceiveCount": lambda message, queue: str(
        message.earlier_receives + message.receive_count
    ),
    "ApproximateFirstReceiveTimestamp": lambda message, queue: str(message.first_received_at),
    "SequenceNumber": lambda message, queue: (
        sequence_number(message.sequence) if queue.fifo else None
    ),
    "MessageDeduplicationId": lambda message, queue: message.deduplication,
    "MessageGroupId": lambda message, queue: message.group,
    "AWSTraceHeader": lambda message, queue: message.trace,
    "DeadLetterQueueSourceArn": lambda message, queue: message.source_arn,
}
# AWS takes the names of queue attributes here too, and shows nothing for them.
_IGNORED = frozenset({"Policy", "VisibilityTimeout", "SqsManagedSseEnabled", "QueueArn"})


@dataclass(frozen=True, slots=True)
class Request:
    """What one ReceiveMessage asks for."""

    most: int
    visibility_ms: int
    wait_ms: int
    system_names: Sequence[str]
    attribute_names: Sequence[str]
    attempt: str | None
    mark: int


async def receive_message(
    queues: Queues, call: Call, params: Params, *, mark: int = 0
) -> dict[str, Any]:
    """ReceiveMessage, with short and long polling.

    `mark` says that a part of this server is the consumer (receipts.OURS).
    """
    url = required(params, "QueueUrl")
    queue = queues.find(call.account, call.region, url)
    request = _read(queue, params, mark)
    deadline = queues.clock.now() + request.wait_ms
    while True:
        messages = _take(queues, queue, request)
        if messages:
            return await _answer(queues, queue, request, messages)
        mailbox = queue.mailbox
        if mailbox.horizon is not None and len(mailbox.messages) < limits.RESIDENT_MESSAGES_MAX:
            await queues.load_more(queue)
        elif queues.clock.now() >= deadline or queues.closing:
            # What was taken out, expired or dead, is staged; an empty answer promises nothing.
            return {}
        else:
            await _wait(queues, queue, deadline)
        await queues.settled()
        queue = queues.find(call.account, call.region, url)


async def _answer(
    queues: Queues, queue: Queue, request: Request, messages: list[Message]
) -> dict[str, Any]:
    receipt = messages[0].receipt
    answer = {"Messages": [_shown(queue, message, request) for message in messages]}
    try:
        await queues.ledger.committed()
    except asyncio.CancelledError:
        _give_back(queues, queue, messages, receipt)
        raise
    return answer


def _read(queue: Queue, params: Params, mark: int) -> Request:
    most = integer(params, "MaxNumberOfMessages")
    if most is None:
        most = 1
    elif not 1 <= most <= limits.RECEIVED_MESSAGES_MAX:
        raise invalid_value(most, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
    visibility = integer(params, "VisibilityTimeout")
    if visibility is not None and not 0 <= visibility <= limits.VISIBILITY_SECONDS_MAX:
        raise invalid_value(
            visibility,
            "VisibilityTimeout",
            f"Must be >= 0 and <= {limits.VISIBILITY_SECONDS_MAX}, if provided.",
        )
    wait = integer(params, "WaitTimeSeconds")
    if wait is not None and not 0 <= wait <= limits.WAIT_SECONDS_MAX:
        raise invalid_value(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
    attempt = text(params, "ReceiveRequestAttemptId")
    if attempt is not None:
        _check_attempt(queue, attempt)
    return Request(
        most,
        queue.rules.visibility_ms if visibility is None else visibility * 1000,
        queue.rules.wait_ms if wait is None else wait * 1000,
        _system_names(params),
        params.get("MessageAttributeNames") or (),
        attempt,
        mark,
    )


def _check_attempt(queue: Queue, attempt: str) -> None:
    if not queue.fifo:
        raise invalid_value(
            attempt,
            "ReceiveRequestAttemptId",
            "The request includes a parameter that is not valid for this queue type.",
        )
    if not 1 <= len(attempt) <= 128 or not attempt.isascii() or not attempt.isprintable():
        raise invalid_value(
            attempt,
            "ReceiveRequestAttemptId",
            "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. "
            "1 to 128 in length.",
        )


def _system_names(params: Params) -> Sequence[str]:
    names = [
        *(params.get("AttributeNames") or ()),
        *(params.get("MessageSystemAttributeNames") or ()),
    ]
    if "All" in names:
        return tuple(_SYSTEM_ATTRIBUTES)
    for name in names:
        if name not in _SYSTEM_ATTRIBUTES and name not in _IGNORED:
            raise unknown_attribute(name)
    return names


def _take(queues: Queues, queue: Queue, request: Request) -> list[Message]:
    """Put up to `most` messages into flight; what is expired or dead on the way is taken out."""
    now = queues.clock.now()
    mailbox = queue.mailbox
    mailbox.tick(now)
    if request.attempt is not None:
        repeated = _repeat(queues, queue, request, now)
        if repeated:
            return repeated
    first = mailbox.next()
    if first is None:
        mailbox.end()
        return []
    if mailbox.in_flight >= limits.IN_FLIGHT_MAX:
        mailbox.put_back(first)
        if queue.fifo:
            return []
        raise ServiceError("OverLimit", "Too many messages in flight.", status=403)
    with queues.ledger.stage() as turn:
        taken = _fly(queues, turn, queue, request, first, now)
    if request.attempt is not None and taken:
        _note(queue, request.attempt, taken, now)
    return taken


def _fly(
    queues: Queues, turn: Turn, queue: Queue, request: Request, first: Message, now: int
) -> list[Message]:
    mailbox, rules = queue.mailbox, queue.rules
    receipt = int.from_bytes(queues.ids.secret(7), "big") | request.mark
    oldest = now - rules.retention_ms
    graveyard = queues.by_arn(rules.dead_letter_arn) if rules.receive_count_max else None
    taken: list[Message] = []
    message: Message | None = first
    while message is not None:
        if message.sent_at <= oldest:
            mailbox.remove(message)
            turn.delete(MESSAGE, (mailbox.box, message.sequence))
        elif graveyard is not None and message.receive_count >= rules.receive_count_max:
            dead_letters.bury(queues, turn, queue, graveyard, message, now)
        else:
            mailbox.deliver(message, now, now + request.visibility_ms, receipt)
            turn.put(MESSAGE, message.row(mailbox.box))
            taken.append(message)
            if len(taken) == request.most:
                break
        message = mailbox.next()
    mailbox.end()
    return taken


def _repeat(queues: Queues, queue: Queue, request: Request, now: int) -> list[Message]:
    """The messages of an earlier receive with the same attempt id, if nothing changed since."""
    attempt = queue.attempts.get(request.attempt or "")
    if attempt is None or attempt.expires_at <= now:
        return []
    mailbox = queue.mailbox
    messages = [mailbox.messages.get(sequence) for sequence in attempt.sequences]
    same = [
        message
        for message in messages
        if message is not None and message.state == IN_FLIGHT and message.receipt == attempt.receipt
    ]
    if len(same) < len(messages):
        return []
    with queues.ledger.stage() as turn:
        for message in same:
            mailbox.reschedule(message, now + request.visibility_ms)
            turn.put(MESSAGE, message.row(mailbox.box))
    return same


def _note(queue: Queue, attempt: str, taken: list[Message], now: int) -> None:
    attempts = queue.attempts
    attempts.pop(attempt, None)
    while len(attempts) >= limits.ATTEMPTS_MAX:
        del attempts[next(iter(attempts))]
    attempts[attempt] = Attempt(
        now + limits.DEDUPLICATION_MILLISECONDS,
        taken[0].receipt,
        tuple(message.sequence for message in taken),
    )


def _give_back(queues: Queues, queue: Queue, messages: list[Message], receipt: int) -> None:
    """The client went away before it could know: undo its receive."""
    if queue.gone:
        return
    now = queues.clock.now()
    mailbox = queue.mailbox
    with queues.ledger.stage() as turn:
        for message in messages:
            held = mailbox.messages.get(message.sequence) is message
            if held and message.state == IN_FLIGHT and message.receipt == receipt:
                message.receive_count -= 1
                mailbox.reschedule(message, now)
                turn.put(MESSAGE, message.row(mailbox.box))
    mailbox.tick(now)
    queues.wake(queue)


async def _wait(queues: Queues, queue: Queue, deadline: int) -> None:
    """Return when there may be something, at the deadline, or when the server stops."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def over() -> None:
        if not waiter.done():
            waiter.set_result(None)

    queue.waiters.append(waiter)
    call_off = queues.alarm.call_at(deadline, over)
    queues.arm(queue)
    try:
        await waiter
    except asyncio.CancelledError:
        if waiter.done() and not waiter.cancelled():
            queues.wake(queue)
        raise
    finally:
        call_off()
        if waiter in queue.waiters:
            queue.waiters.remove(waiter)


def _shown(queue: Queue, message: Message, request: Request) -> dict[str, Any]:
    if message.md5_of_body is None:
        message.md5_of_body = text_md5(message.body)
    shown: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": receipts.encode(queue.id, message.sequence, message.receipt),
        "MD5OfBody": message.md5_of_body,
        "Body": message.body,
    }
    if request.system_names:
        attributes = {}
        for name in request.system_names:
            read = _SYSTEM_ATTRIBUTES.get(name)
            value = read(message, queue) if read is not None else None
            if value is not None:
                attributes[name] = value
        if attributes:
            shown["Attributes"] = attributes
    if message.attributes and request.attribute_names:
        selected = message_attributes.select(message.attributes, request.attribute_names)
        if selected:
            shown["MD5OfMessageAttributes"] = message_attributes.md5(selected)
            shown["MessageAttributes"] = dict(selected)
    return shown
