"""The rows Lambda keeps.

What a function is configured to be is JSON in the words of the API. `function` is a function's
place, `account:region:name`: all that belongs to one function lies in one partition.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table

SHARD = 0


class FunctionRow(NamedTuple):
    """One function, whatever its versions are."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    last_version: int
    """The number of the version that was published last; 0 for none."""
    reserved: int | None
    """Reserved concurrency."""
    tags: str
    """JSON."""
    extras: str
    """JSON: settings that are kept and shown (recursion, runtime management)."""


FUNCTION = Table("lambda_function", FunctionRow, ("scope", "name"))


class VersionRow(NamedTuple):
    """One version of a function."""

    function: str
    version: str
    """`$LATEST` or a number."""
    code: int
    """The code's id."""
    configuration: str
    """JSON, as GetFunctionConfiguration shows it, without what follows from the row."""


VERSION = Table("lambda_version", VersionRow, ("function", "version"))


class AliasRow(NamedTuple):
    """A name for a version, or for two."""

    function: str
    name: str
    version: str
    description: str
    routing: str
    """JSON: weights by version."""
    revision: str


ALIAS = Table("lambda_alias", AliasRow, ("function", "name"))


class AttachedRow(NamedTuple):
    """What hangs on a function under a qualifier.

    Its policy, its URL, how it is invoked asynchronously, its provisioned concurrency.
    """

    function: str
    kind: str
    """`policy`, `url`, `invoke` or `provisioned`."""
    qualifier: str
    """`` for the function itself."""
    text: str
    """JSON."""


ATTACHED = Table("lambda_attached", AttachedRow, ("function", "kind", "qualifier"))


class LayerRow(NamedTuple):
    """A layer; its row stays when its versions go, because their numbers are not used again."""

    scope: str
    name: str
    last_version: int


LAYER = Table("lambda_layer", LayerRow, ("scope", "name"))


class LayerVersionRow(NamedTuple):
    """One version of a layer."""

    layer: str
    """`account:region:name`."""
    version: int
    code: int
    description: str
    """JSON, as GetLayerVersion shows it."""


LAYER_VERSION = Table("lambda_layer_version", LayerVersionRow, ("layer", "version"))


class CodeRow(NamedTuple):
    """A piece of a zip file, written once."""

    code: int
    part: int
    data: bytes


CODE = Table("lambda_code", CodeRow, ("code", "part"))


class EventRow(NamedTuple):
    """An asynchronous invocation that was accepted and is not done."""

    shard: int
    id: int
    function: str
    qualifier: str
    """`` when the caller named none."""
    request_id: str
    payload: bytes
    client_context: str | None
    made_at: int
    attempts: int
    """How often the function ran and failed."""
    throttles: int
    """How often there was no room for it since it last ran."""
    due_at: int


EVENT = Table(
    "lambda_event",
    EventRow,
    ("shard", "id"),
    fixed=frozenset(
        {"function", "qualifier", "request_id", "payload", "client_context", "made_at"}
    ),
)


class MappingRow(NamedTuple):
    """An event source mapping."""

    scope: str
    uuid: str
    function: str
    qualifier: str
    source: str
    """The ARN of the queue or stream."""
    state: str
    modified_at: int
    configuration: str
    """JSON: the other members, as they are shown."""


MAPPING = Table("lambda_mapping", MappingRow, ("scope", "uuid"))


class PositionRow(NamedTuple):
    """How far a mapping has read one shard of its stream."""

    mapping: str
    shard: str
    sequence: str
    """The last record that is done; `` for none."""


POSITION = Table("lambda_position", PositionRow, ("mapping", "shard"))

TABLES: tuple[Table[Any], ...] = (
    FUNCTION,
    VERSION,
    ALIAS,
    ATTACHED,
    LAYER,
    LAYER_VERSION,
    CODE,
    EVENT,
    MAPPING,
    POSITION,
)
