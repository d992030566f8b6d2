"""StartExecution, StartSyncExecution, StopExecution, DescribeExecution, ListExecutions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from stepwell.errors import ServiceError
from stepwell.runtime.map_run_counts import BAD_ENDS, items_of
from stepwell.runtime.map_run_redrives import is_pending
from stepwell.runtime.records import (
    EXECUTION,
    EXECUTION_NAME,
    MAP_RUN,
    STATUSES,
    ExecutionRow,
    ExpressStartRow,
    MapRunRow,
)
from stepwell.runtime.redrives import redrives_of
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.aliases import choose_version
from stepwell.services.states.arns import (
    MachineArn,
    check_execution,
    machine_of_execution,
    parse_machine,
)
from stepwell.services.states.json_text import complaint
from stepwell.services.states.map_run_rows import find_map_run
from stepwell.services.states.paging import page_size, page_token, read_token
from stepwell.services.states.refusals import (
    check_name,
    check_payload,
    execution_missing,
    invalid,
    labels_not_supported,
    machine_deleting,
    machine_missing,
    type_not_supported,
)
from stepwell.services.states.registry import Machine
from stepwell.services.states.states import States
from stepwell.values import JsonObject, JsonValue, decode

LISTED_ROWS_MAX = 10_000
"""How many executions one ListExecutions call looks at when it filters by version or alias."""

BILLED_MEMORY_MB = 64
"""What AWS bills at least, in steps of 64. Nobody pays here; clients may read it."""

_LISTED = ("id", "arn", "name", "machine", "status", "started_at", "stopped_at", "extra")
"""What a list shows, and filters by. Inputs and outputs may be megabytes together."""

_EXTRA_SHOWN = ("traceHeader", "mapRunArn", "stateMachineVersionArn", "stateMachineAliasArn")


async def start_execution(states: States, call: Call, params: Params) -> Answer:
    """Start an execution of a machine, of a version, or of the version an alias chooses."""
    if not states.registry.loaded:
        await states.registry.ready()
    arn = parse_machine(params["stateMachineArn"])
    machine = startable(states, call, arn, params["stateMachineArn"])
    name, text, extra, number = _asked_start(states, machine, arn, params)
    revision = states.programs.cached_revision(machine.row.id, number)
    if revision is None:
        revision = await states.programs.revision(machine.row.id, number)
    row: ExecutionRow | ExpressStartRow
    try:
        if machine.row.type == "EXPRESS":
            row = await states.express.start(revision=revision, name=name, input=text, extra=extra)
        else:
            row = await states.executions.start(
                call=call, revision=revision, name=name, input=text, extra=extra
            )
    except ServiceError as error:
        raise _explained(error, text) from error
    return {"executionArn": row.arn, "startDate": row.started_at / 1000}


async def start_sync_execution(states: States, call: Call, params: Params) -> Answer:
    """Run an execution of an express machine and answer with its end, however it ended."""
    if not states.registry.loaded:
        await states.registry.ready()
    arn = parse_machine(params["stateMachineArn"])
    machine = startable(states, call, arn, params["stateMachineArn"])
    if machine.row.type != "EXPRESS":
        raise type_not_supported()
    name, text, extra, number = _asked_start(states, machine, arn, params)
    revision = states.programs.cached_revision(machine.row.id, number)
    if revision is None:
        revision = await states.programs.revision(machine.row.id, number)
    try:
        row = await states.express.run(revision=revision, name=name, input=text, extra=extra)
    except ServiceError as error:
        raise _explained(error, text) from error
    return _ended(machine, row, params)


def _asked_start(
    states: States, machine: Machine, arn: MachineArn, params: Params
) -> tuple[str, str, JsonObject | None, int]:
    """The name, the input, what else is kept of it, and the revision to run."""
    name = params.get("name")
    if name is None:
        name = states.ids.uuid()
    else:
        check_name(name)
    text = _checked_input(params.get("input"))
    number, extra = target_revision(states, machine, arn, params["stateMachineArn"])
    if params.get("traceHeader"):
        extra = {**(extra or {}), "traceHeader": params["traceHeader"]}
    return name, text, extra, number


def _explained(error: ServiceError, text: str) -> ServiceError:
    """An input that is not JSON is complained of in AWS's words."""
    return _invalid_input(complaint(text)) if error.code == "InvalidExecutionInput" else error


