"""The operations of Scheduler as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Change, Read, changes, reads
from stepwell.services.scheduler import groups, schedules
from stepwell.services.scheduler.scheduler import Scheduler

_CHANGES: dict[str, Change[Scheduler]] = {
    "CreateSchedule": schedules.create_schedule,
    "UpdateSchedule": schedules.update_schedule,
    "DeleteSchedule": schedules.delete_schedule,
    "CreateScheduleGroup": groups.create_schedule_group,
    "DeleteScheduleGroup": groups.delete_schedule_group,
    "TagResource": groups.tag_resource,
    "UntagResource": groups.untag_resource,
}

_READS: dict[str, Read[Scheduler]] = {
    "GetSchedule": schedules.get_schedule,
    "ListSchedules": schedules.list_schedules,
    "GetScheduleGroup": groups.get_schedule_group,
    "ListScheduleGroups": groups.list_schedule_groups,
    "ListTagsForResource": groups.list_tags_for_resource,
}


def service(scheduler: Scheduler) -> Service:
    """EventBridge Scheduler."""
    operations = {**changes(scheduler, _CHANGES), **reads(scheduler, _READS)}
    return Service("scheduler", operations)


def embedded(scheduler: Scheduler) -> Embedded:
    """EventBridge Scheduler as a part of the server."""
    return Embedding(scheduler, [service(scheduler)])
