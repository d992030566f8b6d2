"""Who holds a task token now: which message in which queue, or which call.

Where the token went is in the history (TaskScheduled, TaskSubmitted); what became of the message is
asked of the queues. Nothing is kept for this.
"""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.language.timestamps import format_timestamp
from stepwell.runtime.ports import Clock
from stepwell.services.sqs.messages import DELAYED, IN_FLIGHT, Message
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.values import JsonObject

GRAVEYARDS_MAX = 3
"""How many dead-letter queues a message is followed through."""


class Custody:
    """See the module. Implements services.states.insight.FindHolder."""

    def __init__(self, queues: Queues, clock: Clock) -> None:
        self._queues = queues
        self._clock = clock

    def __call__(
        self, account: str, region: str, scheduled: JsonObject, submitted: JsonObject | None
    ) -> JsonObject | None:
        """The holder of a token whose task was scheduled so; `submitted` is the call's answer."""
        kind = str(scheduled.get("resourceType"))
        parameters = scheduled.get("parameters")
        given = parameters if isinstance(parameters, dict) else {}
        if kind == "sqs":
            return self._message(account, region, given, submitted)
        if kind == "lambda":
            return _invocation(given, submitted)
        if kind == "sns":
            return _sent("notification", "topic", given.get("TopicArn"), submitted, "MessageId")
        if kind == "events":
            return _sent("event", "bus", None, submitted, "Entries")
        if submitted is None:
            return {"kind": "call", "explanation": f"The call of {kind} is under way."}
        return {"kind": "call", "explanation": f"The call of {kind} was answered."}

    def _message(
        self, account: str, region: str, given: JsonObject, submitted: JsonObject | None
    ) -> JsonObject | None:
        if submitted is None:
            return {"kind": "call", "explanation": "The message is being sent."}
        number = str(submitted.get("MessageId"))
        shown: JsonObject = {"kind": "message", "messageId": number}
        try:
            queue: Queue | None = self._queues.find(account, region, str(given.get("QueueUrl")))
        except ServiceError:
            text = "The message's queue does not exist any more."
            return {**shown, "status": "GONE", "explanation": text}
        began = queue
        for _ in range(GRAVEYARDS_MAX + 1):
            if queue is None:
                break
            found = _find(queue, number)
            if found is not None:
                return {**shown, **self._told(queue, found, dead=queue is not began)}
            if queue.mailbox.horizon is not None:
                text = f"The message {number} is in {queue.name}, behind many others."
                return {**shown, "queue": queue.name, "explanation": text}
            queue = self._queues.by_arn(queue.rules.dead_letter_arn)
        name = "" if began is None else began.name
        text = (
            f"The message {number} is no longer in {name}: a consumer deleted it, or it expired. "
            "Whoever took it may still answer."
        )
        return {**shown, "queue": name, "status": "GONE", "explanation": text}

    def _told(self, queue: Queue, message: Message, *, dead: bool) -> JsonObject:
        queue.mailbox.tick(self._clock.now())
        count = message.receive_count + message.earlier_receives
        received = f", received {count} times" if count else ", never received"
        if count == 1:
            received = ", received once"
        status, text = "WAITING", f"waits in {queue.name}{received}"
        if message.state == DELAYED:
            until = format_timestamp(message.visible_at)
            status, text = "DELAYED", f"is held back in {queue.name} until {until}"
        if message.state == IN_FLIGHT:
            until = format_timestamp(message.visible_at)
            status = "IN_FLIGHT"
            text = f"was taken from {queue.name}{received}; it comes back at {until}"
        if dead:
            status, text = "DEAD_LETTER", f"is a dead letter in {queue.name}{received}"
        shown: JsonObject = {
            "queue": queue.name,
            "status": status,
            "receiveCount": count,
            "explanation": f"The message {message.message_id} {text}.",
        }
        if message.received_at:
            shown["receivedAt"] = format_timestamp(message.received_at)
        return shown


def _find(queue: Queue, number: str) -> Message | None:
    return next((m for m in queue.mailbox.messages.values() if m.message_id == number), None)


def _invocation(given: JsonObject, submitted: JsonObject | None) -> JsonObject:
    function = str(given.get("FunctionName", "")).rpartition(":")[2]
    shown: JsonObject = {"kind": "invocation", "function": function}
    if submitted is None:
        text = f"The function {function} is running, or waits for its turn."
        return {**shown, "status": "RUNNING", "explanation": text}
    text = f"The function {function} has returned; it, or whoever it told, may still answer."
    return {**shown, "status": "RETURNED", "explanation": text}


def _sent(
    kind: str, place: str, where: object, submitted: JsonObject | None, member: str
) -> JsonObject:
    if submitted is None:
        return {"kind": kind, "explanation": f"The {kind} is being sent."}
    number = submitted.get(member)
    if isinstance(number, list) and number and isinstance(number[0], dict):
        number = number[0].get("EventId")
    name = f" through {where.rpartition(':')[2]}" if isinstance(where, str) else f" on its {place}"
    text = f"The {kind} {number} went out{name}; whoever got it may answer."
    return {"kind": kind, "id": str(number), "status": "SENT", "explanation": text}
