"""CreatePipe, UpdatePipe, DeletePipe, StartPipe, StopPipe.

Each answers with a state on the way (CREATING, STOPPING, ...), as AWS does; whoever looks
afterwards sees the state that is reached.
"""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.pipes.errors import already_exists
from stepwell.services.pipes.partners import target_of
from stepwell.services.pipes.pipes import Pipes
from stepwell.services.pipes.records import (
    RUNNING,
    SHARD,
    STOPPED,
    PipeRow,
    PositionRow,
    settings_of,
)
from stepwell.services.pipes.settings import (
    SETTINGS,
    SOURCES,
    STREAM_MEMBER,
    checked,
    source_service,
)
from stepwell.services.pipes.showing import shown
from stepwell.services.pipes.tagging import checked_tags
from stepwell.values import encode_text


def create_pipe(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CreatePipe: it runs as soon as it is on disk, unless it is wanted STOPPED."""
    name = params["Name"]
    if pipes.pipes.get(call.scope, name) is not None:
        raise already_exists(name)
    settings = checked(pipes.around, params["Source"], params["Target"], params)
    now = pipes.parts.clock.now()
    row = PipeRow(
        scope=call.scope,
        name=name,
        id=pipes.parts.ids.next_id(),
        source=params["Source"],
        target=params["Target"],
        state=params.get("DesiredState") or RUNNING,
        created_at=now,
        modified_at=now,
        settings=encode_text(settings),
        tags=encode_text(checked_tags(params.get("Tags") or {})),
    )
    stream = settings["SourceParameters"].get(STREAM_MEMBER) or {}
    if stream.get("StartingPosition") == "LATEST":
        # Positions of records are ids too: everything that comes later has a greater one.
        pipes.positions.put(turn, PositionRow(row.id, SHARD, pipes.parts.ids.next_id()))
    _put(pipes, turn, row)
    return shown(row, "CREATING")


def update_pipe(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UpdatePipe: what is not given stays, within the parameters of a service it does not."""
    row = pipes.find(call, params["Name"])
    before = settings_of(row)
    settings = {name: params.get(name, before.get(name)) for name in SETTINGS}
    settings["SourceParameters"] = _source_updated(row, before["SourceParameters"], params)
    for name in ("EnrichmentParameters", "TargetParameters"):
        settings[name] = _merged(before.get(name), params.get(name))
    target = params.get("Target") or row.target
    if target_of(target) is not target_of(row.target):
        settings["TargetParameters"] = _merged(None, params.get("TargetParameters"))
    if settings["Enrichment"] == "":
        settings["EnrichmentParameters"] = None
    later = row._replace(
        target=target,
        state=params.get("DesiredState") or row.state,
        modified_at=pipes.parts.clock.now(),
        settings=encode_text(checked(pipes.around, row.source, target, settings)),
    )
    _put(pipes, turn, later)
    return shown(later, "UPDATING")


def _source_updated(row: PipeRow, before: Params, params: Params) -> Params:
    """The source's parameters; where a stream begins cannot be changed."""
    given = params.get("SourceParameters") or {}
    own = SOURCES[source_service(row.source)]
    merged = {**before, **given}
    position = before[own].get("StartingPosition")
    if own in given and position is not None:
        merged[own] = {**given[own], "StartingPosition": position}
    if not (merged.get("FilterCriteria") or {}).get("Filters"):
        merged.pop("FilterCriteria", None)
    return merged


def _merged(before: Params | None, given: Params | None) -> Params | None:
    """Parameters member by member; what is given empty is taken away."""
    merged = {**(before or {}), **(given or {})}
    return {name: value for name, value in merged.items() if value not in ("", None, {})} or None


def delete_pipe(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """DeletePipe: what it has under way is finished, nothing else is taken."""
    row = pipes.find(call, params["Name"])
    pipes.pipes.delete(turn, row.scope, row.name)
    pipes.positions.delete(turn, row.id, SHARD)
    pipes.reading.deleted(turn, row)
    return shown(row, "DELETING", "DELETED")


def start_pipe(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """StartPipe."""
    return _switch(pipes, turn, call, params, RUNNING, "STARTING")


def stop_pipe(pipes: Pipes, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """StopPipe: what is under way is finished."""
    return _switch(pipes, turn, call, params, STOPPED, "STOPPING")


def _switch(
    pipes: Pipes, turn: Turn, call: Call, params: Params, state: str, between: str
) -> dict[str, Any]:
    row = pipes.find(call, params["Name"])
    later = row._replace(state=state, modified_at=pipes.parts.clock.now())
    _put(pipes, turn, later)
    return shown(later, between)


def _put(pipes: Pipes, turn: Turn, row: PipeRow) -> None:
    pipes.pipes.put(turn, row)
    pipes.reading.changed(turn, row)