def _ended(machine: Machine, row: ExecutionRow, params: Params) -> JsonObject:
    """The answer of StartSyncExecution."""
    included = params.get("includedData") != "METADATA_ONLY"
    stopped_at = row.stopped_at or row.started_at
    hundreds = max(1, -(-(stopped_at - row.started_at) // 100))
    answer: JsonObject = {
        "executionArn": row.arn,
        "stateMachineArn": machine.arn,
        "name": row.name,
        "startDate": row.started_at / 1000,
        "stopDate": stopped_at / 1000,
        "status": STATUSES[row.status],
        "inputDetails": {"included": included},
        "outputDetails": {"included": included},
        "billingDetails": {
            "billedMemoryUsedInMB": BILLED_MEMORY_MB,
            "billedDurationInMilliseconds": hundreds * 100,
        },
    }
    if included:
        answer["input"] = row.input
        if row.output is not None:
            answer["output"] = row.output
    if row.error is not None:
        answer["error"] = row.error
    if row.cause is not None:
        answer["cause"] = row.cause
    if params.get("traceHeader"):
        answer["traceHeader"] = params["traceHeader"]
    return answer


async def stop_execution(states: States, call: Call, params: Params) -> Answer:
    """Abort an execution."""
    execution = await find_execution(states, call, params["executionArn"])
    stopped = await states.executions.stop(
        execution,
        error=params.get("error"),
        cause=params.get("cause"),
        request_id=call.request_id,
    )
    at = states.clock.now() if stopped.stopped_at is None else stopped.stopped_at
    return {"stopDate": at / 1000}


async def describe_execution(states: States, call: Call, params: Params) -> Answer:
    """Everything about an execution but its history."""
    row = await find_execution(states, call, params["executionArn"])
    included = params.get("includedData") != "METADATA_ONLY"
    run = await states.store.get(MAP_RUN, (row.machine,)) if _is_child(row) else None
    answer = _shown(row, run)
    answer["inputDetails"] = {"included": included}
    if included:
        answer["input"] = row.input
    if row.output is not None:
        answer["outputDetails"] = {"included": included}
        if included:
            answer["output"] = row.output
    if row.error is not None:
        answer["error"] = row.error
    if row.cause is not None:
        answer["cause"] = row.cause
    reason = await states.executions.why_not_redrivable(
        row, machine_deleted=await machine_is_gone(states, row)
    )
    if reason is not None:
        answer["redriveStatus"], answer["redriveStatusReason"] = "NOT_REDRIVABLE", reason
    else:
        by_run = "_BY_MAP_RUN" if run is not None else ""
        answer["redriveStatus"] = f"REDRIVABLE{by_run}"
    return answer


async def machine_is_gone(states: States, row: ExecutionRow) -> bool:
    """Whether the machine of an execution is being deleted, or was."""
    await states.registry.ready()
    machine = states.registry.machines.get(machine_of_execution(row.arn).partition("/")[0])
    if machine is None or machine.deleting:
        return True
    return machine.row.id != row.machine and not _is_child(row)


def _is_child(row: ExecutionRow) -> bool:
    """Whether an execution is a child of a Map Run."""
    return row.extra is not None and '"mapRunArn"' in row.extra


async def list_executions(states: States, call: Call, params: Params) -> Answer:
    """A page of executions, newest first."""
    await states.registry.ready()
    holder, asked, only, run = await _listed_holder(states, call, params)
    status, redrive = params.get("statusFilter"), params.get("redriveFilter")
    if status == "PENDING_REDRIVE" and run is None:
        raise invalid("The status PENDING_REDRIVE can only be filtered for when mapRunArn is set")
    now = states.clock.now()
    bound_to: list[JsonValue] = ["ListExecutions", call.scope, asked, status, redrive]
    after = read_token(params.get("nextToken"), now=now, bound_to=bound_to)
    statuses: Sequence[int] = range(len(STATUSES))
    if status is not None:
        statuses = (STATUSES.index(status),) if status in STATUSES else BAD_ENDS
    size = page_size(params.get("maxResults"))
    if redrive is not None and run is None:
        raise invalid("redriveFilter can only be specified when mapRunArn is set")
    rows, more = await _newest(
        states,
        holder,
        statuses,
        None if after is None else int(after),
        size,
        only=_filter(only, run, status, redrive),
    )
    shown = [_shown(row, run, listed=True) for row in rows]
    if run is not None:
        for entry, row in zip(shown, rows, strict=True):
            entry["itemCount"] = items_of(row)
    answer: JsonObject = {"executions": [*shown]}
    if more is not None:
        answer["nextToken"] = page_token(more, now=now, bound_to=bound_to)
    return answer


async def execution_id(states: States, call: Call, arn: str) -> int:
    """The id of an ARN's execution. Raises ServiceError InvalidArn, ExecutionDoesNotExist."""
    check_execution(arn)
    name = await states.store.get(EXECUTION_NAME, (arn,))
    parts = arn.split(":", 5)
    if name is None or f"{parts[4]}:{parts[3]}" != call.scope:
        raise execution_missing(arn)
    return name.id


async def find_execution(states: States, call: Call, arn: str) -> ExecutionRow:
    """The execution of an ARN. Raises ServiceError InvalidArn, ExecutionDoesNotExist."""
    row = await states.store.get(EXECUTION, (await execution_id(states, call, arn),))
    if row is None:
        raise execution_missing(arn)
    return row


def startable(states: States, call: Call, arn: MachineArn, asked: str) -> Machine:
    """The machine of an ARN that an execution may be started of, or AWS's refusal."""
    if arn.label:
        raise labels_not_supported()
    machine = states.registry.machine(arn, call.scope, asked)
    if machine.deleting:
        raise machine_deleting(asked)
    return machine


def target_revision(
    states: States, machine: Machine, arn: MachineArn, asked: str
) -> tuple[int, JsonObject | None]:
    """The revision to run, and which version and alias led to it."""
    if not arn.qualified:
        return machine.row.revision, None
    number, extra = arn.version, {}
    if arn.alias is not None:
        number = choose_version(states, machine, arn.alias, asked)
        extra = {"stateMachineAliasArn": asked}
    version = machine.versions.get(number or 0)
    if version is None:
        raise machine_missing(asked)
    return version.revision, {
        **extra,
        "stateMachineVersionArn": f"{machine.arn}:{version.version}",
    }


def _checked_input(text: str | None) -> str:
    """The input as it will be stored: the caller's text, spacing and all.

    Whether it is JSON is found by the runtime, which parses it anyway.
    """
    if text is None:
        return "{}"
    check_payload("input", text)
    if not text.strip():
        raise _invalid_input("Invalid execution input.")
    return text


def _invalid_input(why: str) -> ServiceError:
    return ServiceError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")


def _filter(
    only: str | None, run: MapRunRow | None, status: str | None, redrive: str | None
) -> Callable[[ExecutionRow], bool] | None:
    """Which of the executions are listed; None for all. `only` is the ARN of a version or an alias
    they must have been started through."""
    if only is not None:
        return lambda row: only in _started_through(row)
    if run is None or (redrive is None and status in (None, "RUNNING", "SUCCEEDED")):
        return None

    def listed(row: ExecutionRow) -> bool:
        if status is not None and (status == "PENDING_REDRIVE") != is_pending(row, run):
            return False
        return redrive is None or (redrive == "REDRIVEN") == bool(redrives_of(row).count)

    return listed


async def _listed_holder(
    states: States, call: Call, params: Params
) -> tuple[int, str, str | None, MapRunRow | None]:
    """Whose executions are listed: a machine's or a Map Run's; what was asked for, and the version
    or alias they must have been started through, or the run."""
    asked, map_run = params.get("stateMachineArn"), params.get("mapRunArn")
    if (asked is None) == (map_run is None):
        raise invalid("Exactly one of stateMachineArn and mapRunArn must be specified")
    if asked is None:
        row = await find_map_run(states, call, str(map_run))
        if row.express:
            raise type_not_supported()
        return row.id, row.arn, None, row
    arn = parse_machine(asked)
    if arn.label:
        raise labels_not_supported()
    machine = states.registry.machine(arn, call.scope, asked)
    if machine.row.type != "STANDARD":
        raise type_not_supported()
    return machine.row.id, asked, asked if asked != machine.arn else None, None


async def _newest(
    states: States,
    machine: int,
    statuses: Sequence[int],
    after: int | None,
    size: int,
    *,
    only: Callable[[ExecutionRow], bool] | None,
) -> tuple[list[ExecutionRow], int | None]:
    """The newest executions older than `after`, and where to go on if there may be more."""
    found: list[ExecutionRow] = []
    looked_at = 0
    while True:
        pages = await asyncio.gather(
            *(_newest_of(states, machine, status, after, size + 1) for status in statuses)
        )
        rows = sorted((row for page in pages for row in page), key=_id, reverse=True)
        rows = rows[: size + 1]
        for row in rows[:size]:
            after = row.id
            if only is None or only(row):
                found.append(row)
                if len(found) == size:
                    return found, after if row is not rows[-1] else None
        looked_at += len(rows)
        if len(rows) <= size:
            return found, None
        if looked_at >= LISTED_ROWS_MAX:
            return found, after


async def _newest_of(
    states: States, machine: int, status: int, after: int | None, limit: int
) -> list[ExecutionRow]:
    found = await states.store.pick(
        EXECUTION,
        _LISTED,
        (machine, status),
        index="execution_list",
        after=None if after is None else (after,),
        limit=limit,
        reverse=True,
    )
    return [_listed_row(*values) for values in found]


def _listed_row(
    number: int,
    arn: str,
    name: str,
    machine: int,
    status: int,
    started_at: int,
    stopped_at: int | None,
    extra: str | None,
) -> ExecutionRow:
    """A row with what `_LISTED` names; the rest was not read."""
    return ExecutionRow(
        number, arn, name, machine, 0, "", b"", started_at, "", status, stopped_at, extra=extra
    )


def _id(row: ExecutionRow) -> int:
    return row.id


def _extra(row: ExecutionRow) -> JsonObject:
    if row.extra is None:
        return {}
    extra = decode(row.extra)
    return extra if isinstance(extra, dict) else {}


def _started_through(row: ExecutionRow) -> tuple[JsonValue, JsonValue]:
    extra = _extra(row)
    return extra.get("stateMachineVersionArn"), extra.get("stateMachineAliasArn")


def _shown(row: ExecutionRow, run: MapRunRow | None, *, listed: bool = False) -> JsonObject:
    """What DescribeExecution and ListExecutions have in common."""
    shown: JsonObject = {
        "executionArn": row.arn,
        "stateMachineArn": machine_of_execution(row.arn),
        "name": row.name,
        "status": STATUSES[row.status],
        "startDate": row.started_at / 1000,
        "redriveCount": 0,
    }
    if run is not None and is_pending(row, run):
        shown["status"] = "PENDING_REDRIVE"
    redrives = redrives_of(row)
    if redrives.count:
        shown |= {"redriveCount": redrives.count, "redriveDate": redrives.at / 1000}
    if row.stopped_at is not None:
        shown["stopDate"] = row.stopped_at / 1000
    extra = _extra(row)
    for member in _EXTRA_SHOWN:
        if member in extra and not (listed and member == "traceHeader"):
            shown[member] = extra[member]
    return shown
