"""CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, GetFunction and the others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.lambda_ import archive
from stepwell.services.lambda_.configuration import aws_time, changes, new_configuration
from stepwell.services.lambda_.errors import (
    conflict,
    function_not_found,
    invalid,
    not_here,
    wrong_revision,
)
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import ZIP_BYTES_MAX
from stepwell.services.lambda_.names import LATEST, Named, function_arn
from stepwell.services.lambda_.paging import page
from stepwell.services.lambda_.records import AttachedRow, FunctionRow, VersionRow
from stepwell.services.lambda_.registry import configuration, shown
from stepwell.services.lambda_.tagging import check_tags
from stepwell.services.lambda_.versions import publish
from stepwell.values import JsonObject, encode_text

_EXAMINED_HERE_BYTES_MAX = 1024 * 1024
"""Smaller files are examined without a thread."""
HOT_RELOAD_BUCKET = "hot-reload"
"""S3Bucket of a function whose code is a folder of this machine: S3Key is its absolute path."""


@dataclass(frozen=True, slots=True)
class Given:
    """The code of a request: a zip file, or the folder that holds it unpacked."""

    data: bytes
    sha256: str
    """CodeSha256; of a folder, that of its path."""
    folder: str | None = None


async def create_function(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """CreateFunction."""
    named = functions.named(call, params["FunctionName"])
    if named.qualifier is not None:
        raise invalid("The function name must not have a qualifier.")
    await functions.ready()
    configured = new_configuration(functions, call, named.name, params)
    tags = check_tags(params.get("Tags") or {})
    _refuse_known(functions, named)
    given = await read_code(functions, call, params["Code"])
    await functions.ready()
    _refuse_known(functions, named)
    with functions.parts.ledger.stage() as turn:
        code = _keep(functions, turn, given)
        row = FunctionRow(
            named.scope,
            named.name,
            functions.parts.ids.next_id(),
            0,
            None,
            encode_text(tags),
            "{}",
        )
        functions.functions.put(turn, row)
        version = VersionRow(named.place, LATEST, code, "{}")
        version = _change(functions, turn, version, configured | _code_members(given))
        if params.get("Publish"):
            version = publish(functions, turn, row, version)
    await functions.parts.ledger.committed()
    return shown(version)


def _refuse_known(functions: Lambda, named: Named) -> None:
    if functions.functions.get(named.scope, named.name) is not None:
        raise conflict(f"Function already exist: {named.name}")


async def read_code(functions: Lambda, call: Call, code: Params) -> Given:
    """The zip file or the folder that a request names. Raises ServiceError."""
    if code.get("ImageUri"):
        raise not_here("A function from a container image (ImageUri)")
    if (data := code.get("ZipFile")) is not None:
        if len(data) > ZIP_BYTES_MAX:
            raise invalid(f"Zipped size must be smaller than {ZIP_BYTES_MAX} bytes")
    elif code.get("S3Bucket") == HOT_RELOAD_BUCKET:
        return _folder(code.get("S3Key") or "")
    elif code.get("S3Bucket") and code.get("S3Key"):
        if functions.sources.code is None:
            raise not_here("Code from S3")
        data = await functions.sources.code.read(
            call.account,
            call.region,
            code["S3Bucket"],
            code["S3Key"],
            code.get("S3ObjectVersion"),
        )
    else:
        raise invalid("Please provide a source for function code.")
    if len(data) > _EXAMINED_HERE_BYTES_MAX:
        return Given(data, await asyncio.to_thread(archive.examine, data))
    return Given(data, archive.examine(data))


def _folder(text: str) -> Given:
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        raise invalid(
            f"S3Key must be the absolute path of a folder of this machine when S3Bucket is"
            f" {HOT_RELOAD_BUCKET}: {text}"
        )
    return Given(b"", archive.code_sha256(text.encode()), str(path))


def _keep(functions: Lambda, turn: Turn, given: Given) -> int:
    return 0 if given.folder is not None else functions.codes.put(turn, given.data)


def _code_members(given: Given) -> JsonObject:
    return {
        "CodeSize": len(given.data),
        "CodeSha256": given.sha256,
        "_folder": given.folder,
    }


def _change(functions: Lambda, turn: Turn, row: VersionRow, changed: JsonObject) -> VersionRow:
    """The row with these members changed: a new revision."""
    parts = functions.parts
    members: JsonObject = {
        **configuration(row),
        **changed,
        "LastModified": aws_time(parts.clock.now()),
        "RevisionId": parts.ids.uuid(),
    }
    for name in ("KMSKeyArn", "Layers"):
        if not members.get(name):
            members.pop(name, None)
    for name in ("DeadLetterConfig", "Environment"):
        if not members.get(name) or members[name] == {"Variables": {}}:
            members.pop(name, None)
    later = row._replace(configuration=encode_text(members))
    functions.versions.put(turn, later)
    return later


def check_revision(row: VersionRow, params: Params) -> None:
    """Raises ServiceError when the request is about an older revision."""
    wanted = params.get("RevisionId")
    if wanted is not None and wanted != configuration(row)["RevisionId"]:
        raise wrong_revision()


def _latest(functions: Lambda, call: Call, params: Params) -> tuple[FunctionRow, VersionRow]:
    named = functions.named(call, params["FunctionName"])
    found = functions.find(named)
    if found.version.version != LATEST:
        raise invalid("This operation is permitted on the $LATEST version only.")
    return found.function, found.version


async def update_function_code(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """UpdateFunctionCode."""
    await functions.ready()
    _, row = _latest(functions, call, params)
    check_revision(row, params)
    if params.get("PublishTo"):
        raise not_here("PublishTo")
    given = await read_code(functions, call, params)
    await functions.ready()
    function, row = _latest(functions, call, params)
    check_revision(row, params)
    changed = _code_members(given)
    if params.get("Architectures"):
        changed["Architectures"] = params["Architectures"]
    if params.get("DryRun"):
        return {**shown(row), **{k: v for k, v in changed.items() if k[0] != "_"}}
    with functions.parts.ledger.stage() as turn:
        old, row = row, row._replace(code=_keep(functions, turn, given))
        row = _change(functions, turn, row, changed)
        drop_code(functions, turn, old)
        functions.running.forget(turn, old)
        if params.get("Publish"):
            row = publish(functions, turn, function, row)
    await functions.parts.ledger.committed()
    return shown(row)


def drop_code(functions: Lambda, turn: Turn, gone: VersionRow) -> None:
    """Delete the code of a version that is no more, unless another version has the same."""
    if any(row.code == gone.code for row in functions.versions.of(gone.function)):
        return
    if gone.code:
        functions.codes.delete(turn, gone.code, int(str(configuration(gone)["CodeSize"])))


async def update_function_configuration(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """UpdateFunctionConfiguration."""
    await functions.ready()
    function, row = _latest(functions, call, params)
    check_revision(row, params)
    changed = changes(functions, call, params, function.name)
    with functions.parts.ledger.stage() as turn:
        functions.running.forget(turn, row)
        row = _change(functions, turn, row, changed)
    await functions.parts.ledger.committed()
    return shown(row)


async def get_function(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetFunction: the configuration, where the code can be fetched, tags, concurrency."""
    await functions.ready()
    found = functions.find(functions.named(call, params["FunctionName"], params.get("Qualifier")))
    answer: dict[str, Any] = {
        "Configuration": shown(found.version, found.named.qualifier),
        "Code": {
            "RepositoryType": "S3",
            "Location": functions.code_location(call.base_url, found.version),
        },
    }
    if tags := functions.tags(found.function):
        answer["Tags"] = tags
    if found.function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": found.function.reserved}
    return answer


