"""Message move tasks: bringing dead letters back, a turn at a time.

A task is a row, so it goes on after a restart. Each step moves some messages and counts them in the
same transaction; the next step comes after that is on disk, and no sooner than the rate allows.
Moved messages are new messages: new id, sent now, received never.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from functools import partial
from typing import Any

from stepwell import values
from stepwell.errors import StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sqs import dead_letters, limits, sending
from stepwell.services.sqs.errors import (
    invalid_parameter,
    invalid_value,
    resource_not_found,
)
from stepwell.services.sqs.messages import Message
from stepwell.services.sqs.parameters import integer, required, text
from stepwell.services.sqs.queue import Queue
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import MESSAGE, MOVE, MoveRow

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"
_NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


async def start_message_move_task(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """StartMessageMoveTask from a dead-letter queue to its sources, or to one queue."""
    source = _source(queues, required(params, "SourceArn"))
    destination_arn = text(params, "DestinationArn")
    if destination_arn is not None and queues.by_arn(destination_arn) is None:
        raise resource_not_found(
            "The resource that you specified for the DestinationArn parameter doesn't exist."
        )
    if destination_arn == source.arn:
        raise invalid_parameter("Source and destination queue must not be the same.")
    if not dead_letters.sources_of(queues, source):
        raise invalid_parameter("Source queue must be configured as a Dead Letter Queue.")
    rate = integer(params, "MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= limits.MOVED_PER_SECOND_MAX:
        raise invalid_value(
            rate,
            "MaxNumberOfMessagesPerSecond",
            f"Must be between 1 and {limits.MOVED_PER_SECOND_MAX}, if provided.",
        )
    if any(task.status == RUNNING for task in queues.moves[source.id]):
        raise invalid_parameter(
            "There is already a task running. Only one active task is allowed for a source queue "
            "arn at a given time."
        )
    task = MoveRow(
        source.id,
        queues.ids.next_id(),
        queues.ids.uuid(),
        RUNNING,
        destination_arn,
        rate,
        0,
        source.mailbox.visible,
        queues.clock.now(),
        None,
    )
    with queues.ledger.stage() as turn:
        _keep(queues, turn, task)
    run(queues, source, task.id)
    await queues.ledger.committed()
    return {"TaskHandle": _handle(source, task)}


async def list_message_move_tasks(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """ListMessageMoveTasks, the newest first."""
    source = _source(queues, required(params, "SourceArn"))
    most = integer(params, "MaxResults")
    if most is not None and not 1 <= most <= limits.MOVE_TASKS_LISTED_MAX:
        raise invalid_value(most, "MaxResults", "Must be between 1 and 10, if provided.")
    tasks = queues.moves[source.id][::-1][: most or 1]
    return {"Results": [_shown(source, task) for task in tasks]}


async def cancel_message_move_task(queues: Queues, call: Call, params: Params) -> dict[str, Any]:
    """CancelMessageMoveTask: what was moved stays moved."""
    task_id, source_arn = _read_handle(required(params, "TaskHandle"))
    source = _source(queues, source_arn)
    task = next((it for it in queues.moves[source.id] if it.task_id == task_id), None)
    if task is None:
        raise resource_not_found("Task does not exist.")
    if task.status != RUNNING:
        raise invalid_parameter("Only active tasks can be cancelled.")
    with queues.ledger.stage() as turn:
        _keep(queues, turn, task._replace(status=CANCELLED))
    await queues.ledger.committed()
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def keep_going(queues: Queues) -> None:
    """Go on with the tasks under way whenever the queues were read. Call it once."""
    queues.when_loaded.append(partial(resume, queues))


def resume(queues: Queues) -> None:
    """Go on with every task that was running when the process stopped."""
    for queue in queues.everyone():
        for task in queues.moves.get(queue.id, ()):
            if task.status == RUNNING:
                run(queues, queue, task.id)


def run(queues: Queues, source: Queue, task_id: int) -> None:
    """Work on a task in the background until it is over."""
    work = asyncio.ensure_future(_work(queues, source, task_id))
    queues.tasks.add(work)
    work.add_done_callback(queues.tasks.discard)


async def _work(queues: Queues, source: Queue, task_id: int) -> None:
    try:
        while not (queues.closing or source.gone):
            task = _find(queues, source, task_id)
            if task is None or task.status != RUNNING:
                return
            pause_ms = await _step(queues, source, task)
            if pause_ms:
                await queues.pause(pause_ms)
    except StorageTrouble:
        # What was not committed did not happen; the reload starts the task again.
        return


async def _step(queues: Queues, source: Queue, task: MoveRow) -> int:
    """Move some messages; the answer is how long to wait before the next step."""
    mailbox = source.mailbox
    now = queues.clock.now()
    mailbox.tick(now)
    most = limits.MOVED_PER_STEP if task.rate is None else 1
    with queues.ledger.stage() as turn:
        moved, failure = _move(queues, turn, source, task, most, now)
        task = task._replace(moved=task.moved + moved)
        if failure is not None:
            task = task._replace(status=FAILED, failure=failure)
        elif moved < most and mailbox.horizon is None:
            task = task._replace(status=COMPLETED)
        _keep(queues, turn, task)
    await queues.ledger.committed()
    if task.status != RUNNING:
        return 0
    if moved < most:
        await queues.load_more(source)
    return 0 if task.rate is None else max(1, 1000 // task.rate)


def _move(
    queues: Queues, turn: Turn, source: Queue, task: MoveRow, most: int, now: int
) -> tuple[int, str | None]:
    mailbox = source.mailbox
    moved = 0
    while moved < most:
        message = mailbox.next()
        if message is None:
            break
        arn = task.destination_arn or message.source_arn or ""
        destination = queues.by_arn(arn)
        if destination is None:
            mailbox.put_back(message)
            return moved, _NO_QUEUE
        mailbox.remove(message)
        turn.delete(MESSAGE, (mailbox.box, message.sequence))
        sending.put(queues, turn, destination, _renewed(queues, message, now), now)
        moved += 1
    mailbox.end()
    return moved, None


def _renewed(queues: Queues, message: Message, now: int) -> Message:
    return Message(
        sequence=queues.ids.next_id(),
        message_id=queues.ids.uuid(),
        body=message.body,
        sender=message.sender,
        sent_at=now,
        visible_at=now,
        attributes=message.attributes,
        group=message.group,
        deduplication=message.deduplication,
        trace=message.trace,
        md5_of_body=message.md5_of_body,
    )


def _keep(queues: Queues, turn: Turn, task: MoveRow) -> None:
    """Remember the task, new or changed; the oldest are forgotten."""
    others = [it for it in queues.moves[task.queue] if it.id != task.id]
    while len(others) >= limits.MOVE_TASKS_KEPT_MAX:
        turn.delete(MOVE, (task.queue, others.pop(0).id))
    queues.moves[task.queue] = [*others, task]
    turn.put(MOVE, task)


def _find(queues: Queues, source: Queue, task_id: int) -> MoveRow | None:
    return next((it for it in queues.moves[source.id] if it.id == task_id), None)


def _source(queues: Queues, arn: str) -> Queue:
    source = queues.by_arn(arn)
    if source is None:
        raise resource_not_found(
            "The resource that you specified for the SourceArn parameter doesn't exist."
        )
    return source


def _handle(source: Queue, task: MoveRow) -> str:
    return b64encode(values.encode({"taskId": task.task_id, "sourceArn": source.arn})).decode()


def _read_handle(handle: str) -> tuple[str, str]:
    try:
        content = values.decode(b64decode(handle.encode(), validate=True))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise invalid_parameter("Value for parameter TaskHandle is invalid.")
    task_id, source_arn = content.get("taskId"), content.get("sourceArn")
    if not isinstance(task_id, str) or not isinstance(source_arn, str):
        raise invalid_parameter("Value for parameter TaskHandle is invalid.")
    return task_id, source_arn


def _shown(source: Queue, task: MoveRow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": source.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started_at,
    }
    if task.status == RUNNING:
        shown["TaskHandle"] = _handle(source, task)
    if task.destination_arn is not None:
        shown["DestinationArn"] = task.destination_arn
    if task.rate is not None:
        shown["MaxNumberOfMessagesPerSecond"] = task.rate
    if task.failure is not None:
        shown["FailureReason"] = task.failure
    return shown
