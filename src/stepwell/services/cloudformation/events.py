"""A stack's history: one line for each status of each resource, sent to topics as well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stepwell.deploy.shaping import is_whole_number
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.documents import read_operation
from stepwell.services.cloudformation.errors import invalid, no_such_stack
from stepwell.services.cloudformation.records import EVENT, EventRow, ResourceRow, StackRow
from stepwell.services.cloudformation.secrecy import masked, masked_text, secrets_of
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.deliveries.delivery import Delivery
from stepwell.values import JsonObject, decode, encode_text

PAGE = 100
STACK_TYPE = "AWS::CloudFormation::Stack"
_REASON_MAX = 4_096
_NUMBER_MAX = 2**63 - 1


def stack_event(stacks: Stacks, turn: Turn, row: StackRow) -> None:
    """Note the status that a stack has now."""
    _note(stacks, turn, row, row.name, row.id, STACK_TYPE, row.status, row.reason, "")


def resource_event(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    row: ResourceRow,
    status: str,
    reason: str = "",
    properties: JsonObject | None = None,
) -> None:
    """Note a status of a resource; `properties` are those it is to have."""
    text = row.properties if properties is None else encode_text(properties)
    _note(stacks, turn, stack, row.logical_id, row.physical_id, row.type, status, reason, text)


def thing_event(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    thing: tuple[str, str, str],
    status: str,
    reason: str = "",
) -> None:
    """Note a status of what is no row any more: its logical id, physical id and type."""
    _note(stacks, turn, stack, *thing, status, reason, "")


def _note(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    logical_id: str,
    physical_id: str,
    kind: str,
    status: str,
    reason: str,
    properties: str,
) -> None:
    now = _next_moment(stacks)
    operation = read_operation(stack)
    whole = kind == STACK_TYPE and physical_id == stack.id
    details = stacks.versions.details(stack.id, stack.version)
    secrets = secrets_of(details, stacks.versions.details(stack.id, stack.settled))
    if secrets and properties:
        properties = encode_text(masked(decode(properties), secrets))
    row = EventRow(
        stack.id,
        stacks.parts.ids.next_id(),
        stacks.parts.ids.uuid() if whole else f"{logical_id}-{status}-{iso_time(now)}",
        now,
        logical_id,
        physical_id,
        kind,
        status,
        masked_text(reason, secrets)[:_REASON_MAX],
        properties,
        "" if operation is None else operation.token,
        "" if operation is None else operation.id,
    )
    turn.put(EVENT, row)
    for topic in details.notifications:
        stacks.parts.deliveries.send(turn, _notification(stack, row, topic))


def _next_moment(stacks: Stacks) -> int:
    """No two events share a millisecond: tools put them in order by their times."""
    stacks.event_at = max(stacks.parts.clock.now(), stacks.event_at + 1)
    return stacks.event_at


def iso_time(at: int) -> str:
    """As in `2026-01-02T03:04:05.678Z`."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _notification(stack: StackRow, event: EventRow, topic: str) -> Delivery:
    """The message as AWS sends it: a line for each member."""
    account, _, region = stack.scope.partition(":")
    members = {
        "StackId": stack.id,
        "Timestamp": iso_time(event.at),
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_id,
        "Namespace": account,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token or "null",
    }
    text = "".join(f"{name}='{value}'\n" for name, value in members.items())
    request: dict[str, Any] = {"Subject": "AWS CloudFormation Notification", "Message": text}
    return Delivery(topic, request, account, region, stack.id)


async def describe_events(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DescribeStackEvents: the newest first."""
    name = params.get("StackName")
    if not name:
        raise invalid(
            "1 validation error detected: Value null at 'stackName' failed to satisfy "
            "constraint: Member must not be null"
        )
    stack = stacks.named(call.scope, name)
    if stack is None:
        raise no_such_stack(name)
    rows, token = await _page(stacks, stack, params.get("NextToken"))
    shown = [_shown(stack, row) for row in rows]
    return {"StackEvents": shown, **({"NextToken": token} if token else {})}


async def _page(
    stacks: Stacks, stack: StackRow, token: str | None
) -> tuple[list[EventRow], str | None]:
    if token and not is_whole_number(token, 0, _NUMBER_MAX):
        raise invalid("The specified NextToken is not valid.")
    await stacks.parts.ledger.committed()
    after = (int(token),) if token else None
    rows = await stacks.parts.store.scan(
        EVENT, (stack.id,), after=after, limit=PAGE + 1, reverse=True
    )
    more = len(rows) > PAGE
    return rows[:PAGE], str(rows[PAGE - 1].number) if more else None


def _shown(stack: StackRow, row: EventRow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "StackId": stack.id,
        "EventId": row.event_id,
        "StackName": stack.name,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.physical_id,
        "ResourceType": row.type,
        "Timestamp": row.at / 1000,
        "ResourceStatus": row.status,
    }
    optional = {
        "OperationId": row.operation,
        "ResourceStatusReason": row.reason,
        "ResourceProperties": row.properties,
        "ClientRequestToken": row.token,
    }
    return shown | {name: text for name, text in optional.items() if text}
