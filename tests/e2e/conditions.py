"""Waiting for what another process does: by looking again, never by a guessed time."""

from __future__ import annotations

import threading
from collections.abc import Callable

LOOK_AGAIN_SECONDS = 0.02
LOOKS_MAX = 1_500


def until(holds: Callable[[], object], what: str) -> None:
    """Return when the condition holds. Raises AssertionError naming it when it never does."""
    nobody = threading.Event()
    for _ in range(LOOKS_MAX):
        if holds():
            return
        nobody.wait(LOOK_AGAIN_SECONDS)
    raise AssertionError(f"this never came true: {what}")
