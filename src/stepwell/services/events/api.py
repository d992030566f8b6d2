"""The operations of EventBridge as the gateway calls them."""

from __future__ import annotations

from collections.abc import Callable

from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.events import (
    archives,
    buses,
    connections,
    destinations,
    permissions,
    putting,
    replays,
    rules,
    tagging,
    targets,
)
from stepwell.services.events.events import Events

_Change = Callable[[Events, Turn, Call, Params], Answer]
_Read = Callable[[Events, Call, Params], Answer]

_CHANGES: dict[str, _Change] = {
    "CreateEventBus": buses.create_event_bus,
    "UpdateEventBus": buses.update_event_bus,
    "DeleteEventBus": buses.delete_event_bus,
    "PutPermission": permissions.put_permission,
    "RemovePermission": permissions.remove_permission,
    "PutRule": rules.put_rule,
    "EnableRule": rules.enable_rule,
    "DisableRule": rules.disable_rule,
    "DeleteRule": rules.delete_rule,
    "PutTargets": targets.put_targets,
    "RemoveTargets": targets.remove_targets,
    "PutEvents": putting.put_events,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "CreateConnection": connections.create_connection,
    "UpdateConnection": connections.update_connection,
    "DeauthorizeConnection": connections.deauthorize_connection,
    "DeleteConnection": connections.delete_connection,
    "CreateApiDestination": destinations.create_api_destination,
    "UpdateApiDestination": destinations.update_api_destination,
    "DeleteApiDestination": destinations.delete_api_destination,
    "CreateArchive": archives.create_archive,
    "UpdateArchive": archives.update_archive,
    "DeleteArchive": archives.delete_archive,
    "StartReplay": replays.start_replay,
    "CancelReplay": replays.cancel_replay,
}

_READS: dict[str, _Read] = {
    "DescribeEventBus": buses.describe_event_bus,
    "ListEventBuses": buses.list_event_buses,
    "DescribeRule": rules.describe_rule,
    "ListRules": rules.list_rules,
    "ListRuleNamesByTarget": rules.list_rule_names_by_target,
    "ListTargetsByRule": targets.list_targets_by_rule,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "TestEventPattern": putting.run_test_event_pattern,
    "DescribeConnection": connections.describe_connection,
    "ListConnections": connections.list_connections,
    "DescribeApiDestination": destinations.describe_api_destination,
    "ListApiDestinations": destinations.list_api_destinations,
    "DescribeArchive": archives.describe_archive,
    "ListArchives": archives.list_archives,
    "DescribeReplay": replays.describe_replay,
    "ListReplays": replays.list_replays,
}
"""Operations that change nothing. What they show may still be on its way to the disk."""


def service(events: Events) -> Service:
    """EventBridge."""
    changes = {name: _change(events, run) for name, run in _CHANGES.items()}
    reads = {name: _read(events, run) for name, run in _READS.items()}
    return Service("events", {**changes, **reads})


def _change(events: Events, run: _Change) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await events.ready()
        with events.parts.ledger.stage() as turn:
            answer = run(events, turn, call, params)
        await events.parts.ledger.committed()
        return answer

    return operation


def _read(events: Events, run: _Read) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await events.ready()
        answer = run(events, call, params)
        await events.parts.ledger.committed()
        return answer

    return operation
