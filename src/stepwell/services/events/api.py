"""The operations of EventBridge as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
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
from stepwell.services.operations import Change, Read, changes, reads

_CHANGES: dict[str, Change[Events]] = {
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

_READS: dict[str, Read[Events]] = {
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
    operations = {**changes(events, _CHANGES), **reads(events, _READS)}
    return Service("events", operations)


def embedded(events: Events) -> Embedded:
    """EventBridge as a part of the server."""
    return Embedding(events, [service(events)])
