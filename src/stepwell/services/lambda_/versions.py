"""PublishVersion, ListVersionsByFunction: what `$LATEST` was at a time."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import invalid, wrong_revision
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.names import LATEST
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import FunctionRow, VersionRow
from stepwell.services.lambda_.registry import configuration, shown
from stepwell.values import JsonObject, encode_text

_NOT_COMPARED = ("LastModified", "RevisionId", "Description")


async def publish_version(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """PublishVersion: a new number, unless nothing changed since the last one."""
    await functions.ready()
    found = functions.find(functions.named(call, params["FunctionName"]))
    latest = functions.versions.get(found.place, LATEST)
    assert latest is not None
    members = configuration(latest)
    if params.get("PublishTo"):
        raise invalid("PublishTo is not supported by Stepwell.")
    if params.get("RevisionId") not in (None, members["RevisionId"]):
        raise wrong_revision()
    sha = params.get("CodeSha256")
    if sha and sha != members["CodeSha256"]:
        raise invalid(
            f"CodeSHA256 ({sha}) is different from current CodeSHA256 in $LATEST"
            f" ({members['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST."
        )
    with functions.parts.ledger.stage() as turn:
        row = publish(functions, turn, found.function, latest, params.get("Description"))
    await functions.parts.ledger.committed()
    return shown(row)


def publish(
    functions: Lambda,
    turn: Turn,
    function: FunctionRow,
    latest: VersionRow,
    description: str | None = None,
) -> VersionRow:
    """The version that holds what `$LATEST` is now; made if there is none."""
    place = latest.function
    last = functions.versions.get(place, str(function.last_version))
    members = configuration(latest)
    if last is not None and last.code == latest.code and _same(members, configuration(last)):
        return last
    number = function.last_version + 1
    functions.functions.put(turn, function._replace(last_version=number))
    members["RevisionId"] = functions.parts.ids.uuid()
    if description is not None:
        members["Description"] = description
    row = VersionRow(place, str(number), latest.code, encode_text(members))
    functions.versions.put(turn, row)
    return row


def _same(one: JsonObject, other: JsonObject) -> bool:
    return all(
        one.get(name) == other.get(name)
        for name in one.keys() | other.keys()
        if name not in _NOT_COMPARED
    )


async def list_versions_by_function(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """ListVersionsByFunction: `$LATEST` and the published ones."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"])
    functions.function(named)
    rows = functions.versions_of(named.place)
    found, marker = page(rows, params, lambda row: row.version)
    return {"Versions": [shown(row, row.version) for row in found], **marker}
