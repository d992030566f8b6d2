"""The operations of Scheduler as the gateway calls them."""

from __future__ import annotations

from collections.abc import Callable

from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.scheduler import groups, schedules
from stepwell.services.scheduler.scheduler import Scheduler

_Change = Callable[[Scheduler, Turn, Call, Params], Answer]
_Read = Callable[[Scheduler, Call, Params], Answer]

_CHANGES: dict[str, _Change] = {
    "CreateSchedule": schedules.create_schedule,
    "UpdateSchedule": schedules.update_schedule,
    "DeleteSchedule": schedules.delete_schedule,
    "CreateScheduleGroup": groups.create_schedule_group,
    "DeleteScheduleGroup": groups.delete_schedule_group,
    "TagResource": groups.tag_resource,
    "UntagResource": groups.untag_resource,
}

_READS: dict[str, _Read] = {
    "GetSchedule": schedules.get_schedule,
    "ListSchedules": schedules.list_schedules,
    "GetScheduleGroup": groups.get_schedule_group,
    "ListScheduleGroups": groups.list_schedule_groups,
    "ListTagsForResource": groups.list_tags_for_resource,
}


def service(scheduler: Scheduler) -> Service:
    """EventBridge Scheduler."""
    changes = {name: _change(scheduler, run) for name, run in _CHANGES.items()}
    reads = {name: _read(scheduler, run) for name, run in _READS.items()}
    return Service("scheduler", {**changes, **reads})


def _change(scheduler: Scheduler, run: _Change) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await scheduler.ready()
        with scheduler.parts.ledger.stage() as turn:
            answer = run(scheduler, turn, call, params)
        await scheduler.parts.ledger.committed()
        return answer

    return operation


def _read(scheduler: Scheduler, run: _Read) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await scheduler.ready()
        answer = run(scheduler, call, params)
        await scheduler.parts.ledger.committed()
        return answer

    return operation
