"""The operations of Pipes as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Change, Read, changes, reads
from stepwell.services.pipes import changing, showing, tagging
from stepwell.services.pipes.pipes import Pipes

_CHANGES: dict[str, Change[Pipes]] = {
    "CreatePipe": changing.create_pipe,
    "UpdatePipe": changing.update_pipe,
    "DeletePipe": changing.delete_pipe,
    "StartPipe": changing.start_pipe,
    "StopPipe": changing.stop_pipe,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
}
_READS: dict[str, Read[Pipes]] = {
    "DescribePipe": showing.describe_pipe,
    "ListPipes": showing.list_pipes,
    "ListTagsForResource": tagging.list_tags_for_resource,
}


def service(pipes: Pipes) -> Service:
    """EventBridge Pipes."""
    operations = {**changes(pipes, _CHANGES), **reads(pipes, _READS)}
    return Service("pipes", operations)


def embedded(pipes: Pipes) -> Embedded:
    """EventBridge Pipes as a part of the server."""
    return Embedding(pipes, [service(pipes)])
