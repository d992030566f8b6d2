"""What running functions needs from outside, and the bounds it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

RESPONSE_BYTES_MAX: Final = 6_291_556
"""Of a synchronous answer, as AWS counts it."""
BODY_BYTES_MAX: Final = 2 * RESPONSE_BYTES_MAX
"""What a process may send at once before its connection is cut."""
HEAD_BYTES_MAX: Final = 64 * 1024
INIT_SECONDS: Final = 10
"""How long a process may take before it asks for its first event."""
LINE_BYTES_MAX: Final = 256 * 1024
"""A longer line of a function's output is cut into pieces."""
OUTPUT_BYTES_MAX: Final = 4 * 1024 * 1024
"""What a process may write for one invocation; the rest is not kept."""
TAIL_BYTES: Final = 4096
"""Of an invocation's log, for the caller."""
IDLE_SECONDS: Final = 300
"""How long a process waits for its next event."""
PROCESSES_MAX: Final = 64
"""Beyond that many, the process that has been idle longest goes before another one starts."""
CROWDED_SECONDS: Final = 1.0
"""How long a start waits when that many processes are at work already."""
SETTLE_SECONDS: Final = 0.05
"""How long an answer waits for its process to ask for the next event."""
PIPE_SECONDS: Final = 1.0
"""How long the end of a process waits for the end of its output."""
WATCHED_FILES_MAX: Final = 5_000
"""How many files of a watched folder are looked at."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Epoch milliseconds."""


class Alarm(Protocol):
    """Calls back at a time of the clock."""

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once it is `at` (epoch milliseconds). The answer calls it off."""


class Ids(Protocol):
    """Where chance comes from."""

    def secret(self, size: int) -> bytes:
        """That many bytes nobody can guess."""
