"""The process in which expressions run that could grow without bound.

It reads requests and writes outcomes, each a line of JSON, until its input ends. Its memory is
bounded by the system, so that whatever an expression does, it does to nobody but itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import cast

from stepwell.language.jsonata.evaluator import ERROR, TOO_MUCH, evaluate
from stepwell.language.jsonata.functions import Surroundings
from stepwell.values import JsonObject, decode, encode

MEMORY_BYTES_MAX = 512 << 20
"""What an expression may take, besides what the process has at its start."""
RESULT_BYTES_MAX = 8 << 20


def main() -> None:
    """Serve until the input ends."""
    _bound_memory()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(_answer(line) + b"\n")
        sys.stdout.buffer.flush()


def _bound_memory() -> None:
    """Not every system can; there the time limit alone must do."""
    try:
        import resource
    except ImportError:
        return
    evaluate("1", {}, Surroundings())  # The library reserves its stack with the first evaluation.
    bound = _address_space() + MEMORY_BYTES_MAX
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space() -> int:
    """How much memory the process has mapped; much, where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 4 << 30
    return pages * os.sysconf("SC_PAGE_SIZE")


def _answer(line: bytes) -> bytes:
    request = cast("JsonObject", decode(line))
    surroundings = Surroundings(
        cast("int", request["now"]), bytes.fromhex(cast("str", request["seed"]))
    )
    bindings = cast("JsonObject", request["bindings"])
    try:
        outcome = evaluate(cast("str", request["text"]), bindings, surroundings)
        answer = encode([outcome.kind, outcome.value, outcome.message])
    except (MemoryError, RecursionError):
        answer = b""
    if not answer or len(answer) > RESULT_BYTES_MAX:
        answer = encode([ERROR, None, TOO_MUCH])
    return answer


if __name__ == "__main__":
    main()
