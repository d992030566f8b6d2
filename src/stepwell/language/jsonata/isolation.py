"""Expressions evaluated in a process of their own, with a deadline and a memory bound.

One worker serves whoever waits for it, started when it is first needed and again after it was lost.
Others are for expressions that nobody waits for (see `beside`).
An expression that outlives its deadline or breaks its worker has failed; nothing else is touched.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from typing import cast

from stepwell.language.jsonata.evaluator import ERROR, TIMEOUT_MS, TOO_MUCH, Outcome
from stepwell.language.jsonata.functions import Surroundings
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode

DEADLINE_SECONDS = TIMEOUT_MS / 1000 + 1
START_SECONDS_MAX = 10
_MODULE = "stepwell.language.jsonata.worker"
LOST = Outcome(ERROR, message=TOO_MUCH)


class Worker:
    """The other process. One evaluation at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def evaluate(
        self, text: str, bindings: dict[str, JsonValue], surroundings: Surroundings
    ) -> Outcome:
        """How the evaluation ended; an error when the worker did not live to tell."""
        with self._lock:
            return self._ask(request_line(text, bindings, surroundings))

    @property
    def is_idle(self) -> bool:
        """Whether it could begin at once: the process is there, and nobody waits for it."""
        return self._process is not None and not self._lock.locked()

    def ask(self, line: bytes) -> Outcome:
        """How the evaluation that the line asks for ended."""
        with self._lock:
            return self._ask(line)

    def ask_quickly(self, line: bytes, seconds: float) -> Outcome | None:
        """The same, if it ended within that time; if not, the process is gone."""
        with self._lock:
            assert self._process is not None
            answer = _exchange(self._process, line, seconds)
            if not answer:
                self.close()
                return None
            return _outcome(answer) or LOST

    def start(self) -> None:
        """Have the process ready."""
        with self._lock:
            if self._process is None:
                self._ask(request_line("1", {}, Surroundings()))

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, request: bytes) -> Outcome:
        deadline = DEADLINE_SECONDS
        if self._process is None:
            self._process = _start()
            deadline += START_SECONDS_MAX
        found = _outcome(_exchange(self._process, request, deadline))
        if found is None:
            self.close()
            return LOST
        return found


def request_line(text: str, bindings: dict[str, JsonValue], surroundings: Surroundings) -> bytes:
    """What a worker is asked with."""
    request: JsonObject = {
        "text": text,
        "bindings": bindings,
        "now": surroundings.now_ms,
        "seed": surroundings.seed.hex(),
    }
    return encode(request) + b"\n"


def _outcome(line: bytes) -> Outcome | None:
    """What a worker answered; None if that is no answer."""
    try:
        kind, value, message = cast("list[JsonValue]", decode(line))
    except (BadJson, ValueError, TypeError):
        return None
    return Outcome(cast("str", kind), value, cast("str", message))


def _start() -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-m", _MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
        start_new_session=True,
    )


def _exchange(process: subprocess.Popen[bytes], request: bytes, deadline: float) -> bytes:
    """The answer's line, or nothing when the process died or had to be killed."""
    assert process.stdin is not None
    assert process.stdout is not None
    timer = threading.Timer(deadline, process.kill)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(request)
        process.stdin.flush()
        return process.stdout.readline()
    except OSError:
        return b""
    finally:
        timer.cancel()


worker = Worker()
atexit.register(worker.close)
