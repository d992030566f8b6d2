"""Lint for Map states: an inline one takes the fields of a distributed one, and does nothing with
them."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.language.diagnostics import WARNING, Diagnostic
from stepwell.values import JsonObject

MAP_FIELD_IGNORED = "MAP_FIELD_IGNORED"

_OF_DISTRIBUTED_MAPS = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)


def ignored_fields(state: JsonObject, pointer: str) -> Iterator[Diagnostic]:
    """What is to say about a state that is an inline Map; nothing about any other."""
    if state.get("Type") != "Map" or not _is_inline(state):
        return
    for name in _OF_DISTRIBUTED_MAPS:
        if name in state:
            yield Diagnostic(
                WARNING,
                MAP_FIELD_IGNORED,
                f"an inline Map does nothing with {name}",
                f"{pointer}/{name}",
                hint='"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} in '
                "the ItemProcessor makes it a distributed one",
            )


def _is_inline(state: JsonObject) -> bool:
    processor = state.get("ItemProcessor", state.get("Iterator"))
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    return not isinstance(config, dict) or config.get("Mode", "INLINE") == "INLINE"
