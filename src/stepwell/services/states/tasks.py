"""SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat, GetActivityTask."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.runtime.tokens import place_of
from stepwell.services.api import Answer, Call, Encoded, Params
from stepwell.services.states.activities import find_activity
from stepwell.services.states.json_text import complaint
from stepwell.services.states.refusals import check_payload
from stepwell.services.states.states import States
from stepwell.values import BadJson, decode_payload, encode


async def send_task_success(states: States, call: Call, params: Params) -> Answer:
    """Complete the task that holds the token with an output."""
    output = params["output"]
    check_payload("output", output)
    try:
        decode_payload(output)
    except BadJson:
        place_of(params["taskToken"])  # AWS speaks of the token first when both are bad
        raise ServiceError("InvalidOutput", f"Invalid Output: '{complaint(output)}'") from None
    await states.executions.task_succeeded(call=call, token=params["taskToken"], output=output)
    return {}


async def send_task_failure(states: States, call: Call, params: Params) -> Answer:
    """Fail the task that holds the token."""
    await states.executions.task_failed(
        call=call,
        token=params["taskToken"],
        error=params.get("error"),
        cause=params.get("cause"),
    )
    return {}


async def send_task_heartbeat(states: States, call: Call, params: Params) -> Answer:
    """Say that the task that holds the token is still worked on."""
    await states.executions.task_heartbeat(call=call, token=params["taskToken"])
    return {}


async def get_activity_task(states: States, call: Call, params: Params) -> Answer:
    """The next task of an activity; a null token when none came in time."""
    await states.registry.ready()
    arn = params["activityArn"]
    find_activity(states, call, arn)
    poll = states.open_poll(arn)
    # The runtime ends the poll itself, so that a task is never taken by a call that was cancelled.
    until = states.clock.now() + round(states.settings.activity_poll_seconds * 1000)
    call_off = states.alarm.call_at(until, poll.set)
    try:
        task = await states.executions.poll_activity(
            arn=arn, worker_name=params.get("workerName"), wait=poll
        )
    finally:
        call_off()
        states.close_poll(poll)
    if task is None:
        return Encoded(b'{"taskToken":null}')
    return Encoded(encode({"taskToken": task[0], "input": task[1]}))
