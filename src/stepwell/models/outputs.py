"""What answers of every AWS service look like, in short; read when a service is first asked for.

`tools/output_shapes.py` writes the archive and says what the entries mean. The service models
beside this file have more to tell, but only of the services that are embedded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import cast

from stepwell import values
from stepwell.values import JsonObject, JsonValue

SERVICES_KEPT = 16
"""How many services' shapes stay in memory."""


@dataclass(frozen=True, slots=True)
class OutputShape:
    """One shape. `kind` is text, number, boolean, list, map, object or anything."""

    kind: str
    members: Mapping[str, int] = field(default_factory=dict)
    required: Sequence[str] = ()
    inner: int = 0
    """The shape of a list's items or of a map's values."""
    allowed: Sequence[str] = ()
    """The values that a text may have, if they are counted."""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceOutputs:
    """The answers of one service's operations."""

    operations: Mapping[str, int]
    shapes: Sequence[JsonValue]

    def shape(self, place: int) -> OutputShape:
        """The shape that stands there."""
        return _shape(self.shapes[place])


@lru_cache(maxsize=SERVICES_KEPT)
def outputs_of(service: str) -> ServiceOutputs | None:
    """The answers of a service, by its name in `aws-sdk:` resources; None if AWS has none such."""
    path = files("stepwell.models") / "data" / "outputs.zip"
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        try:
            text = archive.read(f"{service}.json")
        except KeyError:
            return None
    document = cast("JsonObject", values.decode(text))
    return ServiceOutputs(
        cast("dict[str, int]", document["operations"]),
        cast("list[JsonValue]", document["shapes"]),
    )


_WORDS = {"s": "text", "n": "number", "b": "boolean", "*": "anything"}
_HOLDERS = {"l": "list", "m": "map"}


def _shape(entry: JsonValue) -> OutputShape:
    if isinstance(entry, str):
        return OutputShape(_WORDS[entry])
    kind, *rest = cast("list[JsonValue]", entry)
    if kind == "o":
        required = cast("list[str]", rest[1]) if len(rest) > 1 else ()
        return OutputShape("object", members=cast("dict[str, int]", rest[0]), required=required)
    if kind == "s":
        return OutputShape("text", allowed=cast("list[str]", rest[0]))
    if kind == "n":
        least, most = cast("list[float | None]", rest)
        return OutputShape("number", least=least, most=most)
    return OutputShape(_HOLDERS[str(kind)], inner=cast("int", rest[0]))
