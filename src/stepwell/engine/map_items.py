"""From the items of a distributed Map to the inputs of its child executions.

Pure: what a child gets follows from the state's input, the items and the place of the first of
them. So nothing of it is kept, and after a crash the next child gets what it would have got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from stepwell.engine.context import StepEnvironment, effective_items
from stepwell.engine.endings import payload_text, runtime_failure
from stepwell.engine.execution import Branch, Execution
from stepwell.engine.retries import Failure
from stepwell.language.item_batches import BATCH_BYTES_MAX, KeyedItem, take_batch
from stepwell.language.program import DistributedMap, Environment, EvaluationFailed, MapState
from stepwell.values import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Batching:
    """How many items (0 for no bound), and bytes of input, a child may have."""

    items_max: int
    bytes_max: int
    batch_input: tuple[JsonValue] | None


class SourcedItem(NamedTuple):
    """An item of one of the many objects that were read, and which: `S3://bucket/key`."""

    value: JsonValue
    source: str


Item: TypeAlias = "JsonValue | SourcedItem"
"""An item of a Map Run, before ItemSelector."""


class ChildInput(NamedTuple):
    """What the next child gets, and how many items that takes."""

    text: str
    value: JsonValue
    items: int


def batching_of(
    distributed: DistributedMap, arguments: JsonValue, env: Environment
) -> Batching | None:
    """The state's ItemBatcher for this input. May raise EvaluationFailed."""
    batcher = distributed.batcher
    if batcher is None:
        return None
    return Batching(
        0 if batcher.max_items is None else batcher.max_items(arguments, env),
        BATCH_BYTES_MAX if batcher.max_bytes is None else batcher.max_bytes(arguments, env),
        None if batcher.batch_input is None else (batcher.batch_input(arguments, env),),
    )


class MapItems:
    """The state of a branch that waits for a Map Run, as far as it makes the children's inputs."""

    def __init__(
        self,
        execution: Execution,
        branch: Branch,
        state: MapState,
        now: int,
        *,
        beside: bool = False,
    ) -> None:
        """`now` is epoch ms; `beside`: an item's expression may take its time. May raise
        EvaluationFailed."""
        self.now = now
        self._beside = beside
        self._execution = execution
        self._branch = branch
        self._state = state
        if state.distributed is None:
            raise TypeError(f"{state.name} is an inline Map")
        self.distributed = state.distributed
        env = StepEnvironment(execution, branch, None, now=now)
        self.items: Sequence[JsonValue] | None = None
        value = branch.value
        if self.distributed.reader is None:
            self.arguments, self.items = effective_items(execution, branch, state)
        else:
            self.arguments = value if state.arguments is None else state.arguments(value, env)
        self.environment = env
        self.batching = batching_of(self.distributed, self.arguments, env)
        self.source = "STATE_DATA"
        self.name = state.name

    def next_child(
        self, window: Sequence[Item], offset: int, position: int, *, last: bool
    ) -> ChildInput | None:
        """The input of the child that begins with `window[offset]`, item number `position`.

        None when the batch may go on behind the window, which is not the `last` one: look again
        with a larger one. Raises EvaluationFailed, and EvaluationPending: then ask again later.
        """
        if self.batching is None:
            value = self._child_value(window[offset], position)
            return ChildInput(payload_text(value), value, 1)
        return self._batch(self.batching, window, offset, position, last=last)

    def _batch(
        self,
        batching: Batching,
        window: Sequence[Item],
        offset: int,
        position: int,
        *,
        last: bool,
    ) -> ChildInput | None:
        whole: JsonObject = {}
        if batching.batch_input is not None:
            whole["BatchInput"] = batching.batch_input[0]
        room = len(window) - offset
        if batching.items_max:
            room = min(room, batching.items_max)
        values = (
            self._child_value(window[offset + number], position + number) for number in range(room)
        )
        items, no_room = take_batch(values, whole, batching.bytes_max)
        if not no_room and room != batching.items_max and not last:
            return None
        whole["Items"] = items
        return ChildInput(payload_text(whole), whole, len(items))

    def _child_value(self, given: Item, position: int) -> JsonValue:
        """The item, or what ItemSelector makes of it."""
        item, source = given if isinstance(given, SourcedItem) else (given, self.source)
        value, key = item, None
        if isinstance(item, KeyedItem):
            value, key = item["Value"], item["Key"]
        if self._state.item_input is None:
            return item
        item_of = (position, value)
        env = StepEnvironment(
            self._execution, self._branch, None, item_of, self.now, beside=self._beside
        )
        described = env.context["Map"]["Item"]  # type: ignore[index,call-overload]
        if key is not None:
            described["Key"] = key  # type: ignore[index,call-overload]
        described["Source"] = source  # type: ignore[index,call-overload]
        return self._state.item_input(self.arguments, env)

    def failure(self, failed: EvaluationFailed) -> Failure:
        """What an evaluation that failed means for the run."""
        return runtime_failure(self._branch, failed)
