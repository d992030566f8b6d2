"""What a Map Run comes to, where that is much."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest

from stepwell.engine.map_items import ChildInput, MapItems
from stepwell.language.program import EvaluationPending
from stepwell.runtime import map_run_results
from stepwell.runtime.map_run_items import MapRunItems
from stepwell.runtime.map_run_pending import pending_of
from stepwell.runtime.ports import Store
from stepwell.runtime.records import SUCCEEDED, MapRunRow
from stepwell.values import decode
from tests.sim.map_runs import distributed, passes
from tests.sim.test_map_run_objects import WRITER, files_of, play


class Numbered(NamedTuple):
    """As much of a child as is looked at."""

    id: int


class AtOnce:
    """A store whose reads never wait, as those of SQLite do not."""

    async def scan(self, *_: object, after: tuple[int] | None, limit: int, **__: object) -> Any:
        """Three pages of children."""
        first = 0 if after is None else after[0]
        return [Numbered(first + n + 1) for n in range(limit if first < 2 * limit else 1)]


def test_others_get_their_turn() -> None:
    """However many children there are, nobody waits until all of them are read."""

    async def read() -> tuple[int, int]:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        store = cast("Store", AtOnce())
        found = [c.id async for c in map_run_results.children_of(store, 1, SUCCEEDED)]
        beside.cancel()
        return len(found), turns

    found, turns = asyncio.run(read())
    assert found == 1_001
    assert turns == 2


class Slow:
    """Items whose inputs take their time when they are asked for first."""

    def __init__(self) -> None:
        self.asked = 0

    def next_child(self, window: list[int], offset: int, *_: object, last: bool) -> ChildInput:
        """The item, from the second time on."""
        assert last
        self.asked += 1
        if self.asked % 2:
            done = Future[None]()
            done.set_result(None)
            raise EvaluationPending(lambda: done)
        return ChildInput(str(window[offset]), window[offset], 1)


class Kept:
    """Where the items are."""

    async def window(self, _run: int, _items: object, first: int, _wanted: int) -> list[int]:
        """All from there on."""
        return [10, 11, 12][first:]


def test_pending_items_whose_inputs_take_their_time() -> None:
    """Each is asked for again, and none is left out."""
    items = Slow()

    async def rows() -> list[str]:
        run = cast("MapRunRow", SimpleNamespace(id=1, taken=1, items=3))
        found = pending_of(run, cast("MapItems", items), cast("MapRunItems", Kept()))
        return [row async for row in found]

    inputs = [cast("dict[str, str]", decode(row))["Input"] for row in asyncio.run(rows())]
    assert (inputs, items.asked) == (["11", "12"], 4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("JSON", {"SUCCEEDED_0.json": '["aaa","bbb"]', "SUCCEEDED_1.json": '["ccc"]'}),
        ("JSONL", {"SUCCEEDED_0.jsonl": '"aaa"\n"bbb"', "SUCCEEDED_1.jsonl": '"ccc"'}),
    ],
)
def test_large_results_are_several_files(
    monkeypatch: pytest.MonkeyPatch, kind: str, expected: dict[str, str]
) -> None:
    """Each is whole by itself, and the manifest names all of them with their sizes."""
    monkeypatch.setattr(map_run_results, "FILE_BYTES_MAX", 8)
    config = {"Transformation": "COMPACT", "OutputType": kind}
    state = distributed({"P": passes()}, ResultWriter={**WRITER, "WriterConfig": config})
    _, _, objects = play(state, {}, given=["aaa", "bbb", "ccc"])
    written = {
        key.rpartition("/")[2]: body.decode()
        for (_, key), body in objects.bodies.items()
        if "SUCCEEDED" in key
    }
    assert written == expected
    named = files_of(objects, "manifest.json")["manifest.json"]["ResultFiles"]["SUCCEEDED"]
    assert [(f["Key"].rpartition("/")[2], f["Size"]) for f in named] == [
        (name, len(body)) for name, body in expected.items()
    ]
