"""Expressions that take their time, evaluated while everything else goes on.

Whoever has a place of its own (an execution at a state) gives an expression a moment. If that is
not enough, the evaluation begins anew on another worker, EvaluationPending is raised, and the same
place asks again when it is done. Texts that were slow once get no moment any more.
"""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from time import perf_counter

from stepwell.language.jsonata.evaluator import Outcome
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.jsonata.isolation import LOST, Worker, request_line, worker
from stepwell.language.program import EvaluationPending
from stepwell.values import JsonValue, encode

MOMENT_SECONDS = 0.02
WORKERS = 2
OUTCOMES_MAX = 10_000
OUTCOMES_BYTES_MAX = 64 << 20
SLOW_TEXTS_MAX = 2_000
EARLY_SECONDS = 0.5
"""A worker lost sooner than this may have been killed by somebody else: it is asked once more."""
ASKED_MAX = 200
"""After so many questions a place waits: what it asks for is another expression each time."""

_Key = bytes


class Beside:
    """The outcomes that are there, and the workers that make them."""

    def __init__(self) -> None:
        self._outcomes: OrderedDict[_Key, tuple[Outcome, int]] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[_Key, Future[None]] = {}
        self._slow: OrderedDict[str, None] = OrderedDict()
        self._asked: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._mine = threading.local()
        self._workers: list[Worker] = []

    def evaluate(
        self,
        place: str,
        text: str,
        bindings: dict[str, JsonValue],
        surroundings: Surroundings,
    ) -> Outcome:
        """How the evaluation ended. Raises EvaluationPending when that is not known yet."""
        key = blake2b(encode([place, text, bindings])).digest()
        with self._lock:
            known = self._outcomes.get(key)
        if known is not None:
            return known[0]
        line = request_line(text, bindings, surroundings)
        if text not in self._slow and worker.is_idle:
            quick = worker.ask_quickly(line, MOMENT_SECONDS)
            if quick is not None:
                return quick
            _remember(self._slow, text, None, SLOW_TEXTS_MAX)
        state = place.rpartition(":")[0]
        asked = self._asked.get(state, 0) + 1
        _remember(self._asked, state, asked, SLOW_TEXTS_MAX)
        if asked > ASKED_MAX:
            return worker.ask(line)
        raise EvaluationPending(lambda: self._begin(key, line))

    def _begin(self, key: _Key, line: bytes) -> Future[None]:
        with self._lock:
            under_way = self._under_way.get(key)
            if under_way is not None and not under_way.cancelled():
                return under_way
            if self._threads is None:
                self._threads = ThreadPoolExecutor(WORKERS, "jsonata")
            if not worker.is_idle:
                self._threads.submit(worker.start)
            begun = self._threads.submit(self._work, key, line)
            self._under_way[key] = begun
        return begun

    def _work(self, key: _Key, line: bytes) -> None:
        mine: Worker | None = getattr(self._mine, "worker", None)
        if mine is None:
            mine = self._mine.worker = Worker()
            self._workers.append(mine)
        started = perf_counter()
        outcome = mine.ask(line)
        if outcome is LOST and perf_counter() - started < EARLY_SECONDS:
            outcome = mine.ask(line)
        milliseconds = int((perf_counter() - started) * 1000)
        self._keep(key, replace(outcome, milliseconds=milliseconds))

    def _keep(self, key: _Key, outcome: Outcome) -> None:
        size = len(encode(outcome.value))
        with self._lock:
            self._under_way.pop(key, None)
            self._outcomes[key] = outcome, size
            self._bytes += size
            while len(self._outcomes) > OUTCOMES_MAX or self._bytes > OUTCOMES_BYTES_MAX:
                _, (_, dropped) = self._outcomes.popitem(last=False)
                self._bytes -= dropped

    def close(self) -> None:
        """End the workers."""
        for each in self._workers:
            each.close()


def _remember(
    kept: OrderedDict[str, None] | OrderedDict[str, int], name: str, value: int | None, most: int
) -> None:
    kept[name] = value  # type: ignore[assignment]
    kept.move_to_end(name)
    if len(kept) > most:
        kept.popitem(last=False)


beside = Beside()
atexit.register(beside.close)