async def get_function_configuration(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """GetFunctionConfiguration."""
    await functions.ready()
    found = functions.find(functions.named(call, params["FunctionName"], params.get("Qualifier")))
    return shown(found.version, found.named.qualifier)


async def list_functions(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """ListFunctions: `$LATEST` of each, or all versions."""
    await functions.ready()
    rows: list[VersionRow] = []
    for function in functions.functions.of(call.scope):
        versions = functions.versions_of(f"{function.scope}:{function.name}")
        rows += versions if params.get("FunctionVersion") == "ALL" else versions[:1]
    found, marker = page(rows, params, lambda row: f"{row.function}:{row.version}")
    everything = params.get("FunctionVersion") == "ALL"
    shown_rows = [shown(row, row.version if everything else None) for row in found]
    return {"Functions": [_in_list(row) for row in shown_rows], **marker}


def _in_list(members: JsonObject) -> JsonObject:
    """Lists leave out how the function stands."""
    left_out = ("State", "LastUpdateStatus", "RuntimeVersionConfig")
    return {name: value for name, value in members.items() if name not in left_out}


async def delete_function(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """DeleteFunction: a version, or the function with all that belongs to it."""
    await functions.ready()
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    function = functions.function(named)
    with functions.parts.ledger.stage() as turn:
        if named.qualifier is None:
            _delete_all(functions, turn, function, named.place)
        else:
            _delete_version(functions, turn, named)
    await functions.parts.ledger.committed()
    return {"StatusCode": 204}


def _delete_version(functions: Lambda, turn: Turn, named: Named) -> None:
    place, version = named.place, str(named.qualifier)
    if version == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if functions.aliases.get(place, version) is not None:
        raise invalid("Deletion of functions by alias is not currently supported.")
    row = functions.versions.get(place, version)
    if row is None:
        raise function_not_found(function_arn(place, version))
    using = [
        alias.name
        for alias in functions.aliases.of(place)
        if version == alias.version or version in functions.weights(alias)
    ]
    if using:
        raise conflict(
            f"Version {version} of the function is used by {', '.join(using)} and cannot be"
            " deleted."
        )
    functions.versions.delete(turn, place, version)
    drop_code(functions, turn, row)
    functions.running.forget(turn, row)
    for attached in functions.attached.of(place):
        if attached.qualifier == version:
            _detach(functions, turn, attached)


def _delete_all(functions: Lambda, turn: Turn, function: FunctionRow, place: str) -> None:
    for row in functions.versions.of(place):
        functions.versions.delete(turn, place, row.version)
        drop_code(functions, turn, row)
        functions.running.forget(turn, row)
    for alias in functions.aliases.of(place):
        functions.aliases.delete(turn, place, alias.name)
    for attached in functions.attached.of(place):
        _detach(functions, turn, attached)
    functions.functions.delete(turn, function.scope, function.name)


def _detach(functions: Lambda, turn: Turn, row: AttachedRow) -> None:
    functions.attached.delete(turn, row.function, row.kind, row.qualifier)
