"""The operations of CloudWatch Logs as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Cleared, Embedding
from stepwell.services.logs import events, groups, policies, subscriptions
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.sweeping import rounds
from stepwell.services.operations import Run, runs

_OPERATIONS: dict[str, Run[Logs]] = {
    "CreateLogGroup": groups.create_log_group,
    "DeleteLogGroup": groups.delete_log_group,
    "DescribeLogGroups": groups.describe_log_groups,
    "PutRetentionPolicy": groups.put_retention_policy,
    "DeleteRetentionPolicy": groups.delete_retention_policy,
    "PutLogGroupDeletionProtection": groups.put_deletion_protection,
    "TagLogGroup": groups.tag,
    "TagResource": groups.tag,
    "UntagLogGroup": groups.untag,
    "UntagResource": groups.untag,
    "ListTagsLogGroup": groups.list_tags,
    "ListTagsForResource": groups.list_tags,
    "CreateLogStream": groups.create_log_stream,
    "DeleteLogStream": groups.delete_log_stream,
    "DescribeLogStreams": groups.describe_log_streams,
    "PutLogEvents": events.put_log_events,
    "GetLogEvents": events.get_log_events,
    "FilterLogEvents": events.filter_log_events,
    "PutSubscriptionFilter": subscriptions.put_subscription_filter,
    "DescribeSubscriptionFilters": subscriptions.describe_subscription_filters,
    "DeleteSubscriptionFilter": subscriptions.delete_subscription_filter,
    "PutResourcePolicy": policies.put_resource_policy,
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "DescribeResourcePolicies": policies.describe_resource_policies,
}


def service(logs: Logs) -> Service:
    """CloudWatch Logs on those groups."""
    return Service("logs", runs(logs, _OPERATIONS))


def embedded(logs: Logs) -> Embedded:
    """CloudWatch Logs as a part of the server."""
    return Embedding(Cleared(logs, rounds(logs)), [service(logs)])
