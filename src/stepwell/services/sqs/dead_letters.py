"""Dead letters: moving a message that was received too often, and who sends them where."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sqs import paging, sending
from stepwell.services.sqs.messages import Message
from stepwell.services.sqs.parameters import required
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import MESSAGE


def bury(
    queues: Queues, turn: Turn, queue: Queue, graveyard: Queue, message: Message, now: int
) -> None:
    """Move a ready message to the dead-letter queue as part of the turn.

    It keeps its id. In a standard queue it also keeps the time it was sent, which its expiry
    counts from; a FIFO queue counts anew.
    """
    queue.mailbox.remove(message)
    turn.delete(MESSAGE, (queue.mailbox.box, message.sequence))
    letter = Message(
        sequence=queues.ids.next_id(),
        message_id=message.message_id,
        body=message.body,
        sender=message.sender,
        sent_at=now if graveyard.fifo else message.sent_at,
        visible_at=now,
        attributes=message.attributes,
        group=message.group,
        deduplication=message.deduplication,
        trace=message.trace,
        source_arn=queue.arn,
        earlier_receives=message.earlier_receives + message.receive_count,
        md5_of_body=message.md5_of_body,
    )
    letter.first_received_at = message.first_received_at
    sending.put(queues, turn, graveyard, letter, now)


def sources_of(queues: Queues, queue: Queue) -> list[Queue]:
    """The queues whose dead letters go to this one."""
    return sorted(
        (other for other in queues.everyone() if other.rules.dead_letter_arn == queue.arn),
        key=lambda other: other.name,
    )


async def list_dead_letter_source_queues(
    queues: Queues, call: Call, params: Params
) -> dict[str, Any]:
    """ListDeadLetterSourceQueues."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    urls = {other.name: other.url(call.base_url) for other in sources_of(queues, queue)}
    page, token = paging.cut(urls, params)
    answer: dict[str, Any] = {"queueUrls": page}
    if token is not None:
        answer["NextToken"] = token
    return answer
