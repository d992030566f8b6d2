"""The operations of SQS as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.sqs import (
    administration,
    dead_letters,
    moves,
    permissions,
    receiving,
    sending,
    settling,
    tagging,
)
from stepwell.services.sqs.queues import Queues

_Operation = Callable[[Queues, Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "CreateQueue": administration.create_queue,
    "GetQueueUrl": administration.get_queue_url,
    "ListQueues": administration.list_queues,
    "DeleteQueue": administration.delete_queue,
    "PurgeQueue": administration.purge_queue,
    "GetQueueAttributes": administration.get_queue_attributes,
    "SetQueueAttributes": administration.set_queue_attributes,
    "SendMessage": sending.send_message,
    "SendMessageBatch": sending.send_message_batch,
    "ReceiveMessage": receiving.receive_message,
    "DeleteMessage": settling.delete_message,
    "DeleteMessageBatch": settling.delete_message_batch,
    "ChangeMessageVisibility": settling.change_message_visibility,
    "ChangeMessageVisibilityBatch": settling.change_message_visibility_batch,
    "ListDeadLetterSourceQueues": dead_letters.list_dead_letter_source_queues,
    "StartMessageMoveTask": moves.start_message_move_task,
    "ListMessageMoveTasks": moves.list_message_move_tasks,
    "CancelMessageMoveTask": moves.cancel_message_move_task,
    "AddPermission": permissions.add_permission,
    "RemovePermission": permissions.remove_permission,
    "ListQueueTags": tagging.list_queue_tags,
    "TagQueue": tagging.tag_queue,
    "UntagQueue": tagging.untag_queue,
}


_READS = frozenset(
    {
        "GetQueueUrl",
        "ListQueues",
        "GetQueueAttributes",
        "ListDeadLetterSourceQueues",
        "ListMessageMoveTasks",
        "ListQueueTags",
    }
)
"""Operations that change nothing. What they show may still be on its way to the disk."""


def service(queues: Queues) -> Service:
    """SQS on those queues."""
    return Service(
        "sqs",
        {
            name: _read(queues, run) if name in _READS else _bind(queues, run)
            for name, run in _OPERATIONS.items()
        },
        long_polls=frozenset({"ReceiveMessage"}),
        checks_itself=True,
    )


def _bind(queues: Queues, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await queues.settled()
        return await run(queues, call, params)

    return operation


def _read(queues: Queues, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await queues.settled()
        answer = await run(queues, call, params)
        await queues.ledger.committed()
        return answer

    return operation
