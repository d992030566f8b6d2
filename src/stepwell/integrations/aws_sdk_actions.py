"""The actions of `aws-sdk:` tasks that are more than an operation: they happen exactly once.

An execution begins and a message is sent in the turn that keeps the history of the task. An
answer to a token is given after it, and leaves its request id in the token's tombstone: so a call
that is repeated finds that the token was closed by itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from stepwell.errors import ServiceError
from stepwell.integrations.aws_sdk import Done, InTurn, WasDone
from stepwell.integrations.states import StatesIntegration
from stepwell.runtime.ports import Later, ServiceCall, Store
from stepwell.runtime.records import TOKEN
from stepwell.runtime.tokens import place_of
from stepwell.runtime.turn import Turn
from stepwell.services.api import Params
from stepwell.services.events.events import Events
from stepwell.services.events.putting import put_entries
from stepwell.services.sns import publishing
from stepwell.services.sns.topics import Topics
from stepwell.services.sqs import sending
from stepwell.services.sqs.queues import Queues
from stepwell.services.states.refusals import check_payload
from stepwell.values import JsonObject


def in_turn(
    states: StatesIntegration, queues: Queues, topics: Topics, events: Events
) -> dict[tuple[str, str], InTurn]:
    """The actions that take part in the turn."""

    def start_execution(turn: Turn, call: ServiceCall, params: Params) -> Done | Later:
        check_payload("input", params.get("input", ""))
        given = {name[:1].upper() + name[1:]: value for name, value in params.items()}
        begun = states.begin(turn, replace(call, parameters=cast(JsonObject, given)))
        if isinstance(begun, Later):
            return begun
        answer = {"executionArn": begun.arn, "startDate": begun.started_at / 1000}
        return Done(answer, begun.beginning)

    def send_message(turn: Turn, call: ServiceCall, params: Params) -> Done:
        return Done(sending.send_within(queues, turn, call, params))

    def publish(turn: Turn, call: ServiceCall, params: Params) -> Done:
        return Done(publishing.publish(topics, turn, call, params))

    def publish_batch(turn: Turn, call: ServiceCall, params: Params) -> Done:
        return Done(publishing.publish_batch(topics, turn, params))

    def put_events(turn: Turn, call: ServiceCall, params: Params) -> Done | Later:
        if not events.is_ready:
            return Later(events.ready)
        return Done(put_entries(events, turn, call.account, call.region, params["Entries"]))

    return {
        ("sfn", "startExecution"): start_execution,
        ("sqs", "sendMessage"): send_message,
        ("sns", "publish"): publish,
        ("sns", "publishBatch"): publish_batch,
        ("eventbridge", "putEvents"): put_events,
    }


def was_done(store: Store) -> dict[tuple[str, str], WasDone]:
    """The actions that can tell that they are repeated."""

    async def answered(call: ServiceCall, params: Params, error: ServiceError) -> bool:
        if error.code != "TaskTimedOut":
            return False
        token = await store.get(TOKEN, place_of(params["taskToken"]))
        return token is not None and token.request_id == call.request_id

    return {("sfn", "sendTaskSuccess"): answered, ("sfn", "sendTaskFailure"): answered}
