"""DescribeMapRun, ListMapRuns, UpdateMapRun."""

from __future__ import annotations

from stepwell.runtime.map_run_counts import Counts, read_counts
from stepwell.runtime.records import (
    ABORTED,
    FAILED,
    MAP_RUN,
    STATUSES,
    SUCCEEDED,
    TIMED_OUT,
    MapRunRow,
)
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import machine_of_execution
from stepwell.services.states.executions import execution_id
from stepwell.services.states.map_run_rows import find_map_run
from stepwell.services.states.paging import page_size, page_token, read_token
from stepwell.services.states.refusals import invalid
from stepwell.services.states.states import States
from stepwell.values import JsonObject


async def describe_map_run(states: States, call: Call, params: Params) -> Answer:
    """How far a Map Run is."""
    row = await find_map_run(states, call, params["mapRunArn"])
    counts = read_counts(row.ended)
    answer: JsonObject = {
        "mapRunArn": row.arn,
        "executionArn": row.execution_arn,
        "status": STATUSES[row.status],
        "startDate": row.started_at / 1000,
        "maxConcurrency": row.max_concurrency,
        "toleratedFailurePercentage": float(row.tolerated_percentage or 0),
        "toleratedFailureCount": row.tolerated_count or 0,
        "itemCounts": _item_counts(row, counts),
        "executionCounts": _execution_counts(row, counts),
    }
    if row.stopped_at is not None:
        answer["stopDate"] = row.stopped_at / 1000
    if row.redrive_count:
        answer["redriveCount"] = row.redrive_count
        answer["redriveDate"] = (row.redriven_at or row.started_at) / 1000
        answer["itemCounts"] |= _redrives(counts.pending_items)  # type: ignore[operator]
        answer["executionCounts"] |= _redrives(counts.pending_children)  # type: ignore[operator]
    return answer


def _redrives(pending: list[int]) -> JsonObject:
    return {"pendingRedrive": sum(pending), "failuresNotRedrivable": 0}


async def list_map_runs(states: States, call: Call, params: Params) -> Answer:
    """A page of the Map Runs an execution started, newest first."""
    arn = params["executionArn"]
    now = states.clock.now()
    execution = await execution_id(states, call, arn)
    bound_to = ["ListMapRuns", call.scope, arn]
    after = read_token(params.get("nextToken"), now=now, bound_to=[*bound_to])
    size = page_size(params.get("maxResults"))
    rows = await states.store.scan(
        MAP_RUN,
        (execution,),
        index="map_run_list",
        after=None if after is None else (int(after),),
        limit=size + 1,
        reverse=True,
    )
    answer: JsonObject = {"mapRuns": [_listed(row) for row in rows[:size]]}
    if len(rows) > size:
        answer["nextToken"] = page_token(rows[size - 1].id, now=now, bound_to=[*bound_to])
    return answer


async def update_map_run(states: States, call: Call, params: Params) -> Answer:
    """Change how many children run at a time, or how many items may fail, while it runs."""
    row = await find_map_run(states, call, params["mapRunArn"])
    max_concurrency = params.get("maxConcurrency")
    count, percentage = (
        params.get("toleratedFailureCount"),
        params.get("toleratedFailurePercentage"),
    )
    if max_concurrency is None and count is None and percentage is None:
        raise invalid(
            "At least one of maxConcurrency, toleratedFailureCount and "
            "toleratedFailurePercentage must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    updated = await states.executions.update_map_run(
        row.id,
        max_concurrency=max_concurrency,
        tolerated_count=count,
        tolerated_percentage=percentage,
    )
    if not updated:
        raise invalid(
            f"Map Run is completed and cannot be updated: '{row.arn}'",
            "CANNOT_UPDATE_COMPLETED_MAP_RUN",
        )
    return {}


def _listed(row: MapRunRow) -> JsonObject:
    machine = machine_of_execution(row.execution_arn).partition("/")[0]
    listed: JsonObject = {
        "executionArn": row.execution_arn,
        "mapRunArn": row.arn,
        "stateMachineArn": f"{machine}/{row.label}",
        "startDate": row.started_at / 1000,
    }
    if row.stopped_at is not None:
        listed["stopDate"] = row.stopped_at / 1000
    return listed


def _item_counts(row: MapRunRow, counts: Counts) -> JsonObject:
    total = max(row.items, 0)
    return _counts(
        counts.items,
        total=total,
        pending=max(total - row.taken, 0),
        taken=row.taken - sum(counts.pending_items),
    )


def _execution_counts(row: MapRunRow, counts: Counts) -> JsonObject:
    """Children. How many are still to come follows from the size of those that have begun."""
    left = max(row.items - row.taken, 0)
    size = max(row.taken // row.children, 1) if row.children else 1
    pending = -(-left // size)
    return _counts(
        counts.children,
        total=row.children + pending,
        pending=pending,
        taken=row.children - counts.pending,
    )


def _counts(ended: list[int], *, total: int, pending: int, taken: int) -> JsonObject:
    return {
        "pending": pending,
        "running": taken - sum(ended),
        "succeeded": ended[SUCCEEDED - 1],
        "failed": ended[FAILED - 1],
        "timedOut": ended[TIMED_OUT - 1],
        "aborted": ended[ABORTED - 1],
        "total": total,
        "resultsWritten": ended[SUCCEEDED - 1],
    }
