"""RedriveExecution."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.executions import find_execution, machine_is_gone
from stepwell.services.states.states import States


async def redrive_execution(states: States, call: Call, params: Params) -> Answer:
    """Let an execution that failed, timed out or was aborted go on with what did not succeed."""
    row = await find_execution(states, call, params["executionArn"])
    if row.extra is not None and '"mapRunArn"' in row.extra:
        raise ServiceError(
            "ExecutionNotRedrivable",
            "Execution is a child of a Map Run and can only be redriven by it",
        )
    redriven_at = await states.executions.redrive(
        row,
        client_token=params.get("clientToken"),
        machine_deleted=await machine_is_gone(states, row),
    )
    return {"redriveDate": redriven_at / 1000}
