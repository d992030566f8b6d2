"""DescribePipe, ListPipes, and what every change answers."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.pipes.paging import cut
from stepwell.services.pipes.pipes import Pipes
from stepwell.services.pipes.records import PipeRow, pipe_arn, settings_of, tags_of


def describe_pipe(pipes: Pipes, call: Call, params: Params) -> dict[str, Any]:
    """DescribePipe."""
    row = pipes.find(call, params["Name"])
    return {
        **shown(row, row.state),
        **settings_of(row),
        "Source": row.source,
        "Target": row.target,
        "Tags": tags_of(row),
    }


def list_pipes(pipes: Pipes, call: Call, params: Params) -> dict[str, Any]:
    """ListPipes: those of the account and region, by name."""
    rows = [row for row in pipes.pipes.of(call.scope) if _is_asked_for(row, params)]
    found, more = cut(rows, params)
    answer: dict[str, Any] = {"Pipes": [_listed(row) for row in found]}
    return answer if more is None else {**answer, "NextToken": more}


def shown(row: PipeRow, current: str, desired: str | None = None) -> dict[str, Any]:
    """What the answer to a change says."""
    return {
        "Arn": pipe_arn(row),
        "Name": row.name,
        "DesiredState": desired or row.state,
        "CurrentState": current,
        "CreationTime": row.created_at / 1000,
        "LastModifiedTime": row.modified_at / 1000,
    }


def _is_asked_for(row: PipeRow, params: Params) -> bool:
    return (
        row.name.startswith(params.get("NamePrefix") or "")
        and row.source.startswith(params.get("SourcePrefix") or "")
        and row.target.startswith(params.get("TargetPrefix") or "")
        and params.get("DesiredState") in (None, row.state)
        and params.get("CurrentState") in (None, row.state)
    )


def _listed(row: PipeRow) -> dict[str, Any]:
    listed = {**shown(row, row.state), "Source": row.source, "Target": row.target}
    enrichment = settings_of(row).get("Enrichment")
    return {**listed, "Enrichment": enrichment} if enrichment else listed
