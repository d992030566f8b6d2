"""The operations of Pipes as the gateway calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.pipes import changing, showing, tagging

if TYPE_CHECKING:
    from stepwell.services.pipes.pipes import Pipes

_Change = Callable[["Pipes", Turn, Call, Params], Answer]
_Read = Callable[["Pipes", Call, Params], Answer]

_CHANGES: dict[str, _Change] = {
    "CreatePipe": changing.create_pipe,
    "UpdatePipe": changing.update_pipe,
    "DeletePipe": changing.delete_pipe,
    "StartPipe": changing.start_pipe,
    "StopPipe": changing.stop_pipe,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
}
_READS: dict[str, _Read] = {
    "DescribePipe": showing.describe_pipe,
    "ListPipes": showing.list_pipes,
    "ListTagsForResource": tagging.list_tags_for_resource,
}


def service(pipes: Pipes) -> Service:
    """EventBridge Pipes."""
    changes = {name: _change(pipes, run) for name, run in _CHANGES.items()}
    reads = {name: _read(pipes, run) for name, run in _READS.items()}
    return Service("pipes", {**changes, **reads})


def _change(pipes: Pipes, run: _Change) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await pipes.ready()
        with pipes.parts.ledger.stage() as turn:
            answer = run(pipes, turn, call, params)
        await pipes.parts.ledger.committed()
        return answer

    return operation


def _read(pipes: Pipes, run: _Read) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await pipes.ready()
        answer = run(pipes, call, params)
        # What a read showed may still be on its way to the disk.
        await pipes.parts.ledger.committed()
        return answer

    return operation
