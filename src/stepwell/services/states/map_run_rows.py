"""Finding a Map Run by its ARN."""

from __future__ import annotations

from stepwell.runtime.records import MAP_RUN, MapRunRow
from stepwell.services.api import Call
from stepwell.services.states.arns import parse_map_run
from stepwell.services.states.refusals import resource_missing
from stepwell.services.states.states import States


async def find_map_run(states: States, call: Call, arn: str) -> MapRunRow:
    """The Map Run of an ARN. Raises ServiceError InvalidArn, ResourceNotFound."""
    scope = parse_map_run(arn)
    rows = await states.store.scan(MAP_RUN, (arn,), index="map_run_arn", limit=1)
    if not rows or scope != call.scope:
        raise resource_missing(arn)
    return rows[0]
