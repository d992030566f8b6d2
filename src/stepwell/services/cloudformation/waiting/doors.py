"""Where answers of custom resources and signals of wait conditions come in."""

from __future__ import annotations

from typing import cast

from stepwell.services.api import Call, Door, HttpAnswer, HttpRequest, Params
from stepwell.services.cloudformation.errors import invalid, no_stack
from stepwell.services.cloudformation.records import WaitRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.waiting import conditions, custom
from stepwell.values import BadJson, JsonObject, decode, encode_text

_SIGNAL_BYTES_MAX = 4_096


def doors(stacks: Stacks) -> list[Door]:
    """The doors."""

    async def answer(request: HttpRequest) -> HttpAnswer | None:
        return await _answered(stacks, request)

    async def signal(request: HttpRequest) -> HttpAnswer | None:
        return await _signalled(stacks, request)

    return [Door((), (custom.DOOR,), answer), Door((), (conditions.DOOR,), signal)]


async def _answered(stacks: Stacks, request: HttpRequest) -> HttpAnswer:
    row = await _open(stacks, request, custom.DOOR, custom.KIND)
    if row is None:
        return _plain(403, "Nobody waits for this answer.")
    document, trouble = custom.read_answer(request.body)
    if trouble:
        document = {"Status": "FAILED", "Reason": trouble}
    # The first answer counts.
    if not row.answers:
        await _put(stacks, row, document)
    return _plain(200, "")


async def _signalled(stacks: Stacks, request: HttpRequest) -> HttpAnswer:
    row = await _open(stacks, request, conditions.DOOR, conditions.HANDLE)
    if row is None:
        return _plain(403, "Nobody waits for this signal.")
    try:
        signal = decode(request.body) if len(request.body) <= _SIGNAL_BYTES_MAX else None
    except BadJson:
        signal = None
    if not isinstance(signal, dict) or signal.get("Status") not in ("SUCCESS", "FAILURE"):
        return _plain(400, "A signal is a JSON object with Status, Reason, UniqueId and Data.")
    signals = cast("JsonObject", decode(row.answers))
    unique_id = str(signal.get("UniqueId") or len(signals) + 1)
    if len(signals) < conditions.SIGNALS_MAX:
        await _put(stacks, row, {**signals, unique_id: signal})
    return _plain(200, "")


async def _open(stacks: Stacks, request: HttpRequest, door: str, kind: str) -> WaitRow | None:
    await stacks.ready()
    if request.method != "PUT":
        return None
    row = stacks.waits.get(request.path.removeprefix(door))
    return row if row is not None and row.kind == kind else None


async def _put(stacks: Stacks, row: WaitRow, answers: JsonObject) -> None:
    with stacks.parts.ledger.stage() as turn:
        stacks.waits.put(turn, row._replace(answers=encode_text(answers)))
        turn.after_commit(lambda: stacks.deployments.poke(row.stack))
    await stacks.parts.ledger.committed()


def _plain(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, [("content-type", "text/plain")], text.encode())


async def signal_resource(stacks: Stacks, call: Call, params: Params) -> dict[str, object]:
    """SignalResource: for a wait condition with a CreationPolicy."""
    stack = stacks.named(call.scope, params["StackName"])
    if stack is None:
        raise no_stack(params["StackName"])
    logical_id, unique_id = params["LogicalResourceId"], params["UniqueId"]
    rows = [
        row
        for row in stacks.waits.everything()
        if (row.stack, row.logical_id, row.kind) == (stack.id, logical_id, conditions.SIGNALS)
    ]
    if not rows:
        raise invalid(
            f"Resource {logical_id} is in no state in which it can be signalled, or is no wait "
            "condition."
        )
    signals = cast("JsonObject", decode(rows[0].answers))
    await _put(stacks, rows[0], {**signals, unique_id: {"Status": params["Status"]}})
    return {}
